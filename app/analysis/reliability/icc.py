"""Intraclass correlation: how much of the spread of ratings is due to the stimuli."""

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from app.analysis.grouping import centred_within
from app.analysis.matrix import FloatArray, IntArray

ICC_SINGLE_METHOD = "reliability/icc-2-1@1"
ICC_AVERAGE_METHOD = "reliability/icc-2-k@1"
COMPONENTS_METHOD = "reliability/variance-components@1"


@dataclass(frozen=True, slots=True)
class Intraclass:
    """ICC(2,1) and ICC(2,k) with bounds; NaN where not defined.

    single : of one rater's scores. average : of the mean of the k raters.
    raters : k. stimuli : rated by all of them.
    """

    single: float
    single_low: float
    single_high: float
    average: float
    average_low: float
    average_high: float
    raters: int
    stimuli: int
    level: float


@dataclass(frozen=True, slots=True)
class Components:
    """Variances in squared units of the values; NaN if there are too few ratings.

    between_stimuli, between_raters, residual : may come out below zero by chance.
    """

    between_stimuli: float
    between_raters: float
    residual: float

    @property
    def single(self) -> float:
        """Share of the stimuli in the variance of one rating; parts below zero count as zero."""
        parts = [max(x, 0.0) for x in (self.between_stimuli, self.between_raters, self.residual)]
        total = math.fsum(parts)
        if any(math.isnan(x) for x in (self.between_stimuli, self.between_raters, self.residual)):
            return math.nan
        return parts[0] / total if total > 0 else math.nan


def intraclass_correlation(table: FloatArray, *, level: float = 0.95) -> Intraclass:
    """ICC(2,1) and ICC(2,k): two-way random effects, absolute agreement, on a complete table.

    In words: of the variance of one rating (or of the mean of k), how much comes from the
    stimuli, when raters are a sample of all raters and differences in their strictness count as
    error. With the mean squares of stimuli (MSR), raters (MSC) and residual (MSE) [1]_ [2]_

        ICC(2,1) = (MSR - MSE) / (MSR + (k-1) MSE + k (MSC - MSE) / n)
        ICC(2,k) = (MSR - MSE) / (MSR + (MSC - MSE) / n)

    The bounds use F with Satterthwaite's degrees of freedom [2]_, those of ICC(2,k) follow from
    them by Spearman-Brown.

    Parameters
    ----------
    table : float, shape (stimuli, raters)
        No gaps. level : between 0 and 1.

    Notes
    -----
    Edge cases:

    - fewer than two raters or stimuli, a gap, or all ratings alike: NaN;
    - raters agree to the last digit: both are 1, and there are no bounds;
    - raters differ by constants alone (MSE = 0): no bounds;
    - no differences between stimuli: at or below zero, which is reported as it is.

    References
    ----------
    .. [1] P. E. Shrout, J. L. Fleiss, "Intraclass correlations: uses in assessing rater
       reliability", Psychological Bulletin 86(2), 1979.
    .. [2] K. O. McGraw, S. P. Wong, "Forming inferences about some intraclass correlation
       coefficients", Psychological Methods 1(1), 1996 (with the correction in 1(4)).
    """
    if not 0 < level < 1:
        raise ValueError("A confidence level lies between 0 and 1.")
    n, k = table.shape
    if n < 2 or k < 2 or np.isnan(table).any():
        return _undefined(k, n, level)
    msr, msc, mse = _mean_squares(table)
    if not msr + msc + mse > 0:
        return _undefined(k, n, level)
    single = (msr - mse) / (msr + (k - 1) * mse + k * (msc - mse) / n)
    denominator = msr + (msc - mse) / n
    average = (msr - mse) / denominator if denominator != 0 else math.nan
    low, high = _single_bounds(msr, msc, mse, n, k, single, level)
    return Intraclass(
        single=single,
        single_low=low,
        single_high=high,
        average=average,
        average_low=_stepped_up(low, k),
        average_high=_stepped_up(high, k),
        raters=k,
        stimuli=n,
        level=level,
    )


