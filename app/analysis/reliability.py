"""How far a panel agrees: Krippendorff's alpha for interval data, any gaps."""

from collections.abc import Mapping

import numpy as np

from app.analysis.grouping import centred_within, sum_within
from app.analysis.matrix import FloatArray, IntArray, RatingMatrix
from app.analysis.overall import normalised_weights, with_overall

ALPHA_METHOD = "reliability/krippendorff-alpha-interval@1"


def krippendorff_alpha(
    matrix: RatingMatrix, *, weights: Mapping[str, float] | None = None
) -> FloatArray:
    """Krippendorff's alpha (interval metric), one per dimension and then overall.

    In words: one minus observed disagreement over expected disagreement. 1 is perfect agreement,
    0 what chance alone would give, below 0 systematic disagreement. In closed form [1]_

        alpha = 1 - ((n - 1) / n) · Σ m_j s_j² / SS

    over stimuli j with m_j >= 2 ratings and variance s_j² (ddof 1); n = Σ m_j counts their
    ratings, SS is the sum of squared deviations of these n from their common mean. Stimuli with
    one rating cannot show agreement and are ignored, in SS as well.

    Returns
    -------
    float, shape (dimensions + 1,)
        Free of units. NaN if no stimulus has two ratings, or if all ratings are alike.

    References
    ----------
    .. [1] K. Krippendorff, "Content Analysis", 4th ed., 2018, chapter 12. The closed form sums
       the pairwise differences through variances and agrees with the pairwise definition.
    """
    shares = normalised_weights(matrix.dimensions, weights)
    pairable = matrix.ratings_by_stimulus[matrix.stimulus] >= 2
    values = with_overall(matrix.levels[pairable].astype(np.float64), shares)
    stimulus = matrix.stimulus[pairable]
    stimuli = len(matrix.stimulus_ids)
    return np.array([_alpha(column, stimulus, stimuli) for column in values.T])


def _alpha(values: FloatArray, stimulus: IntArray, stimuli: int) -> float:
    n = len(values)
    all_together = centred_within(values, np.zeros(n, dtype=np.int64), 1).residual
    total = float((all_together**2).sum())
    if total == 0:
        return float("nan")
    m, _, residual = centred_within(values, stimulus, stimuli)
    squares = sum_within(residual**2, stimulus, stimuli)
    observed = float((m * squares / np.maximum(m - 1, 1)).sum())
    return 1.0 - (n - 1) / n * observed / total
