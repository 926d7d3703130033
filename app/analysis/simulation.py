"""A simple model of raters, for demonstrations, planning and tests. Not a theory of people."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from app.analysis.matrix import FloatArray, IntArray, RatingMatrix, Scale


class RaterKind(StrEnum):
    """How a simulated rater answers."""

    HONEST = "honest"  # true score + bias + noise
    RANDOM = "random"  # every level equally likely, whatever is shown
    CONSTANT = "constant"  # one level per dimension, drawn once
    REVERSED = "reversed"  # honest on a scale read upside down
    TWO_LEVEL = "two-level"  # honest, but says only "rather good" or "rather bad"
    HALF_RANDOM = "half-random"  # honest, but every other answer, by chance, is random
    SHUFFLED = "shuffled"  # honest scores, each given to another stimulus
    SHIFTED = "shifted"  # honest, but a quarter of the scale too high, cut off at its end


@dataclass(frozen=True, slots=True)
class SimulatedRater:
    """A rater to simulate; bias and inconsistency are in scores and matter to all who look.

    bias : added to every score, in all dimensions. inconsistency : standard deviation of the
    noise, drawn anew for every stimulus and dimension.
    """

    kind: RaterKind = RaterKind.HONEST
    bias: float = 0.0
    inconsistency: float = 0.6

    def __post_init__(self) -> None:
        if self.inconsistency < 0:
            raise ValueError("Inconsistency is a standard deviation and cannot be negative.")


def simulated_levels(
    true_scores: FloatArray, rater: SimulatedRater, scale: Scale, generator: np.random.Generator
) -> IntArray:
    """Levels one rater gives to stimuli of known quality, shape (stimuli, dimensions).

    An honest rater answers true score + bias + inconsistency · N(0, 1), rounded to the nearest
    level and cut off at the ends of the scale: the model of ITU-T P.910 and P.913 with rounding
    [1]_. Cut-off and rounding pull the MOS away from the ends, as happens with people. The same
    generator state gives the same levels.

    `true_scores` are on the scale, shape (stimuli, dimensions); outside values are allowed.

    References
    ----------
    .. [1] Z. Li, C. G. Bampis, "Recover subjective quality scores from noisy measurements",
       Data Compression Conference, 2017.
    """
    shape = true_scores.shape
    if rater.kind is RaterKind.RANDOM:
        return generator.integers(0, scale.level_max, size=shape, endpoint=True)
    if rater.kind is RaterKind.CONSTANT:
        once = generator.integers(0, scale.level_max, size=shape[1], endpoint=True)
        return np.broadcast_to(once, shape).copy()
    noise = rater.inconsistency * generator.standard_normal(shape)
    honest = true_scores + rater.bias + noise
    match rater.kind:
        case RaterKind.REVERSED:
            seen = scale.low + scale.high - true_scores
            return _nearest_levels(seen + rater.bias + noise, scale)
        case RaterKind.SHIFTED:
            return _nearest_levels(honest + (scale.high - scale.low) / 4, scale)
        case RaterKind.SHUFFLED:
            return generator.permutation(_nearest_levels(honest, scale))
        case RaterKind.TWO_LEVEL:
            good, bad = round(0.75 * scale.level_max), round(0.25 * scale.level_max)
            return np.where(honest >= (scale.low + scale.high) / 2, good, bad)
        case RaterKind.HALF_RANDOM:
            random = generator.integers(0, scale.level_max, size=shape, endpoint=True)
            is_random = generator.random((shape[0], 1)) < 0.5
            return np.where(is_random, random, _nearest_levels(honest, scale))
        case _:
            return _nearest_levels(honest, scale)


def _nearest_levels(scores: FloatArray, scale: Scale) -> IntArray:
    levels = np.rint((scores - scale.low) / scale.step)
    return np.clip(levels, 0, scale.level_max).astype(np.int64)


def simulated_matrix(
    true_scores: FloatArray,
    raters: Sequence[SimulatedRater],
    scale: Scale,
    generator: np.random.Generator,
    *,
    dimensions: Sequence[str],
    stimuli_each: int | None = None,
) -> RatingMatrix:
    """Ratings of a whole panel, each rater in a random order of presentation of their own.

    `stimuli_each` stimuli are drawn for each rater without replacement; None means all. Ids are
    "r0001", "r0002", ... and "s00001", ..., in the order given.
    """
    stimuli = len(true_scores)
    each = stimuli if stimuli_each is None else stimuli_each
    shown = [generator.permutation(stimuli)[:each] for _ in raters]
    levels = [
        simulated_levels(true_scores[chosen], rater, scale, generator)
        for chosen, rater in zip(shown, raters, strict=True)
    ]
    empty = np.empty((0, len(dimensions)), dtype=np.int64)
    return RatingMatrix(
        rater=np.repeat(np.arange(len(raters)), each),
        stimulus=np.concatenate([np.empty(0, dtype=np.int64), *shown]),
        levels=np.concatenate([empty, *levels]),
        rater_ids=tuple(f"r{i + 1:04d}" for i in range(len(raters))),
        stimulus_ids=tuple(f"s{j + 1:05d}" for j in range(stimuli)),
        dimensions=tuple(dimensions),
        scale=scale,
        position=np.tile(np.arange(each), len(raters)),
    )