def variance_components(
    values: FloatArray, stimulus: IntArray, rater: IntArray, *, stimuli: int, raters: int
) -> Components:
    """Variances between stimuli, between raters, and left over, from ratings with any gaps.

    In words: Henderson's first method [1]_. In the model score = mean + stimulus + rater + rest,
    all random, the expectations of four sums of squares are linear in the three variances; the
    sums are set equal to their expectations and the equations solved. No distribution is
    assumed. In a complete table this is the analysis of variance, and `Components.single` is
    ICC(2,1).

    With N ratings, n_i of rater i, m_j of stimulus j, T = Σu² and squared totals T_0 = (Σu)²/N,
    T_r = Σ_i (Σ u)²/n_i, T_s = Σ_j (Σ u)²/m_j, for R raters and J stimuli with ratings:

        T_s - T_0 = (N - Σm_j²/N) v_s + (J - Σn_i²/N) v_r + (J - 1) v_e
        T_r - T_0 = (R - Σm_j²/N) v_s + (N - Σn_i²/N) v_r + (R - 1) v_e
        T   - T_0 = (N - Σm_j²/N) v_s + (N - Σn_i²/N) v_r + (N - 1) v_e

    Notes
    -----
    Edge cases: NaN where the equations have no single solution: fewer than two raters or two
    stimuli, or every rater (or every stimulus) with one rating.

    References
    ----------
    .. [1] S. R. Searle, G. Casella, C. E. McCulloch, "Variance components", 1992, chapter 5.
    """
    total = len(values)
    if total < 2:
        return Components(math.nan, math.nan, math.nan)
    values = centred_within(values, np.zeros(total, dtype=np.int64), 1).residual
    m, by_stimulus = _squared_totals(values, stimulus, stimuli)
    n, by_rater = _squared_totals(values, rater, raters)
    present_stimuli, present_raters = int((m > 0).sum()), int((n > 0).sum())
    crowd_s, crowd_r = float((m * m).sum()) / total, float((n * n).sum()) / total
    equations = np.array(
        [
            [total - crowd_s, present_stimuli - crowd_r, present_stimuli - 1],
            [present_raters - crowd_s, total - crowd_r, present_raters - 1],
            [total - crowd_s, total - crowd_r, total - 1],
        ]
    )
    sums = np.array([by_stimulus, by_rater, float((values * values).sum())])
    if np.linalg.matrix_rank(equations) < len(equations):
        return Components(math.nan, math.nan, math.nan)
    stimulus_part, rater_part, rest = np.linalg.solve(equations, sums)
    return Components(float(stimulus_part), float(rater_part), float(rest))


def _squared_totals(values: FloatArray, group: IntArray, groups: int) -> tuple[IntArray, float]:
    """Number of values of each group, and the sum over groups of total² / number."""
    count = np.bincount(group, minlength=groups)
    total = np.bincount(group, weights=values, minlength=groups)
    return count, float((total * total / np.maximum(count, 1)).sum())


def _mean_squares(table: FloatArray) -> tuple[float, float, float]:
    n, k = table.shape
    # Deviations from one rating, so that a table whose ratings are all alike has none at all.
    table = table - table[0, 0]
    table = table - table.mean()
    rows, columns = table.mean(axis=1), table.mean(axis=0)
    rest = table - rows[:, None] - columns[None, :]
    msr = k * float((rows * rows).sum()) / (n - 1)
    msc = n * float((columns * columns).sum()) / (k - 1)
    mse = float((rest * rest).sum()) / ((n - 1) * (k - 1))
    # Residuals of this size are rounding: raters who differ by constants have none.
    negligible = mse <= 1e-24 * float((table * table).sum())
    return msr, msc, 0.0 if negligible else mse


def _single_bounds(
    msr: float, msc: float, mse: float, n: int, k: int, icc: float, level: float
) -> tuple[float, float]:
    if mse == 0:
        return math.nan, math.nan
    ratio = msc / mse
    spread = n * (1 + (k - 1) * icc) - k * icc
    numerator = (n - 1) * (k - 1) * (k * icc * ratio + spread) ** 2
    freedom = numerator / ((n - 1) * k**2 * icc**2 * ratio**2 + spread**2)
    tail = (1 + level) / 2
    upper = float(special.fdtri(n - 1, freedom, tail))
    lower = float(special.fdtri(freedom, n - 1, tail))
    weight = k * msc + (k * n - k - n) * mse
    low = n * (msr - upper * mse) / (upper * weight + n * msr)
    high = n * (lower * msr - mse) / (weight + n * lower * msr)
    return low, high


def _stepped_up(single: float, k: int) -> float:
    """Reliability of the mean of k raters from that of one, by Spearman-Brown."""
    denominator = 1 + (k - 1) * single
    return k * single / denominator if denominator > 0 else math.nan


def _undefined(raters: int, stimuli: int, level: float) -> Intraclass:
    nan = math.nan
    return Intraclass(nan, nan, nan, nan, nan, nan, raters, stimuli, level)
