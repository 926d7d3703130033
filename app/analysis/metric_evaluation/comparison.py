"""Which metric is better, on the same images: paired tests with correction for many pairs."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy import special

from app.analysis.correlation import srcc
from app.analysis.matrix import BoolArray, FloatArray, IntArray
from app.analysis.metric_evaluation.clusters import RESAMPLES, SEED, resampled_srcc

MRR_METHOD = "metrics/meng-rosenthal-rubin@1"
HOLM_METHOD = "metrics/holm@1"


@dataclass(frozen=True, slots=True)
class Difference:
    """Two metrics on the same images: SRCC of the first less SRCC of the second.

    low, high : interval of the difference. p : two-sided, from the bootstrap over prompts;
    p_holm : the same, corrected for all pairs of metrics. p_mrr, p_mrr_holm : of the
    Meng-Rosenthal-Rubin test, which takes images as independent. NaN where not defined.
    is_significant : p_holm does not exceed 1 - level.
    """

    first: str
    second: str
    difference: float
    low: float
    high: float
    p: float
    p_holm: float
    p_mrr: float
    p_mrr_holm: float
    is_significant: bool


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """All pairs of metrics on the `n` images that every one of them has, of `prompts` prompts.

    names : the metrics, best first. srcc : float, their SRCC on these images, with the sign
        turned so that 1 is good.
    near_best : bool, whether a metric cannot be told from the best one.
    differences : every pair once, the better metric first.
    """

    n: int
    prompts: int
    names: tuple[str, ...]
    srcc: FloatArray
    near_best: BoolArray
    differences: tuple[Difference, ...]


def compare_metrics(
    names: Sequence[str],
    predictions: FloatArray,
    mos: FloatArray,
    prompt: IntArray,
    *,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = SEED,
    draws: FloatArray | None = None,
) -> Comparison:
    """Compare metrics that all predict the same images.

    In words: the difference of two SRCCs is computed anew in every resample of the prompts; its
    standard deviation over resamples is its standard error SE. The interval is difference ± t·SE
    and p comes from difference / SE, with as many degrees of freedom as prompts less one. All p
    are then corrected by Holm's step-down procedure [1]_. Beside it stands the test of Meng,
    Rosenthal and Rubin [2]_ for two correlations with the same third variable, on ranks. Tests
    for independent correlations would not do: all metrics see the same images.

    Parameters
    ----------
    names : one for each metric. predictions : float, shape (metrics, images), high for good,
        without gaps. mos, prompt : shape (images,), without gaps. level : of the intervals.
    draws : float, shape (resamples, metrics), optional
        What `resampled_srcc` makes of these predictions, if it is known already; else it is made
        with these numbers of `resamples` and `seed`.

    Notes
    -----
    Edge cases: with fewer than two prompts, or where SRCC is not defined, p and interval are NaN
    and nothing is significant. Two metrics with the same ranks have difference 0 and p = 1. The
    order of names breaks ties.

    References
    ----------
    .. [1] S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian
       Journal of Statistics 6(2), 1979.
    .. [2] X.-L. Meng, R. Rosenthal, D. B. Rubin, "Comparing correlated correlation coefficients",
       Psychological Bulletin 111(1), 1992.
    """
    prompts = len(np.unique(prompt))
    found = np.array([srcc(row, mos) for row in predictions])
    if draws is None:
        draws = resampled_srcc(predictions, mos, prompt, resamples=resamples, seed=seed)
    order = sorted(range(len(names)), key=lambda m: (-np.nan_to_num(found[m], nan=-2.0), names[m]))
    names = [names[m] for m in order]
    found = found[order]
    differences = _differences(
        names, predictions[order], found, draws[:, order], prompts=prompts, level=level
    )
    near_best = _near_best(names, found, differences)
    return Comparison(len(mos), prompts, tuple(names), found, near_best, differences)


def _differences(
    names: Sequence[str],
    predictions: FloatArray,
    found: FloatArray,
    draws: FloatArray,
    *,
    prompts: int,
    level: float,
) -> tuple[Difference, ...]:
    """Every pair of metrics, which come best first."""
    pairs = list(combinations(range(len(names)), 2))
    images = predictions.shape[1]
    tested = [_paired(found, draws, a, b, prompts, level) for a, b in pairs]
    mrr = [
        meng_rosenthal_rubin(found[a], found[b], srcc(predictions[a], predictions[b]), images)
        for a, b in pairs
    ]
    p_holm = holm(np.array([p for *_, p in tested]))
    mrr_holm = holm(np.array(mrr))
    return tuple(
        Difference(
            first=names[a],
            second=names[b],
            difference=float(found[a] - found[b]),
            low=tested[k][0],
            high=tested[k][1],
            p=tested[k][2],
            p_holm=float(p_holm[k]),
            p_mrr=mrr[k],
            p_mrr_holm=float(mrr_holm[k]),
            is_significant=bool(p_holm[k] <= 1 - level),
        )
        for k, (a, b) in enumerate(pairs)
    )


def _near_best(
    names: Sequence[str], found: FloatArray, differences: Sequence[Difference]
) -> BoolArray:
    """Whether a metric has an SRCC that is not significantly below the best one's."""
    worse = {d.second for d in differences if d.first == names[0] and d.is_significant}
    return np.array(
        [name not in worse and bool(np.isfinite(r)) for name, r in zip(names, found, strict=True)],
        dtype=np.bool_,
    )


