"""Would another panel say the same? Two halves of the raters, compared with each other."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from app.analysis.correlation import pearson_within, srcc
from app.analysis.matrix import FloatArray, RatingMatrix
from app.analysis.overall import normalised_weights, with_overall
from app.analysis.resampling import SEED

SPLIT_HALF_METHOD = "reliability/split-half@1"

SPLITS = 100
"""Splits made unless told otherwise."""
_SPLITS_AT_ONCE = 20


@dataclass(frozen=True, slots=True, eq=False)
class SplitHalf:
    """Agreement of two halves of the raters; arrays have one entry per column.

    srcc, plcc : Spearman and Pearson correlation between the halves' MOS, mean over splits.
    srcc_full, plcc_full : the same for panels of full size, by Spearman-Brown.
    srcc_low, srcc_high, plcc_low, plcc_high : between these lie `level` of the splits, stepped
        up to full size. They show how much the luck of the split matters and are no confidence
        intervals for other raters.
    half : raters in each half. raters : with ratings. splits : made.
    defined : splits in which each correlation exists.
    """

    srcc: FloatArray
    plcc: FloatArray
    srcc_full: FloatArray
    srcc_low: FloatArray
    srcc_high: FloatArray
    plcc_full: FloatArray
    plcc_low: FloatArray
    plcc_high: FloatArray
    half: int
    raters: int
    splits: int
    defined: FloatArray
    level: float


def spearman_brown(reliability: float, factor: float) -> float:
    """Reliability of a panel `factor` times as large: f r / (1 + (f-1) r).

    NaN stays NaN. A negative reliability is no reliability; where the formula would fall below
    -1, the result is -1.
    """
    denominator = 1 + (factor - 1) * reliability
    if math.isnan(reliability):
        return math.nan
    return max(-1.0, factor * reliability / denominator) if denominator > 0 else -1.0


def split_half(
    matrix: RatingMatrix,
    *,
    weights: Mapping[str, float] | None = None,
    level: float = 0.95,
    splits: int = SPLITS,
    seed: int = SEED,
) -> SplitHalf:
    """Correlate the MOS of random halves of the raters, over many splits.

    In words: draw half of the raters at random, average their ratings and those of as many
    others, correlate the two over the stimuli; repeat, and take the mean. Half a panel is less
    reliable than the whole one, so Spearman-Brown steps the mean up to full size: with R raters
    and h = ⌊R/2⌋ in each half, f r / (1 + (f-1) r), f = R / h (2 for even R; for odd R one rater
    sits out, drawn anew each time, so that the halves stay equal).

    Parameters
    ----------
    matrix : RatingMatrix
        The ratings of the raters kept; any order. Raters without ratings are not split.
    splits, seed : int
        How many splits, and from which seed.

    Notes
    -----
    Edge cases:

    - fewer than two raters: NaN;
    - a stimulus without a rating in one of the halves is left out of that split;
    - a split with fewer than two stimuli, or a half whose MOS never differ: it has no
      correlation and is left out; none at all: NaN;
    - in a sparse design the halves of a stimulus differ in size by chance, which makes the
      result a little too low;
    - a mean correlation at or below zero is reported as it is: this panel does not agree.

    References
    ----------
    .. [1] C. Spearman, "Correlation calculated from faulty data", British Journal of Psychology
       3, 1910; W. Brown, "Some experimental results in the correlation of mental abilities",
       ibid.
    """
    if not 0 < level < 1:
        raise ValueError("A confidence level lies between 0 and 1.")
    if splits < 1:
        raise ValueError("At least one split is needed.")
    columns = len(matrix.dimensions) + 1
    found = np.full((2, columns, splits), np.nan)
    for number, (first, second) in enumerate(halves(matrix, weights, splits=splits, seed=seed)):
        for c in range(columns):
            found[:, c, number] = half_correlations(first[:, c], second[:, c])
    raters = int((matrix.ratings_by_rater > 0).sum())
    half = raters // 2
    factor = raters / half if half else math.nan
    rank, straight = (_summary(part, factor, level) for part in found)
    return SplitHalf(
        srcc=rank[0],
        plcc=straight[0],
        srcc_full=rank[1],
        srcc_low=rank[2],
        srcc_high=rank[3],
        plcc_full=straight[1],
        plcc_low=straight[2],
        plcc_high=straight[3],
        half=half,
        raters=raters,
        splits=splits,
        defined=(~np.isnan(found[0])).sum(axis=1).astype(np.float64),
        level=level,
    )


def half_correlations(first: FloatArray, second: FloatArray) -> tuple[float, float]:
    """Spearman and Pearson correlation of two halves' MOS, over stimuli that both rated."""
    return srcc(first, second), plcc(first, second)


def plcc(x: FloatArray, y: FloatArray) -> float:
    """Pearson correlation; pairs with a NaN are left out; NaN where not defined."""
    both = ~(np.isnan(x) | np.isnan(y))
    one_group = np.zeros(int(both.sum()), dtype=np.int64)
    return float(pearson_within(x[both], y[both], one_group, 1)[0])


def halves(
    matrix: RatingMatrix, weights: Mapping[str, float] | None, *, splits: int, seed: int
) -> Iterator[tuple[FloatArray, FloatArray]]:
    """MOS of both halves in levels, shape (stimuli, columns) each, for one split after another.

    Rows follow the stimuli in the order of their ids. No split is made of fewer than two raters.
    """
    matrix = matrix.canonical()
    active = np.flatnonzero(matrix.ratings_by_rater > 0)
    size = len(active) // 2
    if size == 0:
        return
    generator = np.random.default_rng(seed)
    sums = _summing(matrix, weights)
    for start in range(0, splits, _SPLITS_AT_ONCE):
        number = min(_SPLITS_AT_ONCE, splits - start)
        member = np.zeros((2, len(matrix.rater_ids), number))
        for s in range(number):
            drawn = generator.permutation(active)
            member[0, drawn[:size], s] = 1
            member[1, drawn[size : 2 * size], s] = 1
        means = []
        for side in member:
            n, *totals = (part @ side for part in sums)
            means.append(np.stack([_mean(total, n) for total in totals], axis=1))
        for s in range(number):
            yield means[0][:, :, s], means[1][:, :, s]


def _summing(matrix: RatingMatrix, weights: Mapping[str, float] | None) -> list[sparse.csr_array]:
    """Matrices (stimuli × raters) that count ratings, then sum each column, for chosen raters."""
    shares = normalised_weights(matrix.dimensions, weights)
    values = with_overall(matrix.levels.astype(np.float64), shares)
    shape = (len(matrix.stimulus_ids), len(matrix.rater_ids))
    place = (matrix.stimulus, matrix.rater)
    data = [np.ones(matrix.ratings), *values.T]
    return [sparse.csr_array((part, place), shape=shape) for part in data]


def _mean(total: FloatArray, n: FloatArray) -> FloatArray:
    return np.divide(total, n, out=np.full_like(total, np.nan), where=n > 0)


def _summary(
    found: FloatArray, factor: float, level: float
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Mean over splits, and mean and bounds stepped up to full size; arrays over columns."""
    rows = []
    for splits in found:
        known = splits[~np.isnan(splits)]
        if len(known) == 0:
            rows.append([math.nan] * 4)
            continue
        mean = float(known.mean())
        low, high = np.quantile(known, ((1 - level) / 2, (1 + level) / 2))
        stepped = [spearman_brown(float(r), factor) for r in (mean, low, high)]
        rows.append([mean, *stepped])
    table = np.array(rows).T
    return table[0], table[1], table[2], table[3]
