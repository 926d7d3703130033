"""Groups and prompts at once: what each adds to the differences between pictures.

The model is additive: MOS = group effect + prompt effect + rest. Everything needed is a sum over
prompts, so that leaving out some prompts is a subtraction.
"""

from dataclasses import dataclass, fields

import numpy as np
from scipy.sparse import csr_matrix

from app.analysis.matrix import BoolArray, FloatArray, IntArray

# Beyond this many groups the normal equations would take minutes.
MOST_GROUPS = 400
LEAST_FREEDOM = 5
_SINGULAR = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class CrossedSums:
    """Sums over pictures and prompts, from which a decomposition follows.

    pictures, prompts : numbers. total, squares : Σy and Σy². within : Σ(y - prompt's mean)².
    n, sums : per group. laplacian : (groups, groups), diag(n) - Σ over prompts of c cᵀ / c·1 with
    c the numbers of pictures per group of the prompt; right : Σ(y - prompt's mean) per group.
    met : Σ over prompts of (pictures of the group and prompt)², per group. prompt_squares : Σ of
    squared pictures of a prompt.
    """

    pictures: float
    prompts: float
    total: float
    squares: float
    within: float
    prompt_squares: float
    n: FloatArray
    sums: FloatArray
    met: FloatArray
    right: FloatArray
    laplacian: FloatArray

    def without(self, part: "CrossedSums") -> "CrossedSums":
        """The sums over everything that is not in a part made of whole prompts."""
        return CrossedSums(
            **{f.name: getattr(self, f.name) - getattr(part, f.name) for f in fields(self)}
        )


@dataclass(frozen=True, slots=True, eq=False)
class Decomposition:
    """Variances of the effects of groups and prompts, corrected for chance.

    groups : with a picture. eta_squared, omega_squared : of the groups alone.
    group_variance, prompt_variance : over pictures, of the effects in the additive model, less
    what chance would give; without it (`adjusted` false) of the groups alone, and NaN.
    total_variance : (total sum of squares + mean square of the rest) / pictures, as in ω².
    error : mean square of the rest. freedom : its degrees of freedom.
    ss_group, df_group, ss_prompt, df_prompt : sums of squares, each beyond the other (type II).
    effects : float, shape (groups,), relative to their mean over pictures; NaN for an empty group.
    """

    groups: int
    eta_squared: float
    omega_squared: float
    group_variance: float
    prompt_variance: float
    total_variance: float
    error: float
    freedom: float
    ss_group: float
    df_group: float
    ss_prompt: float
    df_prompt: float
    effects: FloatArray
    adjusted: bool


def crossed_sums(
    y: FloatArray, group: IntArray, prompt: IntArray, groups: int, prompts: int
) -> CrossedSums:
    """Sum up pictures with scores `y`, groups 0..groups-1 and prompts 0..prompts-1."""
    cells, cell_n = np.unique(group * prompts + prompt, return_counts=True)
    cell_group, cell_prompt = cells // max(prompts, 1), cells % max(prompts, 1)
    count = cell_n.astype(np.float64)
    size = np.bincount(prompt, minlength=prompts).astype(np.float64)
    mean = np.bincount(prompt, weights=y, minlength=prompts) / np.maximum(size, 1)
    residual = y - mean[prompt]
    n = np.bincount(group, minlength=groups).astype(np.float64)
    laplacian = np.zeros((0, 0))
    if groups <= MOST_GROUPS:
        rooted = csr_matrix(
            (count / np.sqrt(size[cell_prompt]), (cell_group, cell_prompt)), (groups, prompts)
        )
        laplacian = np.diag(n) - (rooted @ rooted.T).toarray()
    return CrossedSums(
        pictures=float(len(y)),
        prompts=float((size > 0).sum()),
        total=float(y.sum()),
        squares=float((y**2).sum()),
        within=float((residual**2).sum()),
        prompt_squares=float((size**2).sum()),
        n=n,
        sums=np.bincount(group, weights=y, minlength=groups).astype(np.float64),
        met=np.bincount(cell_group, weights=count**2, minlength=groups).astype(np.float64),
        right=np.bincount(group, weights=residual, minlength=groups).astype(np.float64),
        laplacian=laplacian,
    )