def holm(p: FloatArray) -> FloatArray:
    """p-values corrected by Holm's procedure; NaN ones are not counted and stay NaN."""
    corrected = np.full(p.shape, np.nan)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    factors = np.arange(len(order), 0, -1)
    corrected[order] = np.minimum(np.maximum.accumulate(p[order] * factors), 1.0)
    return corrected


def meng_rosenthal_rubin(first: float, second: float, between: float, n: int) -> float:
    """Two-sided p of the test of two correlations with the same variable.

    first, second : the correlations; between : the correlation of the two predictors. With
    z = atanh r, r̄² the mean of the squares, f = (1 - between) / (2 (1 - r̄²)), at most 1, and
    h = (1 - f·r̄²) / (1 - r̄²), the statistic is (z₁ - z₂)·√((n - 3) / (2 (1 - between) h)),
    standard normal if the two are equal. NaN with fewer than four images, an undefined or perfect
    correlation; 1 where the predictors agree perfectly.
    """
    if n < 4 or np.isnan([first, second, between]).any():
        return float("nan")
    if between > 1 - 1e-12:
        return 1.0
    if max(abs(first), abs(second)) >= 1:
        return float("nan")
    mean_square = (first**2 + second**2) / 2
    f = min((1 - between) / (2 * (1 - mean_square)), 1.0)
    h = (1 - f * mean_square) / (1 - mean_square)
    z = (np.arctanh(first) - np.arctanh(second)) * np.sqrt((n - 3) / (2 * (1 - between) * h))
    return float(2 * special.ndtr(-abs(z)))


def _paired(
    found: FloatArray, draws: FloatArray, a: int, b: int, prompts: int, level: float
) -> tuple[float, float, float]:
    """Interval and p of one difference."""
    difference = float(found[a] - found[b])
    drawn = draws[:, a] - draws[:, b]
    drawn = drawn[~np.isnan(drawn)]
    if prompts < 2 or np.isnan(difference) or len(drawn) < 2:
        return float("nan"), float("nan"), float("nan")
    error = float(drawn.std(ddof=1))
    if error < 1e-12:  # the same ranks in every resample
        return difference, difference, 1.0 if abs(difference) < 1e-12 else float("nan")
    half = float(special.stdtrit(prompts - 1, (1 + level) / 2)) * error
    p = float(2 * special.stdtr(prompts - 1, -abs(difference) / error))
    return difference - half, difference + half, p
