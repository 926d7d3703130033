"""Recovery by alternating projection: quality, bias and inconsistency in turns (AP)."""

from collections.abc import Mapping

import numpy as np

from app.analysis.grouping import sum_within
from app.analysis.matrix import FloatArray, RatingMatrix
from app.analysis.recovery.ratings import Ratings, recentred, several_ratings, typical_raters
from app.analysis.recovery.recovered import Column, Recovery, recovery, refusal

ALTERNATING_PROJECTION_METHOD = "recovery/ap@1"

FEWEST_RATERS = 5
ENOUGH_RATERS = 15

_SMALLEST_VARIANCE = 1e-8
_TOLERANCE = 1e-8
_MOST_ITERATIONS = 1000


def alternating_projection(
    matrix: RatingMatrix, *, weights: Mapping[str, float] | None = None
) -> Recovery:
    """Recover quality as a mean weighted by each rater's steadiness, for conformity with P.910.

    Model: score = quality + bias of the rater + inconsistency of the rater · N(0, 1). In words:
    start from MOS and bias as in bias removal, then repeat [1]_ [2]_

    1. residual = score - quality - bias; inconsistency v = its standard deviation (ddof 0);
    2. quality = mean of (score - bias) weighted by w = 1 / (v² + 1e-8);
    3. bias = mean of (score - quality);

    until the change of quality, as a root of the sum of squares over stimuli, is below 1e-8
    scores. Then move bias to mean zero (over raters, each counted once) and quality accordingly.

    `standard_error` is 1 / √Σ (1 / v²) over the raters of a stimulus.

    Notes
    -----
    Edge cases:

    - fewer than 5 raters of a typical (median) stimulus: refused; fewer than 15: a warning. A
      rater who happens to be near the mean gets more weight, moves the mean nearer to themselves,
      and in a small panel ends up with all of it, while the standard error says 0;
    - a rater whose inconsistency becomes 0 (a collapse, or everybody unanimous) makes the
      standard error 0, as in the reference implementation; `estimates` then gives no interval;
    - a rater with one rating is left out: the residual would be 0 and the weight enormous;
    - a stimulus without usable rating: NaN;
    - separate groups of raters and stimuli: biases are moved to mean zero within each;
    - not settled after 1000 rounds: `converged` is false. The tolerance is that of the reference
      implementation, so that the same round is the last and numbers agree to rounding.

    References
    ----------
    .. [1] Recommendation ITU-T P.910 (2023), annex E; Recommendation ITU-T P.913 (2021),
       clause 12.6.
    .. [2] Z. Li, C. G. Bampis, L. Krasula, L. Janowski, I. Katsavounidis, "A simple model for
       subject behavior in subjective experiments", Electronic Imaging, HVEI 2020.
    """
    raters = typical_raters(matrix)
    if raters < FEWEST_RATERS:
        return refusal(
            matrix,
            method_id=ALTERNATING_PROJECTION_METHOD,
            refused=f"Alternating projection needs {FEWEST_RATERS} or more raters of a typical"
            f" stimulus; here it is {raters:g}. With so few, one rater takes all the weight.",
        )
    return recovery(
        matrix,
        _solve,
        method_id=ALTERNATING_PROJECTION_METHOD,
        weights=weights,
        warnings=_few(raters),
    )


def _few(raters: float) -> tuple[str, ...]:
    if raters >= ENOUGH_RATERS:
        return ()
    return (
        f"A typical stimulus has {raters:g} raters. Below {ENOUGH_RATERS} raters alternating"
        " projection trusts single raters too much; prefer the model with random quality (EM).",
    )


def _solve(all_ratings: Ratings) -> Column:
    used = several_ratings(all_ratings)
    ratings = all_ratings.rows(used)
    rater, stimulus, value = ratings.rater, ratings.stimulus, ratings.value
    quality = ratings.by_stimulus(value)
    bias = ratings.by_rater(value - quality[stimulus])
    inconsistency = np.full(ratings.raters, np.nan)
    converged, iterations = False, 0
    while not converged and iterations < _MOST_ITERATIONS:
        before = quality
        unbiased = value - bias[rater]
        inconsistency = _spread(unbiased - quality[stimulus], ratings)
        weight = 1.0 / (inconsistency**2 + _SMALLEST_VARIANCE)
        quality = ratings.weighted_by_stimulus(unbiased, weight[rater])
        bias = ratings.by_rater(value - quality[stimulus])
        iterations += 1
        converged = bool(np.sqrt(np.nansum((quality - before) ** 2)) < _TOLERANCE)
    bias, gain = recentred(bias, ratings)
    quality = quality + gain
    return Column(
        quality=quality,
        standard_error=_standard_error(inconsistency, ratings),
        bias=bias,
        inconsistency=inconsistency,
        weight=1.0 / (inconsistency**2 + _SMALLEST_VARIANCE),
        iterations=iterations,
        converged=converged,
        used=used,
        residual=value - quality[stimulus] - bias[rater],
    )


def _standard_error(inconsistency: FloatArray, ratings: Ratings) -> FloatArray:
    precision = 1.0 / np.maximum(inconsistency**2, np.finfo(np.float64).tiny)
    total = sum_within(precision[ratings.rater], ratings.stimulus, ratings.stimuli)
    return 1.0 / np.sqrt(np.where(total > 0, total, np.nan))


def _spread(residual: FloatArray, ratings: Ratings) -> FloatArray:
    """Standard deviation (ddof 0) of each rater's residuals."""
    centre = ratings.by_rater(residual)
    return np.sqrt(ratings.by_rater((residual - centre[ratings.rater]) ** 2))