def decompose(sums: CrossedSums) -> Decomposition:
    """Variances of group and prompt effects.

    In words: alone, the groups' sum of squares SSB against the total SST gives η² = SSB/SST and
    ω² = (SSB - (k-1)·MSW) / (SST + MSW). In the additive model, fitted by least squares, groups
    are compared on the same prompts. The variance of the k group effects over pictures is taken
    less what chance alone would give it; the variance of prompts is (SS - df·MSE)/c, c being what
    SS expects for prompts of variance one (Henderson's method 3 [1]_). If every generator draws
    every prompt once, both are the numerators of ω².

    The additive model needs groups that are connected through shared prompts, and at least five
    degrees of freedom for the rest; otherwise groups stand alone (`adjusted` is false).

    References
    ----------
    .. [1] C. R. Henderson, "Estimation of variance and covariance components", Biometrics 9(2),
       1953.
    """
    present = sums.n > 0
    n, k = sums.pictures, int(present.sum())
    correction = sums.total**2 / n
    ss_total = sums.squares - correction
    between = float((sums.sums[present] ** 2 / sums.n[present]).sum()) - correction
    alone = _Alone(n, k, ss_total, between)
    found = _additive(sums, present, ss_total - between)
    if found is not None:
        return _with_prompts(sums, alone, found)
    effects = np.full(len(sums.n), np.nan)
    effects[present] = sums.sums[present] / sums.n[present] - sums.total / n
    nan = float("nan")
    return Decomposition(
        groups=k,
        eta_squared=alone.eta_squared,
        omega_squared=alone.omega_squared,
        group_variance=alone.omega_squared * alone.total_variance,
        prompt_variance=nan,
        total_variance=alone.total_variance,
        error=alone.error,
        freedom=n - k,
        ss_group=between,
        df_group=k - 1,
        ss_prompt=nan,
        df_prompt=nan,
        effects=effects,
        adjusted=False,
    )


class _Alone:
    """The groups without regard to prompts."""

    def __init__(self, n: float, k: int, ss_total: float, between: float) -> None:
        defined = ss_total > 0 and k >= 2 and n > k
        self.groups, self.ss_total, self.pictures = k, ss_total, n
        self.error = (ss_total - between) / (n - k) if n > k else float("nan")
        self.total_variance = (ss_total + self.error) / n
        self.eta_squared = between / ss_total if ss_total > 0 and k >= 2 else float("nan")
        self.omega_squared = (
            (between - (k - 1) * self.error) / (ss_total + self.error) if defined else float("nan")
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Additive:
    effects: FloatArray
    inverse: FloatArray
    ss_group: float
    df_group: int
    ss_prompt: float
    df_prompt: float
    error: float
    freedom: float


def _additive(sums: CrossedSums, present: BoolArray, within_groups: float) -> _Additive | None:
    """Least squares with group and prompt effects; None where groups are not connected."""
    k = int(present.sum())
    if not 2 <= k <= MOST_GROUPS or len(sums.laplacian) == 0:
        return None
    values, vectors = np.linalg.eigh(sums.laplacian[np.ix_(present, present)])
    regular = values > _SINGULAR * max(float(sums.n.max()), 1.0)
    freedom = sums.pictures - sums.prompts - (k - 1)
    if int(regular.sum()) != k - 1 or freedom < LEAST_FREEDOM:
        return None
    inverse = (vectors[:, regular] / values[regular]) @ vectors[:, regular].T
    right = sums.right[present]
    effects = inverse @ right
    ss_group = float(right @ effects)
    rest = max(sums.within - ss_group, 0.0)
    return _Additive(
        effects=effects,
        inverse=inverse,
        ss_group=ss_group,
        df_group=k - 1,
        ss_prompt=within_groups - rest,
        df_prompt=sums.pictures - k - freedom,
        error=rest / freedom,
        freedom=freedom,
    )


def _with_prompts(sums: CrossedSums, alone: _Alone, found: _Additive) -> Decomposition:
    present = sums.n > 0
    share = sums.n[present] / sums.pictures
    centred = found.effects - float(share @ found.effects)
    spread = np.diag(share) - np.outer(share, share)
    by_chance = found.error * float((spread * found.inverse).sum())
    expected = sums.pictures - float((sums.met[present] / sums.n[present]).sum())
    component = (
        (found.ss_prompt - found.df_prompt * found.error) / expected
        if expected > _SINGULAR
        else float("nan")
    )
    effects = np.full(len(sums.n), np.nan)
    effects[present] = centred
    return Decomposition(
        groups=alone.groups,
        eta_squared=alone.eta_squared,
        omega_squared=alone.omega_squared,
        group_variance=float(share @ centred**2) - by_chance,
        prompt_variance=component * (1 - sums.prompt_squares / sums.pictures**2),
        total_variance=(alone.ss_total + found.error) / sums.pictures,
        error=found.error,
        freedom=found.freedom,
        ss_group=found.ss_group,
        df_group=found.df_group,
        ss_prompt=found.ss_prompt,
        df_prompt=found.df_prompt,
        effects=effects,
        adjusted=True,
    )
