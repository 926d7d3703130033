"""The ratings of one column as a recovery model sees them: who said what of which stimulus."""

from typing import NamedTuple

import numpy as np

from app.analysis.grouping import sum_within
from app.analysis.matrix import BoolArray, FloatArray, IntArray, RatingMatrix


class Ratings(NamedTuple):
    """The ratings of one column: indices, and values in scores above the lowest of the scale.

    group : number of the connected group of each rater, -1 for a rater without ratings.
    """

    rater: IntArray
    stimulus: IntArray
    value: FloatArray
    raters: int
    stimuli: int
    group: IntArray

    def by_rater(self, values: FloatArray) -> FloatArray:
        """Mean of values, one per rating, for each rater; NaN without ratings."""
        return _mean_within(values, self.rater, self.raters)

    def by_stimulus(self, values: FloatArray) -> FloatArray:
        """Mean of values, one per rating, for each stimulus; NaN without ratings."""
        return _mean_within(values, self.stimulus, self.stimuli)

    def weighted_by_stimulus(self, values: FloatArray, weights: FloatArray) -> FloatArray:
        """Weighted mean of values, one per rating, for each stimulus; NaN without weight."""
        total = sum_within(weights, self.stimulus, self.stimuli)
        return ratio(sum_within(values * weights, self.stimulus, self.stimuli), total)

    def rows(self, chosen: BoolArray) -> "Ratings":
        """Some of the ratings, under the same indices."""
        return self._replace(
            rater=self.rater[chosen], stimulus=self.stimulus[chosen], value=self.value[chosen]
        )


def recentred(bias: FloatArray, ratings: Ratings) -> tuple[FloatArray, FloatArray]:
    """The bias less its mean within each connected group, and what each stimulus gains by it.

    Every rater counts alike. NaN (a rater without usable ratings) stays NaN and is not counted.
    """
    known = ~np.isnan(bias)
    group = np.where(known, ratings.group, 0)
    groups = int(group.max(initial=0)) + 1
    mean = _mean_within(bias[known], group[known], groups)
    gain = np.full(ratings.stimuli, np.nan)
    gain[ratings.stimulus] = mean[group[ratings.rater]]
    return bias - mean[group], gain


def several_ratings(ratings: Ratings) -> BoolArray:
    """Which ratings come from raters with two or more; one rating tells no bias from quality."""
    count = np.bincount(ratings.rater, minlength=ratings.raters)
    several: BoolArray = count[ratings.rater] >= 2
    return several


def typical_raters(matrix: RatingMatrix) -> float:
    """Raters of a typical stimulus: the median over stimuli with ratings; 0 without any."""
    counts = matrix.ratings_by_stimulus
    rated = counts[counts > 0]
    return float(np.median(rated)) if len(rated) else 0.0


def _mean_within(values: FloatArray, group: IntArray, groups: int) -> FloatArray:
    return ratio(sum_within(values, group, groups), np.bincount(group, minlength=groups))


def ratio(top: FloatArray, bottom: FloatArray | IntArray) -> FloatArray:
    """Quotient where the divisor is above zero, else NaN."""
    quotient = np.full(len(top), np.nan)
    np.divide(top, bottom, out=quotient, where=bottom > 0)
    return quotient
