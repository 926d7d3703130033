"""Two dimensions of one act: does quality go with alignment, or do raters mix them up?"""

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from app.analysis.correlation import pearson_within, srcc
from app.analysis.grouping import centred_within, sum_within
from app.analysis.matrix import FloatArray, IntArray, RatingMatrix
from app.analysis.opinion_scores import mean_opinion_scores
from app.analysis.reliability.split_half import SPLITS, halves, plcc, spearman_brown
from app.analysis.resampling import RESAMPLES, SEED, rater_counts

HALO_METHOD = "reliability/halo-within-rater@1"
DISATTENUATED_METHOD = "reliability/disattenuated-correlation@1"
ACROSS_HALVES_METHOD = "reliability/disattenuated-across-halves@1"

LOW_RELIABILITY = 0.5
"""Below this, dividing by the root of reliabilities multiplies noise."""
_FEWEST_STIMULI = 3  # for a correlation within a rater
_ROUNDING = 1e-10


@dataclass(frozen=True, slots=True)
class DimensionPair:
    """How two dimensions go together; NaN where not defined.

    mos_plcc, mos_srcc : correlation between the MOS, over `stimuli`.
    within_rater : correlation between the raters' deviations, with bounds from resampling raters.
    within_rater_median : of the raters' own correlations. raters : who have one.
    reliability_first, reliability_second : of the MOS, split-half (Pearson) at full size.
    disattenuated : mos_plcc divided by the root of their product.
    across_halves : the same with the two dimensions taken from different raters.
    """

    first: str
    second: str
    mos_plcc: float
    mos_srcc: float
    within_rater: float
    within_rater_low: float
    within_rater_high: float
    within_rater_median: float
    raters: int
    stimuli: int
    reliability_first: float
    reliability_second: float
    disattenuated: float
    across_halves: float

    @property
    def caution(self) -> str | None:
        """Why the disattenuated correlations should be taken with care, if they should."""
        lowest = min(self.reliability_first, self.reliability_second)
        given = [x for x in (self.disattenuated, self.across_halves) if not math.isnan(x)]
        if not given:
            return None
        if lowest < LOW_RELIABILITY:
            return (
                f"One of the dimensions has a reliability of only {lowest:.2f}, so the corrected"
                " correlations are uncertain."
            )
        if max(abs(x) for x in given) > 1:
            return (
                "A corrected correlation above 1 is no correlation: chance, or errors that the"
                " two dimensions share, since the same raters gave both."
            )
        return None


