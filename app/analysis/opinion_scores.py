"""MOS: what raters think of a stimulus on average, raw or after z-scoring each rater."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from app.analysis.grouping import Grouping, sum_within
from app.analysis.matrix import BoolArray, FloatArray, IntArray, RatingMatrix
from app.analysis.overall import column_names, normalised_weights, with_overall

MOS_METHOD = "scores/mos@1"
Z_MOS_METHOD = "scores/z-mos@1"

# A spread of z-scores below this is nothing but rounding.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class OpinionScores:
    """Mean, spread and number of opinions; all arrays have the shape (stimuli, columns).

    columns : the dimensions in protocol order, then "overall".
    mean : MOS; NaN where n = 0.
    sos : standard deviation of opinion scores, ddof 1; NaN where n < 2.
    n : number of ratings behind the mean.
    left_out : per column, ids of raters with ratings that could not enter it (always empty for
        the raw MOS; raters without a z for the z-score MOS).
    """

    columns: tuple[str, ...]
    mean: FloatArray
    sos: FloatArray
    n: IntArray
    left_out: Mapping[str, tuple[str, ...]]

    @property
    def unanimous(self) -> BoolArray:
        """Where two or more ratings are all equal: exact for raw scores, up to rounding for z."""
        unanimous: BoolArray = (self.n >= 2) & (self.sos == 0)
        return unanimous


def mean_opinion_scores(
    matrix: RatingMatrix, *, weights: Mapping[str, float] | None = None
) -> OpinionScores:
    """Mean opinion score of every stimulus, per dimension and overall, in scores of the scale.

    In words: MOS is the sum of the scores a stimulus got, divided by how many it got. SOS is the
    root of the sum of squared deviations from the MOS, divided by that number less one (ddof 1).
    The overall score of one rating is the weighted mean of its dimensions; its MOS and SOS are
    taken over ratings like those of a dimension [1]_ [2]_.

    Parameters
    ----------
    matrix : RatingMatrix
        The ratings to average: give `matrix.of_raters(kept)` to leave out rejected raters.
    weights : mapping of dimension to weight, optional
        At least zero, not all zero; scaled to sum to one. Equal when absent.

    Returns
    -------
    OpinionScores
        Rows follow `matrix.stimulus_ids`.

    Notes
    -----
    Edge cases:

    - no rating of a stimulus: mean and SOS are NaN, n is 0;
    - one rating: the mean is that score, SOS is NaN;
    - unanimous: SOS is exactly 0 (see `intervals` for what that does not mean);
    - a rater who rated one stimulus, or everything alike, counts like any other.

    Raises ValueError if the weights do not fit the dimensions.

    References
    ----------
    .. [1] Recommendation ITU-T P.800.1, "Mean opinion score (MOS) terminology".
    .. [2] After Recommendation ITU-R BT.500, annex on the analysis of results: mean scores.
    """
    shares = normalised_weights(matrix.dimensions, weights)
    sums, columns = matrix.level_sums, column_names(matrix)
    squares, n = sums.squares(shares), sums.n[:, None]
    sos = np.full(squares.shape, np.nan)
    np.sqrt(squares / np.maximum(n * (n - 1), 1), out=sos, where=n >= 2)
    return OpinionScores(
        columns=columns,
        mean=matrix.scale.scores(sums.mean(shares)),
        sos=matrix.scale.step * sos,
        n=np.repeat(n, len(columns), axis=1),
        left_out=dict.fromkeys(columns, ()),
    )


def z_mean_opinion_scores(
    matrix: RatingMatrix, *, weights: Mapping[str, float] | None = None
) -> OpinionScores:
    """MOS of z-scores rescaled to about 0..100, per dimension and overall.

    In words: subtract from each score the mean of all scores of the same rater in the same
    dimension, divide by their standard deviation (ddof 1), map -3..3 to 0..100 by
    z' = 100 (z + 3) / 6, then average over raters as for the raw MOS. This is the form used for
    the LIVE image databases [1]_ and AIGIQA-20K [2]_. Nothing is clipped, so values slightly
    outside 0..100 can occur. The overall value of one rating is the weighted mean of its z'.

    Parameters and result are those of `mean_opinion_scores`; the unit is z', not scores.

    Notes
    -----
    Edge cases:

    - a rater with one rating, or with all ratings alike, has no z: such ratings are left out of
      that dimension, and of "overall" if the dimension has any weight; `left_out` names the rater;
    - a stimulus rated by such raters only: mean is NaN, n is 0;
    - n may therefore differ between columns.

    References
    ----------
    .. [1] H. R. Sheikh, M. F. Sabir, A. C. Bovik, "A statistical evaluation of recent full
       reference image quality assessment algorithms", IEEE Trans. Image Process. 15(11), 2006.
    .. [2] C. Li et al., "AIGIQA-20K: a large database for AI-generated image quality
       assessment", CVPR Workshops, 2024.
    """
    shares = normalised_weights(matrix.dimensions, weights)
    rescaled = rater_z_scores(matrix)  # in place from here on: these are the largest arrays
    rescaled += 3.0
    rescaled *= 100.0
    rescaled /= 6.0
    return averaged(matrix, with_overall(rescaled, shares))


def rater_z_scores(matrix: RatingMatrix) -> FloatArray:
    """Each rating standardised within its rater and dimension; shape (ratings, dimensions).

    Standard deviation with ddof 1; NaN for a rater with one rating or with all ratings alike.
    """
    z = np.full(matrix.levels.shape, np.nan, order="F")
    for rows, _, by_rater in matrix.by_rater.blocks():
        for d in range(len(matrix.dimensions)):
            levels = matrix.levels[rows, d].astype(np.float64)
            rater = by_rater.moments(levels)
            sd, residual = by_rater.of_values(rater.sd), levels - by_rater.of_values(rater.mean)
            np.divide(residual, sd, out=z[rows, d], where=sd > 0)
    return z


def averaged(matrix: RatingMatrix, values: FloatArray) -> OpinionScores:
    """Average values of shape (ratings, columns) over raters; NaN values are left out.

    The columns are those of `with_overall`; the unit is that of the values.
    """
    stimuli, columns = len(matrix.stimulus_ids), column_names(matrix)
    shape = (stimuli, len(columns))
    mean, sos, n = np.empty(shape), np.empty(shape), np.empty(shape, dtype=np.int64)
    left_out = {}
    for c, column in enumerate(columns):
        used = ~np.isnan(values[:, c])
        if used.all():
            moments = matrix.by_stimulus.moments(values[:, c])
            left_out[column] = ()
        else:
            moments = Grouping(matrix.stimulus[used], stimuli).moments(values[used, c])
            absent = np.unique(matrix.rater[~used])
            left_out[column] = tuple(sorted(matrix.rater_ids[rater] for rater in absent))
        n[:, c], mean[:, c], sos[:, c] = moments.n, moments.mean, moments.sd
    sos[sos <= _ROUNDING] = 0.0  # equal values reached by different sums are unanimous
    return OpinionScores(columns, mean, sos, n, left_out)


def standard_deviation(residual: FloatArray, group: IntArray, count: IntArray) -> FloatArray:
    """Root of the mean squared residual per group, ddof 1; NaN below two values.

    residual : from the mean of its group. count : values in each group, shape (groups,).
    """
    squares = sum_within(residual * residual, group, len(count))
    return np.where(count >= 2, np.sqrt(squares / np.maximum(count - 1, 1)), np.nan)
