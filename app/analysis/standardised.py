"""z-score MOS in the variants that published databases use, by name.

All of them replace a rating by z = (score - mean) / standard deviation of what the same rater
said, and average z over raters.  They differ in what counts as "the same rater" (all sittings, or
one) and in the scale to which the mean z is carried.  Choose one for comparability with a
database that was released in it; no variant orders stimuli noticeably better than the raw MOS.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from app.analysis.grouping import centred_within
from app.analysis.matrix import FloatArray, IntArray, RatingMatrix
from app.analysis.opinion_scores import (
    OpinionScores,
    averaged,
    rater_z_scores,
    standard_deviation,
)
from app.analysis.overall import normalised_weights, with_overall

Z_BY_SITTING_METHOD = "scores/z-mos-by-sitting@1"
Z_ON_SCALE_METHOD = "scores/z-mos-on-scale@1"
AGIQA_1K_METHOD = "scores/z-agiqa1k@1"
AGIQA_3K_METHOD = "scores/z-agiqa3k@1"

AGIQA_CENTRE = 2.5
AGIQA_HIGHEST = 5.0


def z_mos_by_sitting(
    matrix: RatingMatrix, *, weights: Mapping[str, float] | None = None
) -> OpinionScores:
    """z-score MOS on z' = 100 (z + 3) / 6, each rating standardised within its sitting.

    As `opinion_scores.z_mean_opinion_scores`, but mean and standard deviation (ddof 1) are those
    of one rater in one sitting. It removes what drifts from day to day; it also removes real
    differences between the stimuli of different sittings, so each sitting should show a random
    part of them [1]_.

    Notes
    -----
    Edge cases:

    - a sitting with one rating, or with all ratings alike, has no z: left out, and listed in
      `left_out` as "rater, sitting";
    - one sitting for each rater: the same numbers as the z-score MOS per rater.

    Raises ValueError if the matrix does not say in which sitting each rating was given.

    References
    ----------
    .. [1] H. R. Sheikh, M. F. Sabir, A. C. Bovik, "A statistical evaluation of recent full
       reference image quality assessment algorithms", IEEE Trans. Image Process. 15(11), 2006,
       whose z-scores are taken per subject and session.
    """
    if matrix.sitting is None:
        raise ValueError("It is not known in which sitting each rating was given.")
    shares = normalised_weights(matrix.dimensions, weights)
    group, names = _sittings(matrix, matrix.sitting)
    z = _z_within(matrix.levels, group, len(names))
    scores = averaged(matrix, with_overall(_rescaled(z), shares))
    without = np.isnan(with_overall(z, shares))
    left_out = {
        column: tuple(sorted({names[g] for g in np.unique(group[without[:, c]])}))
        for c, column in enumerate(scores.columns)
    }
    return replace(scores, left_out=left_out)


def z_mos_on_scale(
    matrix: RatingMatrix, *, weights: Mapping[str, float] | None = None
) -> OpinionScores:
    """z-score MOS carried back to the scale of the study.

    In words: z of each rating, times the standard deviation of an average rater, plus the mean of
    an average rater (the plain means, over all raters with a z, of their own standard deviations
    and means, per dimension); then averaged over raters. It reads like a MOS, with bias and range
    of each rater made equal. In a dense design whose raters share one standard deviation it is
    the raw MOS.

    Notes
    -----
    Edge cases: those of the z-score MOS per rater. Values are not clipped and may leave the scale
    a little.
    """
    shares = normalised_weights(matrix.dimensions, weights)
    z = rater_z_scores(matrix)
    on_scale = np.column_stack(
        [_carried_back(matrix, z[:, d], d) for d in range(len(matrix.dimensions))]
    )
    return averaged(matrix, with_overall(on_scale, shares))


def agiqa_1k_scores(
    matrix: RatingMatrix, *, weights: Mapping[str, float] | None = None
) -> OpinionScores:
    """Mean z plus 2.5, clipped to 0..5, as AGIQA-1K was released [1]_.

    SOS stays that of z. Edge cases are those of the z-score MOS per rater; clipping concerns the
    mean alone, never single ratings.

    References
    ----------
    .. [1] Z. Zhang et al., "A perceptual quality assessment exploration for AIGC images",
       ICME Workshops, 2023.
    """
    scores = _mean_z(matrix, weights)
    return replace(scores, mean=np.clip(scores.mean + AGIQA_CENTRE, 0.0, AGIQA_HIGHEST))


def agiqa_3k_scores(
    matrix: RatingMatrix, *, weights: Mapping[str, float] | None = None
) -> OpinionScores:
    """Mean z standardised over stimuli to mean 2.5 and standard deviation 1 (AGIQA-3K) [1]_.

    Each column is shifted and stretched so that its stimuli have mean 2.5 and standard deviation
    1 (ddof 1). The absolute level is lost, and all dimensions get the same mean by construction:
    it cannot be said any more which dimension did better. SOS is stretched alike. Nothing is
    clipped (the released quality scores end at 0).

    Notes
    -----
    Edge cases: those of the z-score MOS per rater; a column with fewer than two stimuli, or
    whose stimuli all have the same mean z, cannot be standardised: NaN.

    References
    ----------
    .. [1] C. Li et al., "AGIQA-3K: an open database for AI-generated image quality assessment",
       IEEE Trans. Circuits Syst. Video Technol. 34(8), 2024.
    """
    scores = _mean_z(matrix, weights)
    centre, spread = column_spread(scores.mean)
    return replace(
        scores,
        mean=AGIQA_CENTRE + (scores.mean - centre) / spread,
        sos=scores.sos / spread,
    )


def column_spread(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation (ddof 1) of each column, over the values that are defined.

    NaN for a column with fewer than two values, or in which all values are equal.
    """
    centre, spread = np.full(values.shape[1], np.nan), np.full(values.shape[1], np.nan)
    for c, column in enumerate(values.T):
        defined = column[~np.isnan(column)]
        if len(defined) >= 2 and np.ptp(defined) > 0:
            centre[c], spread[c] = defined.mean(), defined.std(ddof=1)
    return centre, spread


