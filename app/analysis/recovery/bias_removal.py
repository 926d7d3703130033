"""Bias removal: take from each rater how much higher or lower than the panel they score."""

from collections.abc import Mapping

import numpy as np

from app.analysis.grouping import centred_within
from app.analysis.matrix import BoolArray, RatingMatrix
from app.analysis.opinion_scores import standard_deviation
from app.analysis.recovery.ratings import Ratings
from app.analysis.recovery.recovered import Column, Recovery, recovery

BIAS_REMOVAL_METHOD = "recovery/bias-removed@1"


def bias_removed_scores(
    matrix: RatingMatrix, *, weights: Mapping[str, float] | None = None
) -> Recovery:
    """MOS after taking each rater's bias from their scores.

    In words: a rater's bias is the mean difference between their scores and the MOS of what they
    rated. Subtract it from their scores, then average over raters [1]_. In a dense design this
    moves all MOS by one common amount (nothing, if none is missing) but narrows their spread; in
    a sparse one it corrects for strict raters having seen other stimuli than lenient ones.

    `standard_error` is that of a mean: standard deviation of the corrected scores (ddof 1) over
    √n; `inconsistency` is the standard deviation (ddof 0) of what remains of a rater's scores.

    Notes
    -----
    Edge cases:

    - a rater with one rating: all of the difference counts as bias, no inconsistency (0);
    - a stimulus with one rating: no standard error; that rater's bias is still taken off;
    - biases are means of differences from the MOS, not fitted together with it: they do not sum
      to zero when designs have gaps, and one pass does not remove all of a bias from a sparse one
      (`expectation_maximisation` does).

    References
    ----------
    .. [1] After Recommendation ITU-T P.913 (2021), clause 12.4, "subject bias removal".
    """
    return recovery(matrix, _solve, method_id=BIAS_REMOVAL_METHOD, weights=weights)


def _solve(ratings: Ratings) -> Column:
    return without_bias(ratings, np.ones(len(ratings.value), dtype=np.bool_))


def without_bias(ratings: Ratings, used: BoolArray) -> Column:
    """Take off the biases that all ratings show, then average those that are used."""
    difference = ratings.value - ratings.by_stimulus(ratings.value)[ratings.stimulus]
    bias = ratings.by_rater(difference)
    corrected = ratings.value - bias[ratings.rater]
    stimulus = ratings.stimulus[used]
    n, quality, residual = centred_within(corrected[used], stimulus, ratings.stimuli)
    sos = standard_deviation(residual, stimulus, n)
    left = corrected - quality[ratings.stimulus]
    spread = ratings.by_rater((left - ratings.by_rater(left)[ratings.rater]) ** 2)
    return Column(
        quality=quality,
        standard_error=sos / np.sqrt(np.maximum(n, 1)),
        bias=bias,
        inconsistency=np.sqrt(spread),
        weight=np.where(np.isnan(bias), np.nan, 1.0),
        iterations=0,
        converged=True,
        used=used,
        residual=left[used],
    )
