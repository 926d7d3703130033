"""The observer screening of Recommendation ITU-R BT.500, exact in integers.

Floating point is not good enough here: with 21 raters, one dissenter stands exactly √20 standard
deviations from the mean, and a block of one fifth stands exactly 2. Rounding, and with it the
order of the raters, would decide who is rejected. All comparisons are therefore made between
integers computed from levels.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

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
        return Status.PASSED, f"{seen}, but mostly on one side ({sides}): strict or lenient."


def far_ratings(
    matrix: RatingMatrix, dimension: int, deviation: Deviation = Deviation.POPULATION
) -> FarRatings:
    """Count for each rater the ratings far above and far below the others' (P and Q of BT.500).

    Decided once per stimulus and level, then looked up for each rating, so that equal ratings
    always get equal verdicts. Memory: about 60 bytes per stimulus and level of the scale.
    """
    stimuli, level_count = len(matrix.stimulus_ids), matrix.scale.level_max + 1
    cell = matrix.stimulus * level_count + matrix.levels[:, dimension]
    tally = np.bincount(cell, minlength=stimuli * level_count).reshape(stimuli, level_count)
    side = far_sides(tally, deviation).ravel()[cell]
    above, below = (
        np.bincount(matrix.rater[side == sign], minlength=len(matrix.rater_ids)) for sign in (1, -1)
    )
    return FarRatings(above, below, matrix.ratings_by_rater)


def far_sides(tally: IntArray, deviation: Deviation) -> npt.NDArray[np.int8]:
    """Which levels of which stimuli are far: 1 above, -1 below, 0 near.

    `tally` holds how often each level was given, shape (stimuli, levels). Panels too large for
    64-bit integers are computed with Python's unbounded ones.
    """
    fits = tally.sum(axis=1) <= largest_int64_panel(tally.shape[1] - 1)
    sides = np.zeros(tally.shape, dtype=np.int8)
    sides[fits] = _exact_sides(tally[fits], deviation)
    sides[~fits] = _exact_sides(tally[~fits].astype(object), deviation)
    return sides


def largest_int64_panel(level_max: int) -> int:
    """Most raters of one stimulus for whom 64-bit integers cannot overflow.

    The largest number that occurs is 4 (Σ d²)². With n raters split between the ends of the
    scale it reaches n⁶ level_max⁴ / 4; nothing else exceeds that from n = 2 on.
    """
    n = 2
    while (n + 1) ** 6 * level_max**4 <= 4 * _INT64_MAX:
        n += 1
    return n


def _exact_sides(tally: npt.NDArray[Any], deviation: Deviation) -> npt.NDArray[np.int8]:
    """Compare n d² with k² Σ d², where d = n · level - Σ levels is n times the deviation.

    m₂ = Σ d² / n³ and m₄ = Σ d⁴ / n⁵ give β₂ = n Σ d⁴ / (Σ d²)². With divisor n,
    S² = Σ d² / n³ and the comparison is n d² >= k² Σ d²; with divisor n - 1,
    S² = Σ d² / (n² (n - 1)) and it is (n - 1) d² >= k² Σ d².
    """
    level = np.arange(tally.shape[1]).astype(tally.dtype)
    n = tally.sum(axis=1, keepdims=True)
    d = n * level - (tally * level).sum(axis=1, keepdims=True)
    squares = d * d
    sum2 = (tally * squares).sum(axis=1, keepdims=True)
    sum4 = (tally * squares * squares).sum(axis=1, keepdims=True)
    normal = (2 * sum2 * sum2 <= n * sum4) & (n * sum4 <= 4 * sum2 * sum2)
    divisor = n if deviation is Deviation.POPULATION else n - 1
    far = (sum2 > 0) & (divisor * squares >= np.where(normal, 4, 20) * sum2)
    return np.where(far, np.sign(d), 0).astype(np.int8)
