"""Recovery by expectation-maximisation with random quality: the recommended model (EM)."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from app.analysis.grouping import sum_within
from app.analysis.matrix import BoolArray, FloatArray, IntArray, RatingMatrix
from app.analysis.recovery.ratings import Ratings, recentred, several_ratings
from app.analysis.recovery.recovered import Column, Recovery, recovery, refusal

EXPECTATION_MAXIMISATION_METHOD = "recovery/em@1"

FEWEST_RATERS = 2
OWN_INCONSISTENCY = 10
"""Ratings from which on a rater's inconsistency is their own; below, it is the panel's."""

MOST_WEIGHT = 25.0
"""How many times what a typical rater counts a single one may count at most."""

_TOLERANCE = 1e-7
_MOST_ITERATIONS = 1000
_NO_SPREAD = 1e-14


def expectation_maximisation(
    matrix: RatingMatrix, *, weights: Mapping[str, float] | None = None
) -> Recovery:
    """Recover quality as a mean weighted by each rater's steadiness, without collapsing.

    Model: score = quality + bias of the rater + inconsistency of the rater · N(0, 1), where the
    quality of the stimuli is itself taken to be spread as N(μ, τ²). Bias and inconsistency are
    those of greatest likelihood, by expectation-maximisation [1]_ [2]_. In words: start from MOS,
    bias as in bias removal, and one inconsistency for all; then repeat, with w = 1 / v²,

    1. uncertainty of a stimulus V = 1 / (Σ w + 1 / τ²), its expected quality
       q = V (Σ w (score - bias) + μ / τ²);
    2. bias = mean of (score - q), moved to mean zero over raters, and q accordingly;
    3. μ = mean of q, τ² = mean of (q - μ)² + V;
    4. v² = mean of (score - q - bias)² + V over what the rater rated;

    until no q changes by 1e-7 scores. Reported is Σ w (score - bias) / Σ w, which unlike q is not
    drawn towards μ, with the standard error 1 / √Σ w. The "+ V" is the difference from
    alternating projection: it keeps a rater near the mean from taking all the weight.

    Notes
    -----
    Edge cases:

    - fewer than 2 raters: refused, as bias and quality cannot be told apart;
    - a rater with one rating is left out: all of it may be bias;
    - a rater with fewer than 10 ratings gets the panel's inconsistency (Σ of step 4 over all
      ratings, divided by their number less that of raters): their own would be chance;
    - nobody counts more than 25 times a typical rater (v² is at least 1/25 of the panel's): two
      raters who happen to agree always would otherwise be taken for the truth;
    - no disagreement that bias does not explain (also: everybody unanimous): plain mean of
      (score - bias), inconsistency 0, and no standard error, since nothing is known about it;
    - a stimulus without usable rating: NaN; with one: its rater's inconsistency is its error;
    - separate groups of raters and stimuli: biases are moved to mean zero within each;
    - not settled after 1000 rounds: `converged` is false. The last changes are smaller than
      1e-7 scores; the distance to the final answer is of that order.

    References
    ----------
    .. [1] A. P. Dempster, N. M. Laird, D. B. Rubin, "Maximum likelihood from incomplete data via
       the EM algorithm", J. R. Stat. Soc. B 39(1), 1977.
    .. [2] Z. Li, C. G. Bampis, "Recover subjective quality scores from noisy measurements", Data
       Compression Conference, 2017, for the model of raters; random quality is as in the analysis
       of variance components: S. R. Searle, G. Casella, C. E. McCulloch, "Variance Components",
       Wiley, 1992.
    """
    raters = int((matrix.ratings_by_rater > 0).sum())
    if raters < FEWEST_RATERS:
        return refusal(
            matrix,
            method_id=EXPECTATION_MAXIMISATION_METHOD,
            refused=f"Telling bias from quality needs {FEWEST_RATERS} or more raters with"
            f" ratings; here it is {raters}.",
        )
    return recovery(matrix, _solve, method_id=EXPECTATION_MAXIMISATION_METHOD, weights=weights)


class _State(NamedTuple):
    """Where the rounds have got to: q, bias, v², μ and τ² of the docstring above."""

    quality: FloatArray
    bias: FloatArray
    variance: FloatArray
    mean: float
    spread: float


def _solve(all_ratings: Ratings) -> Column:
    used = several_ratings(all_ratings)
    ratings = all_ratings.rows(used)
    quality = ratings.by_stimulus(ratings.value)
    bias = ratings.by_rater(ratings.value - quality[ratings.stimulus])
    unexplained = _residual(ratings, quality, bias)
    if not used.any() or unexplained.var() <= _NO_SPREAD * (1.0 + ratings.value.var()):
        return _without_disagreement(ratings, used, bias)
    rated = ~np.isnan(quality)
    state = _State(
        quality=quality,
        bias=bias,
        variance=np.full(ratings.raters, unexplained.var()),
        mean=float(quality[rated].mean()),
        spread=float(quality[rated].var()),
    )
    converged, iterations = False, 0
    while not converged and iterations < _MOST_ITERATIONS:
        before, state = state.quality, _round(ratings, state, rated)
        converged = bool(np.abs(state.quality - before)[rated].max() < _TOLERANCE)
        iterations += 1
    return _reported(ratings, used, state, iterations, converged)


def _round(ratings: Ratings, state: _State, rated: BoolArray) -> _State:
    """Steps 1 to 4, once."""
    stimulus, rater = ratings.stimulus, ratings.rater
    prior = 1.0 / max(state.spread, _NO_SPREAD)
    total, pulled = _weighed(ratings, state)
    uncertainty = 1.0 / (total + prior)
    quality = np.where(rated, uncertainty * (pulled + state.mean * prior), np.nan)
    bias, gain = recentred(ratings.by_rater(ratings.value - quality[stimulus]), ratings)
    quality = quality + gain
    mean = float(quality[rated].mean())
    spread = float(((quality - mean) ** 2 + uncertainty)[rated].mean())
    squares = _residual(ratings, quality, bias) ** 2 + uncertainty[stimulus]
    return _State(quality, bias, _variances(squares, rater, ratings.raters), mean, spread)


def _weighed(ratings: Ratings, state: _State) -> tuple[FloatArray, FloatArray]:
    """Σ w and Σ w (score - bias) of each stimulus, with w = 1 / v²."""
    weight = (1.0 / state.variance)[ratings.rater]
    unbiased = ratings.value - state.bias[ratings.rater]
    return (
        sum_within(weight, ratings.stimulus, ratings.stimuli),
        sum_within(weight * unbiased, ratings.stimulus, ratings.stimuli),
    )


def _residual(ratings: Ratings, quality: FloatArray, bias: FloatArray) -> FloatArray:
    return ratings.value - quality[ratings.stimulus] - bias[ratings.rater]


def _variances(squares: FloatArray, rater: IntArray, raters: int) -> FloatArray:
    """Mean of the squares for each rater, or the panel's; never below a share of the panel's."""
    count = np.bincount(rater, minlength=raters)
    own = sum_within(squares, rater, raters) / np.maximum(count, 1)
    panel = float(squares.sum()) / (len(squares) - int((count > 0).sum()))
    variance = np.where(count < OWN_INCONSISTENCY, panel, own)
    return np.where(count > 0, np.maximum(variance, panel / MOST_WEIGHT), np.nan)


def _reported(
    ratings: Ratings, used: BoolArray, state: _State, iterations: int, converged: bool
) -> Column:
    total, pulled = _weighed(ratings, state)
    known = np.where(total > 0, total, np.nan)
    return Column(
        quality=pulled / known,
        standard_error=1.0 / np.sqrt(known),
        bias=state.bias,
        inconsistency=np.sqrt(state.variance),
        weight=1.0 / state.variance,
        iterations=iterations,
        converged=converged,
        used=used,
        residual=_residual(ratings, pulled / known, state.bias),
    )


def _without_disagreement(ratings: Ratings, used: BoolArray, bias: FloatArray) -> Column:
    centred, _ = recentred(bias, ratings)
    quality = ratings.by_stimulus(ratings.value - centred[ratings.rater])
    return Column(
        quality=quality,
        standard_error=np.full(ratings.stimuli, np.nan),
        bias=centred,
        inconsistency=np.where(np.isnan(bias), np.nan, 0.0),
        weight=np.where(np.isnan(bias), np.nan, 1.0),
        iterations=0,
        converged=True,
        used=used,
        residual=_residual(ratings, quality, centred),
    )
