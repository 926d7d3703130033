"""How much of the true differences goes with each factor, with intervals over prompts."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special

from app.analysis.factors.crossed import CrossedSums, Decomposition, crossed_sums, decompose
from app.analysis.matrix import BoolArray, FloatArray, IntArray

SHARE_METHOD = "factors/variance-share@1"
NOISE_METHOD = "factors/rating-noise@1"

BLOCKS = 20
LEAST_PROMPTS = 5
# Where more than this of the variance is rating noise, dividing by the rest says nothing.
_MOST_NOISE = 0.95
# A spread below this is rounding: the finest scale has steps a million times as large.
_SAME = 1e-9

PROMPT = "prompt"
SETTINGS = "settings"


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """The pictures of one dimension; all arrays have the shape (pictures,).

    mos : without gaps. sos : ddof 1, NaN below two ratings. n : number of ratings.
    prompt, generator, condition : int64, any numbers; conditions are generators with settings.
    """

    mos: FloatArray
    sos: FloatArray
    n: IntArray
    prompt: IntArray
    generator: IntArray
    condition: IntArray


@dataclass(frozen=True, slots=True)
class VarianceShare:
    """What goes with one factor; share and interval are NaN where not defined, with a `reason`.

    η² and ω² are NaN, too, where there are no groups to compare, or no settings beside generators.

    groups : with at least one picture. eta_squared, omega_squared : of the factor alone, as seen.
    share : of the true differences, between 0 and 1. low, high : its interval.
    adjusted : whether groups were compared on the same prompts (prompts on the same generators).
    """

    groups: int
    eta_squared: float
    omega_squared: float
    share: float
    low: float
    high: float
    adjusted: bool
    reason: str | None


def noise_share(pictures: Pictures) -> float:
    """Share of the MOS' variance that is rating noise: the mean of SOS²/n over the variance.

    A MOS from n ratings differs from what very many raters would say, by a variance of SOS²/n.
    Pictures with fewer than two ratings are given the pooled SOS². Where every rater rated every
    picture, a rater's leniency moves all MOS together and does no harm, but is in SOS all the
    same: then this is an upper limit. NaN if no picture has two ratings or the MOS never differs.
    """
    if len(pictures.mos) < 2:
        return float("nan")
    order = np.lexsort((pictures.sos, pictures.n, pictures.mos))  # for the last bits of sums
    sos, n = pictures.sos[order], pictures.n[order]
    freedom = np.where(np.isnan(sos), 0, np.maximum(n - 1, 0))
    variance = float(pictures.mos[order].var(ddof=1))
    if freedom.sum() == 0 or variance <= _SAME**2:
        return float("nan")
    squares = np.where(freedom > 0, np.nan_to_num(sos) ** 2, 0.0)
    pooled = float((freedom * squares).sum() / freedom.sum())
    noise = np.where(freedom > 0, squares, pooled) / np.maximum(n, 1)
    return float(noise.mean()) / variance


def picture_shares(pictures: Pictures, *, level: float = 0.95) -> dict[str, VarianceShare]:
    """Shares of `generator`, `condition`, `settings` and `prompt` in differences of pictures.

    In words: the variance of a factor's effects, corrected for chance (`crossed.decompose`), over
    the variance of the MOS less rating noise. `settings` is what conditions add to generators.
    Groups are compared on the same prompts where these connect them. The interval is a jackknife:
    20 blocks of prompts are left out in turn, and share ± t·SE with 19 degrees of freedom is cut
    to 0..1.

    Notes
    -----
    Edge cases, with a reason in each share: fewer than two groups; fewer pictures than groups
    plus one; every prompt with one picture (no share of the prompt); rating noise above 95 % of
    the variance; fewer than five prompts, or a block whose absence disconnects the groups: a
    share without interval. The order of pictures changes no bit.
    """
    data = _Crossing(pictures)
    if len(pictures.mos) < 2:
        return {
            name: _undefined("Fewer than two pictures have a score.")
            for name in ("generator", "condition", SETTINGS, PROMPT)
        }
    return {
        "generator": data.share("generator", lambda g, _: g.group_variance, level),
        "condition": data.share("condition", lambda _, c: c.group_variance, level),
        SETTINGS: data.share(SETTINGS, _settings_variance, level),
        PROMPT: data.share(PROMPT, lambda g, _: g.prompt_variance, level),
    }


def prompt_factor_share(
    pictures: Pictures, labels: IntArray, *, level: float = 0.95
) -> VarianceShare:
    """Share of a property of prompts (length, category) in the differences between prompts.

    In words: the unit is the prompt, its value the mean over its pictures of the MOS less the
    generator's effect. ω² of the groups of prompts, over the share of the variance between
    prompts that is not chance. η² is of these values too.

    labels : int64, shape (pictures,), the group of the picture's prompt; -1 for none, which
    leaves the prompt out.
    """
    has_label = labels >= 0
    order = np.lexsort((pictures.mos, pictures.generator, pictures.prompt))
    order = order[has_label[order]]
    if len(order) == 0:
        return _undefined("No prompt has this property.")
    prompt = np.unique(pictures.prompt[order], return_inverse=True)[1].astype(np.int64)
    kinds, kind = np.unique(labels[order], return_inverse=True)
    generator = np.unique(pictures.generator[order], return_inverse=True)[1].astype(np.int64)
    prompts = int(prompt.max()) + 1
    if len(kinds) < 2:
        return _undefined("All prompts are alike in this.", groups=len(kinds))
    if prompts <= len(kinds):
        return _undefined("Every prompt is a group of its own.", groups=len(kinds))
    y = pictures.mos[order] - pictures.mos[order].mean()
    model = decompose(crossed_sums(y, generator, prompt, int(generator.max()) + 1, prompts))
    size = np.bincount(prompt, minlength=prompts)
    value = np.bincount(prompt, weights=y - model.effects[generator], minlength=prompts) / size
    label = np.empty(prompts, dtype=np.int64)
    label[prompt] = kind
    error = model.error if model.adjusted else float("nan")

    def share(rows: BoolArray) -> tuple[float, float, float]:
        each = np.arange(int(rows.sum()))
        alone = decompose(crossed_sums(value[rows], label[rows], each, len(kinds), len(each)))
        chance = error * float((1 / size[rows]).mean()) if error == error else 0.0
        variance = float(value[rows].var(ddof=1))
        true = 1 - chance / variance if variance > 0 else 0.0
        corrected = alone.omega_squared / true if true > 1 - _MOST_NOISE else float("nan")
        return corrected, alone.eta_squared, alone.omega_squared

    everything = np.ones(prompts, dtype=np.bool_)
    found, eta, omega = share(everything)
    if np.isnan(found):
        reason = "Prompts differ no more than chance lets them."
        return VarianceShare(len(kinds), eta, omega, *(float("nan"),) * 3, model.adjusted, reason)
    block = np.arange(prompts) % BLOCKS
    low, high, why = _jackknife(
        found, [share(block != b)[0] for b in range(min(BLOCKS, prompts))], prompts, level
    )
    return VarianceShare(
        len(kinds), eta, omega, float(np.clip(found, 0, 1)), low, high, model.adjusted, why
    )


def _settings_variance(generators: Decomposition, conditions: Decomposition) -> float:
    return conditions.group_variance - generators.group_variance


class _Crossing:
    """Sums for generators and conditions, over all prompts and over each block of them."""

    def __init__(self, pictures: Pictures) -> None:
        order = np.lexsort((pictures.mos, pictures.condition, pictures.generator, pictures.prompt))
        self.pictures = len(order)
        self.noise = noise_share(pictures)
        if self.pictures < 2:
            return
        y = pictures.mos[order] - pictures.mos[order].mean()
        self.spread = float(y.std())
        prompt = np.unique(pictures.prompt[order], return_inverse=True)[1].astype(np.int64)
        self.prompts = int(prompt.max()) + 1
        self.blocks = min(BLOCKS, self.prompts)
        self.sums: dict[str, tuple[CrossedSums, list[CrossedSums]]] = {}
        for name, labels in (("generator", pictures.generator), ("condition", pictures.condition)):
            group = np.unique(labels[order], return_inverse=True)[1].astype(np.int64)
            groups, block = int(group.max()) + 1, prompt % self.blocks
            parts = [
                crossed_sums(y[rows], group[rows], prompt[rows], groups, self.prompts)
                for rows in (block == b for b in range(self.blocks))
            ]
            whole = crossed_sums(y, group, prompt, groups, self.prompts)
            self.sums[name] = (whole, parts)
        self.generator = decompose(self.sums["generator"][0])
        self.condition = decompose(self.sums["condition"][0])
        self.left_out = self._decompositions_without_a_block()

    def share(
        self, name: str, variance: Callable[[Decomposition, Decomposition], float], level: float
    ) -> VarianceShare:
        base = self.generator if name in ("generator", PROMPT) else self.condition
        eta, omega = base.eta_squared, base.omega_squared
        groups = self.prompts if name == PROMPT else base.groups
        if name == PROMPT:
            eta, omega = self._prompt_alone()
        if name == SETTINGS:
            eta, omega = eta - self.generator.eta_squared, omega - self.generator.omega_squared
        nan = float("nan")
        if reason := self._objection(name, base):
            if name == SETTINGS or groups < 2:
                return _undefined(reason, groups=groups)
            return VarianceShare(groups, eta, omega, nan, nan, nan, base.adjusted, reason)
        found = self._true(variance, self.generator, self.condition)
        if np.isnan(found):
            return _undefined("There is too little to tell it from the rest.", groups=groups)
        without = [self._true(variance, *pair) if pair else nan for pair in self.left_out]
        low, high, why = _jackknife(found, without, self.prompts, level)
        adjusted = self.generator.adjusted and base.adjusted
        share = float(np.clip(found, 0, 1))
        return VarianceShare(groups, eta, omega, share, low, high, adjusted, why)

    def _true(
        self,
        variance: Callable[[Decomposition, Decomposition], float],
        generators: Decomposition,
        conditions: Decomposition,
    ) -> float:
        true = generators.total_variance * (1 - (0.0 if np.isnan(self.noise) else self.noise))
        return variance(generators, conditions) / true if true > 0 else float("nan")

    def _decompositions_without_a_block(self) -> list[tuple[Decomposition, Decomposition] | None]:
        """Generators and conditions without each block; None where that changes what is known."""
        if self.prompts < LEAST_PROMPTS:
            return []
        found: list[tuple[Decomposition, Decomposition] | None] = []
        (generators, generator_parts), (conditions, condition_parts) = self.sums.values()
        for g, c in zip(generator_parts, condition_parts, strict=True):
            one, other = decompose(generators.without(g)), decompose(conditions.without(c))
            alike = (one.adjusted, other.adjusted, one.groups, other.groups) == (
                self.generator.adjusted,
                self.condition.adjusted,
                self.generator.groups,
                self.condition.groups,
            )
            found.append((one, other) if alike else None)
        return found

    def _prompt_alone(self) -> tuple[float, float]:
        sums = self.sums["generator"][0]
        total = sums.squares - sums.total**2 / sums.pictures
        freedom = sums.pictures - sums.prompts
        if total <= 0 or self.prompts < 2:
            return float("nan"), float("nan")
        eta = (total - sums.within) / total
        if freedom <= 0:
            return eta, float("nan")
        error = sums.within / freedom
        return eta, (total - sums.within - (self.prompts - 1) * error) / (total + error)

    def _objection(self, name: str, base: Decomposition) -> str | None:
        if self.spread <= _SAME:
            return "All pictures have the same score."
        if self.noise > _MOST_NOISE:
            return "The pictures differ hardly more than rating noise lets them."
        if name == PROMPT:
            return self._prompt_objection()
        if base.groups < 2:
            return f"There is only one {name}." if name != SETTINGS else "There is one condition."
        if name == SETTINGS and self.condition.groups == self.generator.groups:
            return "Every generator was used with one choice of settings."
        if name == SETTINGS and self.condition.adjusted is not self.generator.adjusted:
            return "Settings and generators were not used on the same prompts."
        if self.pictures <= base.groups:
            return "Every group has a single picture."
        return None

    def _prompt_objection(self) -> str | None:
        if self.prompts < 2:
            return "There is only one prompt."
        if self.prompts == self.pictures:
            return "Every prompt has a single picture."
        if not self.generator.adjusted:
            return "Too few prompts were given to several generators."
        return None


def _jackknife(
    found: float, left_out: list[float], prompts: int, level: float
) -> tuple[float, float, str | None]:
    """Interval of a share from its values without each block; NaN with a reason."""
    nan = float("nan")
    if prompts < LEAST_PROMPTS:
        return nan, nan, f"Fewer than {LEAST_PROMPTS} prompts allow no interval."
    values = np.array(left_out)
    if np.isnan(values).any():
        return nan, nan, "The result hangs on a few prompts, so there is no interval."
    blocks = len(values)
    error = float(np.sqrt((blocks - 1) / blocks * ((values - values.mean()) ** 2).sum()))
    half = float(special.stdtrit(blocks - 1, (1 + level) / 2)) * error
    low, high = np.clip([found - half, found + half], 0, 1)
    return float(low), float(high), None


def _undefined(reason: str, groups: int = 0) -> VarianceShare:
    nan = float("nan")
    return VarianceShare(groups, nan, nan, nan, nan, nan, False, reason)
