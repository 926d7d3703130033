"""The observer screening of Recommendation ITU-R BT.500, exact in integers.

Floating point is not good enough here: with 21 raters, one dissenter stands exactly √20 standard
deviations from the mean, and a block of one fifth stands exactly 2. Rounding, and with it the
order of the raters, would decide who is rejected. All comparisons are therefore made between
integers computed from levels.
"""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, NamedTuple

import numpy as np

from app.analysis.grouping import Grouping, NumberArray, as_integers, exact_numbers
from app.analysis.matrix import IntArray, RatingMatrix
from app.analysis.screening.evidence import Evidence, Status

_INT64_MAX = 2**63 - 1


class Deviation(StrEnum):
    """Which standard deviation S is meant; they give different verdicts on real data."""

    POPULATION = "population"  # divides by n, as the reference implementation does
    SAMPLE = "sample"  # divides by n - 1


class FarRatings(NamedTuple):
    """Per rater: ratings far above (P) and far below (Q) the others', and ratings in all.

    Each int64, shape (raters,).
    """

    above: IntArray
    below: IntArray
    rated: IntArray


class PowerSums(NamedTuple):
    """Per stimulus: number of ratings u, and Σ u, Σ u², Σ u³, Σ u⁴.

    Integers of 64 bits, or Python's unbounded ones; each shape (stimuli,).
    """

    n: NumberArray
    first: NumberArray
    second: NumberArray
    third: NumberArray
    fourth: NumberArray


class FarLimits(NamedTuple):
    """Per stimulus: levels up to `low` are far below the mean, those from `high` on far above.

    Each int64, shape (stimuli,); -1 and a very large number where nothing is far.
    """

    low: IntArray
    high: IntArray


@dataclass(frozen=True, slots=True)
class BT500:
    """Reject raters who are often far from the others, on both sides.

    In words: for each stimulus take the mean, the standard deviation S and the kurtosis
    β₂ = m₄ / m₂² of its scores (population moments). A rating is *far* if it lies at least k S
    from the mean, where k = 2 if 2 <= β₂ <= 4 ("normal") and k = √20 otherwise. A rater with P
    ratings far above and Q far below fails if (P + Q) / n > `max_share` and
    |P - Q| / (P + Q) < `min_imbalance`, n being the number of stimuli *this* rater rated. One
    pass; nothing is recomputed after a rejection [1]_.

    Parameters
    ----------
    deviation : Deviation
        S with divisor n (default) or n - 1.
    max_share, min_imbalance : float
        0.05 and 0.3 in the Recommendation.
    min_stimuli : int
        Below this many stimuli the check is not applicable: 5 % of fewer than 20 is less than
        one rating. (Below 40, two far ratings on opposite sides are enough to fail.)

    Notes
    -----
    Edge cases:

    - unanimous stimulus: S = 0, skipped for P and Q, counted in n;
    - tie at the threshold (one dissenter among 21): counts as far, in exact arithmetic;
    - no far rating: passed, not 0/0;
    - sparse design: n is the rater's own count;
    - constant, shifted and two-level raters are invisible to this check by design.

    References
    ----------
    .. [1] After Recommendation ITU-R BT.500, annex "screening of observers".
    """

    name: ClassVar[str] = "bt500"
    version: ClassVar[int] = 1
    one_sided: ClassVar[str] = "strict or lenient"

    deviation: Deviation = Deviation.POPULATION
    max_share: float = 0.05
    min_imbalance: float = 0.3
    min_stimuli: int = 20

    def evidence(self, matrix: RatingMatrix) -> tuple[Evidence, ...]:
        """Evidence for every rater, dimension by dimension, in the order of the matrix."""
        return tuple(
            self._judge(dimension, rater_id, *map(int, counts))
            for d, dimension in enumerate(matrix.dimensions)
            for rater_id, *counts in zip(
                matrix.rater_ids, *far_ratings(matrix, d, self.deviation), strict=True
            )
        )

    def _judge(self, dimension: str, rater_id: str, above: int, below: int, rated: int) -> Evidence:
        far = above + below
        share = far / rated if rated else None
        imbalance = abs(above - below) / far if far else None
        numbers = {
            "above": above,
            "below": below,
            "rated": rated,
            "share": share,
            "imbalance": imbalance,
        }
        status, reason = self._verdict(above, below, rated, share, imbalance)
        return Evidence(self.name, dimension, rater_id, status, reason, numbers)

    def _verdict(
        self, above: int, below: int, rated: int, share: float | None, imbalance: float | None
    ) -> tuple[Status, str]:
        # Division of integers rounds correctly, so comparing with 0.05 or 0.3 is exact.
        if share is None or rated < self.min_stimuli:
            reason = f"Rated {rated} stimuli; this check needs at least {self.min_stimuli}."
            return Status.NOT_APPLICABLE, reason
        seen = f"{above + below} of {rated} ratings ({share:.1%}) lie far from the other raters'"
        if imbalance is None or share <= self.max_share:
            return Status.PASSED, f"{seen}; up to {self.max_share:.0%} is normal."
        sides = f"{above} above and {below} below"
        if imbalance < self.min_imbalance:
            return Status.FAILED, f"{seen}, on both sides ({sides}): not a steady taste."
        return Status.PASSED, f"{seen}, but mostly on one side ({sides}): {self.one_sided}."