def _mean_z(matrix: RatingMatrix, weights: Mapping[str, float] | None) -> OpinionScores:
    shares = normalised_weights(matrix.dimensions, weights)
    return averaged(matrix, with_overall(rater_z_scores(matrix), shares))


def _rescaled(z: FloatArray) -> FloatArray:
    return 100.0 * (z + 3.0) / 6.0


def _sittings(matrix: RatingMatrix, sitting: IntArray) -> tuple[IntArray, list[str]]:
    """The sitting of each rating, numbered through all raters, and what to call each."""
    pairs, group = np.unique(np.column_stack([matrix.rater, sitting]), axis=0, return_inverse=True)
    names = [f"{matrix.rater_ids[rater]}, sitting {number}" for rater, number in pairs]
    return group.reshape(-1), names


def _z_within(levels: IntArray, group: IntArray, groups: int) -> FloatArray:
    z = np.full(levels.shape, np.nan)
    for d in range(levels.shape[1]):
        count, _, residual = centred_within(levels[:, d].astype(np.float64), group, groups)
        sd = standard_deviation(residual, group, count)[group]
        np.divide(residual, sd, out=z[:, d], where=sd > 0)
    return z


def _carried_back(matrix: RatingMatrix, z: FloatArray, dimension: int) -> FloatArray:
    levels = matrix.levels[:, dimension].astype(np.float64)
    count, mean, residual = centred_within(levels, matrix.rater, len(matrix.rater_ids))
    sd = standard_deviation(residual, matrix.rater, count)
    usable = sd > 0
    if not usable.any():
        return z
    return matrix.scale.scores(mean[usable].mean() + sd[usable].mean() * z)
