"""Intervals of the MOS from panels drawn anew: what other such raters would have said."""

from collections.abc import Mapping

import numpy as np

from app.analysis.intervals import Bounds, IntervalMethod, confidence_bounds
from app.analysis.matrix import FloatArray, IntArray, RatingMatrix
from app.analysis.opinion_scores import OpinionScores, mean_opinion_scores
from app.analysis.overall import normalised_weights
from app.analysis.resampling import RESAMPLES, SEED, rater_counts, resampled_sums


def bootstrap_bounds(
    matrix: RatingMatrix,
    *,
    weights: Mapping[str, float] | None = None,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Bounds:
    """Percentile bounds around every MOS, from resampling the raters.

    In words: draw as many raters as there are, with replacement, and average their ratings
    again; do so many times. The bounds of a stimulus are the (1 ∓ level) / 2 quantiles of its
    means [1]_ (interpolated linearly), widened to the MOS where it lies outside them. Whole
    raters are drawn, the same for all stimuli and dimensions, because the ratings of one rater
    go up and down together. Raters without any rating are not drawn from.

    Parameters
    ----------
    matrix : RatingMatrix
        The ratings of the raters kept. Any order: rows and ids are sorted first.
    weights : mapping of dimension to weight, optional
        Of the dimensions in the overall score, as for `mean_opinion_scores`.
    level : float
        Between 0 and 1.
    resamples, seed : int
        How many panels are drawn, and from which seed; the same seed gives the same bounds.

    Notes
    -----
    Edge cases:

    - n = 0 or n = 1: NaN bounds;
    - a stimulus none of whose raters is drawn has no mean in that resample, and its bounds come
      from the other resamples (with n of R raters this happens to a share of (1 - n/R)^R of
      them, at most 14 % from n = 2 on);
    - unanimous: every resample gives the same mean; such a stimulus is given the pooled t
      interval instead, and marked `borrowed`; so is one whose bounds meet for another reason
      (a level far below one half);
    - every stimulus unanimous: nothing is known about the spread, all bounds are NaN;
    - few raters: a resample of n spreads less than n new raters by √((n - 1) / n), so below
      about ten ratings these bounds are too narrow.

    Raises ValueError if the level is not between 0 and 1, for fewer than two resamples, or if
    the weights do not fit the dimensions.

    References
    ----------
    .. [1] B. Efron, R. J. Tibshirani, "An introduction to the bootstrap", 1993, chapter 13.
    """
    if not 0 < level < 1:
        raise ValueError("A confidence level lies between 0 and 1.")
    ids = matrix.stimulus_ids
    order = np.array(sorted(range(len(ids)), key=ids.__getitem__), dtype=np.int64)
    matrix = matrix.canonical()
    shares = normalised_weights(matrix.dimensions, weights)
    scores = mean_opinion_scores(matrix, weights=weights)
    low, high = _quantiles(matrix, shares, (1 - level) / 2, resamples, seed)
    low = np.where(scores.n >= 2, np.minimum(matrix.scale.scores(low), scores.mean), np.nan)
    high = np.where(scores.n >= 2, np.maximum(matrix.scale.scores(high), scores.mean), np.nan)
    bounds = _with_width(scores, low, high, level)
    return _in_order_of(bounds, order)


def interval_bounds(
    matrix: RatingMatrix,
    scores: OpinionScores,
    *,
    method: IntervalMethod,
    level: float,
    weights: Mapping[str, float] | None = None,
) -> Bounds:
    """Bounds around the raw MOS of these ratings by any method, resampling included."""
    if method is IntervalMethod.BOOTSTRAP_RATERS:
        return bootstrap_bounds(matrix, weights=weights, level=level)
    return confidence_bounds(scores, matrix.scale, method=method, level=level)


def _quantiles(
    matrix: RatingMatrix, shares: FloatArray, tail: float, resamples: int, seed: int
) -> tuple[FloatArray, FloatArray]:
    """Lower and upper quantile of the resampled means in levels, shape (stimuli, columns)."""
    active, rater = np.unique(matrix.rater, return_inverse=True)
    counts = rater_counts(len(active), resamples=resamples, seed=seed)
    levels = tuple(matrix.levels[:, d].astype(np.float64) for d in range(len(shares)))
    stimuli = len(matrix.stimulus_ids)
    bounds = np.full((2, stimuli, len(shares) + 1), np.nan)
    for chunk in resampled_sums(matrix.stimulus, rater, stimuli, counts, levels):
        drawn, *sums = chunk.sums
        none = drawn == 0
        drawn[none] = np.nan
        means = [np.divide(total, drawn) for total in sums]
        overall = sum(share * mean for share, mean in zip(shares, means, strict=True) if share > 0)
        valid = resamples - none.sum(axis=1)
        for c, mean in enumerate([*means, overall]):
            bounds[:, chunk.stimuli, c] = sorted_quantiles(np.sort(mean, axis=1), valid, tail)
    return bounds[0], bounds[1]


def sorted_quantiles(values: FloatArray, valid: IntArray, tail: float) -> FloatArray:
    """The `tail` and 1 - `tail` quantiles of each row, shape (2, rows), linearly interpolated.

    Rows are sorted with their NaN last, `valid` counting the others; NaN for a row without any.
    """
    rows = np.arange(len(values))
    found = np.empty((2, len(values)))
    for side, share in enumerate((tail, 1 - tail)):
        place = share * np.maximum(valid - 1, 0)
        below = np.floor(place).astype(np.int64)
        above = np.minimum(below + 1, np.maximum(valid - 1, 0)).astype(np.int64)
        lower, upper = values[rows, below], values[rows, above]
        found[side] = lower + (place - below) * (upper - lower)
    return found


def _with_width(scores: OpinionScores, low: FloatArray, high: FloatArray, level: float) -> Bounds:
    pooled = confidence_bounds(scores, None, method=IntervalMethod.POOLED_T, level=level)
    flat = (scores.n >= 2) & (scores.unanimous | (high <= low))
    return Bounds(
        low=np.where(flat, pooled.low, low),
        high=np.where(flat, pooled.high, high),
        borrowed=flat & ~np.isnan(pooled.low),
        level=level,
        method=IntervalMethod.BOOTSTRAP_RATERS,
    )


def _in_order_of(bounds: Bounds, order: IntArray) -> Bounds:
    """Bounds of the sorted stimuli, put back into the order in which the ids came."""
    low, high = np.empty_like(bounds.low), np.empty_like(bounds.high)
    borrowed = np.empty_like(bounds.borrowed)
    low[order], high[order], borrowed[order] = bounds.low, bounds.high, bounds.borrowed
    return Bounds(low, high, borrowed, bounds.level, bounds.method)
