"""Confidence intervals of the MOS, always as bounds with their level and method.

An interval says where the MOS of a very large panel of such raters lies. When all raters of a
stimulus agree, their spread is zero, and the textbook t interval shrinks to a point: certainty
from a handful of opinions. No method here returns a zero-width interval.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy import special

from app.analysis.distinct import at_distinct
from app.analysis.matrix import BoolArray, FloatArray, Scale
from app.analysis.opinion_scores import OpinionScores

SOS_METHOD = "spread/sos-hypothesis@1"


class IntervalMethod(StrEnum):
    """Ways to put bounds around a MOS, by the names stored with a run."""

    SOS_JEFFREYS = "sos-jeffreys"
    STUDENT_T = "student-t"
    POOLED_T = "pooled-t"
    NORMAL = "normal"
    BOOTSTRAP_RATERS = "bootstrap-raters"

    @property
    def method_id(self) -> str:
        """Name and version, as stored with every number computed this way."""
        return f"interval/{self.value}@1"


@dataclass(frozen=True, slots=True, eq=False)
class Bounds:
    """Lower and upper bounds, shape (stimuli, columns).

    low, high : NaN where there is no interval (n < 2, or no spread known anywhere).
    borrowed : true where the stimulus's own spread was zero (unanimous) and the spread of the
        other stimuli was used instead; `sos-jeffreys` and `pooled-t` always share it, so never.
    level : confidence level, for example 0.95. method : how the bounds were made.
    """

    low: FloatArray
    high: FloatArray
    borrowed: BoolArray
    level: float
    method: IntervalMethod


def confidence_bounds(
    scores: OpinionScores,
    scale: Scale | None,
    *,
    method: IntervalMethod = IntervalMethod.SOS_JEFFREYS,
    level: float = 0.95,
) -> Bounds:
    """Bounds around every mean in `scores`, by a method that needs nothing else.

    Resampling the raters needs the ratings themselves: see `bootstrap.bootstrap_bounds`.

    Parameters
    ----------
    scores : OpinionScores
        Raw scores for any method; z-score MOS only for the t methods.
    scale : Scale or None
        Ends of the scale, needed by `sos-jeffreys` alone.
    method : IntervalMethod
        - ``student-t``: mean ± t · SOS / √n with n - 1 degrees of freedom. A *unanimous*
          stimulus is given the pooled interval below instead, and marked `borrowed`.
        - ``pooled-t``: the same with one spread for all stimuli of a column,
          √(Σ (n-1) SOS² / Σ (n-1)), and Σ (n-1) degrees of freedom; for continuous scales.
        - ``normal``: mean ± z · SOS / √n, as if SOS were known exactly: too narrow below some
          30 ratings, and here only because much of the literature reports it. Unanimous
          stimuli are treated as by ``student-t``.
        - ``sos-jeffreys``: a beta interval calibrated by the SOS hypothesis [1]_ [2]_; for
          discrete scales. With p = (MOS - low) / (high - low) and N = n / a equivalent trials,
          the bounds are the (1 ∓ level) / 2 quantiles of Beta(Np + ½, N(1-p) + ½), mapped back
          to the scale. Stays on the scale and is skewed near its ends, as opinions are.
    level : float
        Between 0 and 1.

    Notes
    -----
    Edge cases:

    - n = 0 or n = 1: NaN bounds;
    - unanimous: see above; at an end of the scale `sos-jeffreys` includes that end [3]_;
    - every stimulus unanimous: nothing is known about the spread, all bounds are NaN;
    - t bounds are not clipped and may leave the scale.

    Raises ValueError if the level is not between 0 and 1, a scale is needed and missing, or the
    method is ``bootstrap-raters``.

    References
    ----------
    .. [1] T. Hoßfeld, R. Schatz, S. Egger, "SOS: the MOS is not enough!", QoMEX 2011.
    .. [2] T. Hoßfeld et al., "Confidence interval estimators for MOS values",
       arXiv:1806.01126, 2018.
    .. [3] L. D. Brown, T. T. Cai, A. DasGupta, "Interval estimation for a binomial proportion",
       Statistical Science 16(2), 2001, section 4: the modified Jeffreys interval.
    """
    if not 0 < level < 1:
        raise ValueError("A confidence level lies between 0 and 1.")
    if method is IntervalMethod.SOS_JEFFREYS:
        if scale is None:
            raise ValueError("The sos-jeffreys interval needs the ends of the scale.")
        return _sos_jeffreys(scores, scale, level)
    if method not in _T_BOUNDS:
        raise ValueError("Resampling needs the ratings; use bootstrap_bounds.")
    return _T_BOUNDS[method](scores, level)


def sos_parameter(scores: OpinionScores, scale: Scale) -> FloatArray:
    """How strongly raters disagree, one number per column: the `a` of the SOS hypothesis.

    The hypothesis is SOS² = a (MOS - low)(high - MOS): none at the ends of the scale, most in its
    middle. Least squares through the origin: a = Σ g v / Σ g² with g = (MOS - low)(high - MOS)
    and v = SOS² (ddof 1), over stimuli with two or more ratings. About 0.15 for video
    compression, 0.3 to 0.45 for AI-generated images; 1 if everybody used the two ends only.
    NaN if no stimulus has two ratings or every MOS lies at an end.
    """
    usable = scores.n >= 2
    g = np.where(usable, (scores.mean - scale.low) * (scale.high - scores.mean), 0.0)
    v = np.where(usable, scores.sos**2, 0.0)
    weight = _sum(g * g)
    a = np.full(len(scores.columns), np.nan)
    np.divide(_sum(g * v), weight, out=a, where=weight > 0)
    return a


def _student_t(scores: OpinionScores, level: float) -> Bounds:
    t = at_distinct(lambda n: special.stdtrit(np.maximum(n - 1, 1), (1 + level) / 2), scores.n)
    return _own_spread(scores, t.astype(np.float64, copy=False), level, IntervalMethod.STUDENT_T)


def _normal(scores: OpinionScores, level: float) -> Bounds:
    z: FloatArray = np.full(scores.n.shape, float(special.ndtri((1 + level) / 2)))
    return _own_spread(scores, z, level, IntervalMethod.NORMAL)


def _own_spread(
    scores: OpinionScores, factor: FloatArray, level: float, method: IntervalMethod
) -> Bounds:
    """mean ± factor · SOS / √n; a unanimous stimulus borrows the pooled half-width."""
    has_spread = (scores.n >= 2) & (scores.sos > 0)
    spread = np.where(has_spread, scores.sos, np.nan)
    pooled = _pooled_half_width(scores, level)
    borrowed = scores.unanimous & ~np.isnan(pooled)
    half = np.where(borrowed, pooled, factor * spread / np.sqrt(np.maximum(scores.n, 1)))
    return Bounds(scores.mean - half, scores.mean + half, borrowed, level, method)


def _pooled_t(scores: OpinionScores, level: float) -> Bounds:
    half = _pooled_half_width(scores, level)
    none = np.zeros(scores.n.shape, dtype=np.bool_)
    return Bounds(scores.mean - half, scores.mean + half, none, level, IntervalMethod.POOLED_T)


def _pooled_half_width(scores: OpinionScores, level: float) -> FloatArray:
    freedom = np.maximum(scores.n - 1, 0)
    squares = freedom * np.where(scores.n >= 2, scores.sos, 0.0) ** 2
    total = freedom.sum(axis=0)
    sd = np.sqrt(_sum(squares) / np.maximum(total, 1))
    spread = np.where((scores.n >= 2) & (sd > 0), sd, np.nan)
    t = special.stdtrit(np.maximum(total, 1), (1 + level) / 2)
    half: FloatArray = t * spread / np.sqrt(np.maximum(scores.n, 1))
    return half


def _sos_jeffreys(scores: OpinionScores, scale: Scale, level: float) -> Bounds:
    a = sos_parameter(scores, scale)
    known = (scores.n >= 2) & (a > 0)
    trials = np.where(known, scores.n / np.where(a > 0, a, 1.0), 1.0)
    share = np.clip((scores.mean - scale.low) / (scale.high - scale.low), 0.0, 1.0)
    share = np.where(known, share, 0.5)
    shape_low, shape_high = trials * share + 0.5, trials * (1 - share) + 0.5
    tails = np.array([[(1 - level) / 2], [(1 + level) / 2]])
    low, high = at_distinct(
        lambda below, above: special.betaincinv(below, above, tails), shape_low, shape_high
    )
    low, high = (scale.low + (scale.high - scale.low) * quantile for quantile in (low, high))
    return Bounds(
        low=np.where(known, np.minimum(low, scores.mean), np.nan),
        high=np.where(known, np.maximum(high, scores.mean), np.nan),
        borrowed=np.zeros(scores.n.shape, dtype=np.bool_),
        level=level,
        method=IntervalMethod.SOS_JEFFREYS,
    )


def _sum(values: FloatArray) -> FloatArray:
    """Sum of each column, the same to the last digit in whatever order the stimuli come."""
    total: FloatArray = np.sort(values, axis=0).sum(axis=0)
    return total


_T_BOUNDS: dict[IntervalMethod, Callable[[OpinionScores, float], Bounds]] = {
    IntervalMethod.STUDENT_T: _student_t,
    IntervalMethod.POOLED_T: _pooled_t,
    IntervalMethod.NORMAL: _normal,
}
