"""Correlation of every rater with the panel's mean, the yardstick of the published procedures."""

from enum import StrEnum
from typing import NamedTuple

import numpy as np

from app.analysis.correlation import pearson_within, spearman_within
from app.analysis.matrix import FloatArray, IntArray, RatingMatrix

# Correlations closer than this are equal: at a limit, rounding must not decide.
ROUNDING = 1e-12


class Yardstick(StrEnum):
    """Whose mean a rater is compared with."""

    ALL = "all"  # as published: the mean of all raters, the one who is judged among them
    OTHERS = "others"  # nobody helps to set the standard by which they are judged


class PanelCorrelation(NamedTuple):
    """Correlation of each rater with the mean of the panel; each shape (raters,).

    pearson, spearman : NaN where not defined.
    stimuli : number of stimuli that the rater and at least one other rated.
    """

    pearson: FloatArray
    spearman: FloatArray
    stimuli: IntArray

    @property
    def lower(self) -> FloatArray:
        """The lower of the two, NaN where either is not defined."""
        return np.minimum(self.pearson, self.spearman)


def lowest_at(limit: float) -> float:
    """The lowest correlation that is not below a limit but for rounding."""
    return limit - ROUNDING


def panel_correlation(
    matrix: RatingMatrix, dimension: int, yardstick: Yardstick = Yardstick.ALL
) -> PanelCorrelation:
    """Correlate every rater's levels with the mean levels of the panel.

    With T_j and n_j the sum and the number of the levels of stimulus j, the mean of all is
    T_j / n_j and that of the others (T_j - level) / (n_j - 1). Stimuli that only one rater rated
    are left out: their mean of all would be that rater's own score, which agrees with itself.
    In the mean of all, a rater's own share of 1 / n_j lifts the correlation, in small panels a
    good deal.
    """
    shared = matrix.ratings_by_stimulus[matrix.stimulus] >= 2
    rater, stimulus = matrix.rater[shared], matrix.stimulus[shared]
    level = matrix.levels[shared, dimension].astype(np.float64)
    total = np.bincount(stimulus, weights=level, minlength=len(matrix.stimulus_ids))[stimulus]
    n = matrix.ratings_by_stimulus[stimulus]
    mean = total / n if yardstick is Yardstick.ALL else (total - level) / (n - 1)
    raters = len(matrix.rater_ids)
    return PanelCorrelation(
        pearson=pearson_within(level, mean, rater, raters),
        spearman=spearman_within(level, mean, rater, raters),
        stimuli=np.bincount(rater, minlength=raters),
    )