def far_ratings(
    matrix: RatingMatrix, dimension: int, deviation: Deviation = Deviation.POPULATION
) -> FarRatings:
    """Count for each rater the ratings far above and far below the others' (P and Q of BT.500).

    Decided once per stimulus, as limits between levels, then looked up for each rating, so that
    equal ratings always get equal verdicts.
    """
    level, by_stimulus = matrix.levels[:, dimension], matrix.by_stimulus
    limits = far_limits(power_sums(level, by_stimulus, matrix.scale.level_max), deviation)
    above = level >= by_stimulus.of_values(limits.high)
    below = level <= by_stimulus.of_values(limits.low)
    return FarRatings(
        matrix.by_rater.integer_sum(above.astype(np.int64)),
        matrix.by_rater.integer_sum(below.astype(np.int64)),
        matrix.ratings_by_rater,
    )


def power_sums(level: IntArray, by_stimulus: Grouping, level_max: int) -> PowerSums:
    """Sums of the first four powers of the levels of each stimulus.

    Panels too large for 64-bit integers are summed in Python's unbounded ones.
    """
    n = by_stimulus.n
    most = int(n.max(initial=0))
    largest = most * level_max**4 if most <= largest_int64_panel(level_max) else 2**64

    def powers(part: slice) -> list[NumberArray]:
        u = exact_numbers(level[part], largest)
        square = u * u
        return [u, square, square * u, square * square]

    sums = [as_integers(total) for total in by_stimulus.sums(powers)]
    return PowerSums(n.astype(sums[0].dtype), *sums)


def far_limits(sums: PowerSums, deviation: Deviation) -> FarLimits:
    """Between which levels of each stimulus a rating is near.

    With V = n Σ u² - (Σ u)² = n² m₂ and W = n³ Σ u⁴ - 4 n² Σ u Σ u³ + 6 n (Σ u)² Σ u² - 3 (Σ u)⁴
    = n⁴ m₄, kurtosis is W / V², and n times a deviation from the mean is d = n u - Σ u. With
    divisor n, S² = V / n² and u is far if d² >= k² V; with divisor n - 1, S² = V / (n (n - 1))
    and it is far if (n - 1) d² >= k² n V. The least such |d| is a whole number, and so are the
    limits of u.
    """
    n, s1, s2, s3, s4 = sums
    v = n * s2 - s1 * s1
    w = n * n * (n * s4 - 4 * s1 * s3) + 3 * s1 * s1 * (2 * n * s2 - s1 * s1)
    is_normal = (2 * v * v <= w) & (w <= 4 * v * v)
    squares = np.where(is_normal, 4, 20) * v
    if deviation is Deviation.SAMPLE:
        squares = -(-squares * n // np.maximum(n - 1, 1))
    least = _root_rounded_up(squares)
    has_spread, one_each = v > 0, np.maximum(n, 1)
    low = np.where(has_spread, (s1 - least) // one_each, -1)
    high = np.where(has_spread, -((-s1 - least) // one_each), _INT64_MAX)
    return FarLimits(low.astype(np.int64), high.astype(np.int64))


def largest_int64_panel(level_max: int) -> int:
    """Most raters of one stimulus for whom 64-bit integers cannot overflow.

    The largest number that matters is 4 V². With n raters split between the ends of the scale V
    reaches n² level_max² / 4. (What is added up to W may be larger for a moment, which does no
    harm: integers of 64 bits are exact but for multiples of 2⁶⁴, and W itself is smaller.)
    """
    return math.isqrt(math.isqrt(4 * _INT64_MAX)) // level_max


def _root_rounded_up(squares: NumberArray) -> NumberArray:
    """The least whole number whose square is at least this; exact."""
    if squares.dtype == object:
        return np.array([math.isqrt(x - 1) + 1 if x > 0 else 0 for x in squares], dtype=object)
    # Below 2**52, as all squares are here, the root of a float is never rounded across an integer.
    return np.ceil(np.sqrt(squares.astype(np.float64))).astype(np.int64)
