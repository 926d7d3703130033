"""From several starts downhill together, to see which of them ends lowest.

The method of Levenberg and Marquardt [1]_ for two unknowns within bounds, all starts in one
array: with a few hundred values, a step of one start takes as long as a step of all.

References
----------
.. [1] D. W. Marquardt, "An algorithm for least-squares estimation of nonlinear parameters",
   SIAM Journal on Applied Mathematics 11(2), 1963.
"""

import numpy as np

from app.analysis.matrix import BoolArray, FloatArray
from app.analysis.metric_evaluation.logistic_model import Model, Solved

_MOST_STEPS = 40
# A start has arrived when a step gains less than this share: the best one is polished afterwards.
_LEAST_GAIN = 1e-8
_FIRST_DAMPING, _LEAST_DAMPING, _MOST_DAMPING = 1e-3, 1e-12, 1e6
# Of both directions' steepness, so that a flat direction is damped, too.
_SHARE = 1e-3
# In widths, and in the log of the width: where the centre lies far outside, it hardly matters
# where, and one step would take it to where the S-shape does not rise any more.
_FARTHEST = np.array([4.0, 1.0])
_EASED, _TIGHTENED = 0.1, 10.0


def descend(model: Model, starts: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    """Where each start ends, shape (starts, 2).

    low, high : bounds of centre and log width, shape (2,).
    """
    places = np.clip(starts, low, high)
    at = model.solved(places)
    damping = np.full(len(places), _FIRST_DAMPING)
    arrived = np.zeros(len(places), dtype=np.bool_)
    for _ in range(_MOST_STEPS):
        trial = _stepped(model, places, at, damping, low, high)
        there = model.solved(trial)
        better = there.cost < at.cost
        small = at.cost - there.cost <= _LEAST_GAIN * at.cost
        arrived |= np.where(better, small, damping > _MOST_DAMPING)
        places, at = _chosen(better, trial, places), _solved(better, there, at)
        damping = np.maximum(damping * np.where(better, _EASED, _TIGHTENED), _LEAST_DAMPING)
        if arrived.all():
            break
    return places


def _stepped(
    model: Model,
    places: FloatArray,
    at: Solved,
    damping: FloatArray,
    low: FloatArray,
    high: FloatArray,
) -> FloatArray:
    """A damped Gauss-Newton step of every start; what presses against a bound stays there."""
    jacobian = model.jacobian(places, at)
    slope = np.einsum("kin,kn->ki", jacobian, at.residual)
    held = ((places <= low) & (slope > 0)) | ((places >= high) & (slope < 0))
    slope = np.where(held, 0.0, slope)
    curve = np.einsum("kin,kin->ki", jacobian, jacobian)
    curve += damping[:, None] * np.maximum(curve, _SHARE * curve.sum(axis=1, keepdims=True))
    curve = np.where(curve > 0, curve, 1.0)
    cross = np.einsum("kn,kn->k", jacobian[:, 0], jacobian[:, 1])
    cross = np.where(held.any(axis=1), 0.0, cross)
    determinant = curve[:, 0] * curve[:, 1] - cross**2
    determinant = np.where(determinant > 0, determinant, np.inf)
    step = slope * curve[:, ::-1] - slope[:, ::-1] * cross[:, None]
    farthest = _FARTHEST * np.column_stack([np.exp(places[:, 1]), np.ones(len(places))])
    step = np.clip(step / determinant[:, None], -farthest, farthest)
    return np.asarray(np.clip(places - step, low, high), dtype=np.float64)


def _chosen(better: BoolArray, new: FloatArray, now: FloatArray) -> FloatArray:
    return np.where(better if now.ndim == 1 else better[:, None], new, now)


def _solved(better: BoolArray, new: Solved, now: Solved) -> Solved:
    return Solved(*(_chosen(better, a, b) for a, b in zip(new, now, strict=True)))