def between_dimensions(
    matrix: RatingMatrix,
    *,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    splits: int = SPLITS,
    seed: int = SEED,
) -> tuple[DimensionPair, ...]:
    """Every pair of dimensions, in protocol order; none if there is one dimension only.

    *Halo check.* Take from each score the MOS of its stimulus; what is left is what this rater
    saw more or less than the others. Correlate what is left between the two dimensions, within
    raters: Σ_i cov_i / √(Σ_i var_i Σ_i var_i') summed over raters i, each about their own mean,
    so that generally strict raters do not count as halo. Near zero: raters judge the dimensions
    apart, and a correlation between the MOS is one of the pictures. Well above zero: liking in
    one dimension carries over to the other (or both share what is a matter of taste).

    *Disattenuated correlation* [1]_: correlation of the MOS divided by the root of the product
    of their reliabilities: what it would be without noise. It assumes independent errors, and
    those of ratings given in one act are not, wherever there is halo; it is then too high.

    *Across halves* is free of that: MOS of one dimension from one half of the raters with MOS of
    the other dimension from the other half, r_ab' and r_ba', over the root of the halves' own
    correlations: (r_ab' + r_ba') / 2 / √(r_aa' r_bb'), each averaged over the splits first.

    Notes
    -----
    Edge cases:

    - stimuli with one rating have no deviation and are left out of the halo check;
    - raters with fewer than three such stimuli have no correlation of their own; they still
      count in the sum. A rater who never deviates in one of the dimensions adds nothing to it;
    - fewer than two raters, or reliabilities not above zero: NaN;
    - results above 1 in amount are reported as they are, with a caution.

    References
    ----------
    .. [1] C. Spearman, "The proof and measurement of association between two things", American
       Journal of Psychology 15, 1904.
    """
    if len(matrix.dimensions) < 2:
        return ()
    matrix = matrix.canonical()
    mean = mean_opinion_scores(matrix).mean
    deviations = _deviations(matrix)
    cross = _across_halves(matrix, splits, seed)
    raters = int((matrix.ratings_by_rater > 0).sum())
    factor = raters / (raters // 2) if raters >= 2 else math.nan
    reliability = [spearman_brown(r, factor) for r in cross.diagonal().tolist()]
    pairs = []
    for a, b in combinations(range(len(matrix.dimensions)), 2):
        mos_plcc = plcc(mean[:, a], mean[:, b])
        own = deviations.by_rater(a, b)
        within, low, high = deviations.pooled(a, b, level, resamples, seed)
        crossed = float(cross[a, b] + cross[b, a]) / 2
        pair = DimensionPair(
            first=matrix.dimensions[a],
            second=matrix.dimensions[b],
            mos_plcc=mos_plcc,
            mos_srcc=srcc(mean[:, a], mean[:, b]),
            within_rater=within,
            within_rater_low=low,
            within_rater_high=high,
            within_rater_median=float(np.median(own)) if len(own) else math.nan,
            raters=len(own),
            stimuli=int((~np.isnan(mean[:, a])).sum()),
            reliability_first=reliability[a],
            reliability_second=reliability[b],
            disattenuated=disattenuated(mos_plcc, reliability[a], reliability[b]),
            across_halves=disattenuated(crossed, float(cross[a, a]), float(cross[b, b])),
        )
        pairs.append(pair)
    return tuple(pairs)


def disattenuated(correlation: float, first: float, second: float) -> float:
    """Correlation / √(first · second); NaN unless both reliabilities are above zero."""
    return correlation / math.sqrt(first * second) if first > 0 and second > 0 else math.nan


@dataclass(frozen=True, slots=True, eq=False)
class _Deviations:
    """Levels less the stimulus' mean and then less the rater's mean of that.

    rater : of each row. values : shape (rows, dimensions). raters : how many there are.
    """

    rater: IntArray
    values: FloatArray
    raters: int

    def by_rater(self, a: int, b: int) -> FloatArray:
        """Each rater's own correlation of two dimensions, for those who have one."""
        own = pearson_within(self.values[:, a], self.values[:, b], self.rater, self.raters)
        enough = np.bincount(self.rater, minlength=self.raters) >= _FEWEST_STIMULI
        return own[enough & ~np.isnan(own)]

    def pooled(
        self, a: int, b: int, level: float, resamples: int, seed: int
    ) -> tuple[float, float, float]:
        """The correlation over all raters, with percentile bounds from resampling them."""
        x, y = self.values[:, a], self.values[:, b]
        sums = np.array(
            [sum_within(part, self.rater, self.raters) for part in (x * y, x * x, y * y)]
        )
        sums = sums[:, np.bincount(self.rater, minlength=self.raters) > 0]
        within = float(_ratio(sums.sum(axis=1, keepdims=True))[0])
        if math.isnan(within) or sums.shape[1] < 2:
            return within, math.nan, math.nan
        counts = rater_counts(sums.shape[1], resamples=resamples, seed=seed)
        drawn = _ratio(sums @ counts.astype(np.float64))
        low, high = np.nanquantile(drawn, ((1 - level) / 2, (1 + level) / 2))
        return within, min(float(low), within), max(float(high), within)


def _deviations(matrix: RatingMatrix) -> _Deviations:
    used = np.flatnonzero(matrix.ratings_by_stimulus[matrix.stimulus] >= 2)
    stimulus, rater = matrix.stimulus[used], matrix.rater[used]
    columns = []
    for d in range(len(matrix.dimensions)):
        levels = matrix.levels[used, d].astype(np.float64)
        from_stimulus = centred_within(levels, stimulus, len(matrix.stimulus_ids)).residual
        left = centred_within(from_stimulus, rater, len(matrix.rater_ids)).residual
        # What is this close to zero is rounding: a rater who never deviates has no correlation.
        columns.append(np.where(np.abs(left) > _ROUNDING, left, 0.0))
    return _Deviations(rater, np.column_stack(columns), len(matrix.rater_ids))


def _across_halves(matrix: RatingMatrix, splits: int, seed: int) -> FloatArray:
    """Mean correlation of dimension a in one half with dimension b in the other, [a, b]."""
    dimensions = len(matrix.dimensions)
    total, defined = np.zeros((dimensions,) * 2), np.zeros((dimensions,) * 2)
    for first, second in halves(matrix, None, splits=splits, seed=seed):
        for a in range(dimensions):
            for b in range(dimensions):
                r = plcc(first[:, a], second[:, b])
                if not math.isnan(r):
                    total[a, b] += r
                    defined[a, b] += 1
    return np.divide(total, defined, out=np.full_like(total, np.nan), where=defined > 0)


def _ratio(sums: FloatArray) -> FloatArray:
    together, first, second = sums
    spread = np.sqrt(first * second)
    ratio = np.full(spread.shape, np.nan)
    np.divide(together, spread, out=ratio, where=spread > 0)
    clipped: FloatArray = np.clip(ratio, -1.0, 1.0)
    return clipped
