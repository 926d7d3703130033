"""The screening of ITU-R BT.500 on z-scores: every rater on one mean and one spread first.

The databases of the LIVE and AIGIQA families standardise raters before they screen them. A strict
or lenient rater, and one who uses little of the scale, is then compared by order alone.
"""

import math
from dataclasses import dataclass, replace
from typing import ClassVar, NamedTuple

import numpy as np

from app.analysis.grouping import Grouping
from app.analysis.matrix import FloatArray, IntArray, RatingMatrix
from app.analysis.screening.bt500 import BT500, Deviation, FarRatings
from app.analysis.screening.evidence import Evidence, Status, defined
from app.analysis.screening.far_values import Values, counted, far_sides

# Roots are computed to so many binary digits; sides that differ by less than 1 / _TIE are equal.
_DIGITS, _TIE = 200, 2**100


class Standing(NamedTuple):
    """What standardises each rater: n, the sum S of the levels, and V = n Σ u² - S²; exact.

    With d = n u - S, z = d √((n - 1) / (n V)). Shape (raters,); V in Python's integers.
    """

    n: IntArray
    total: IntArray
    spread: list[int]

    @property
    def mean(self) -> FloatArray:
        """Mean level of each rater; NaN without ratings."""
        return np.where(self.n > 0, self.total / np.maximum(self.n, 1), np.nan)

    @property
    def sd(self) -> FloatArray:
        """Standard deviation in levels, ddof 1; NaN below two ratings."""
        pairs = zip(self.n.tolist(), self.spread, strict=True)
        return np.array([math.sqrt(v / (n * (n - 1))) if n > 1 else math.nan for n, v in pairs])


@dataclass(frozen=True, slots=True)
class BT500OnZ(BT500):
    """Reject raters whose z-scores are often far from the others' on both sides.

    In words: replace every rating by z = (score - m) / s, with the mean m and the standard
    deviation s (ddof 1) of what the same rater said in this dimension; then BT.500 on z, with
    the same parameters (see `BT500`) [1]_. One pass.

    Notes
    -----
    Edge cases:

    - a constant rater, or one with a single rating, has no z: not applicable, and not among the
      others for anyone (`variation` finds constant raters);
    - equal z at a stimulus (S = 0): skipped for P and Q, counted in n;
    - sparse design: m, s and n are taken over the rater's own stimuli, so raters whose stimuli
      differ much in quality are made more alike than they are;
    - ties: z are roots of fractions; in doubt they are compared to 60 decimal digits, and what
      agrees in 30 of them is equal. Nothing depends on the order of raters;
    - shifted raters, and those who use little of the scale, pass.

    References
    ----------
    .. [1] After H. R. Sheikh, M. F. Sabir, A. C. Bovik, "A statistical evaluation of recent full
       reference image quality assessment algorithms", IEEE Trans. Image Process. 15(11), 2006,
       and ITU-R BT.500, annex "screening of observers".
    """

    name: ClassVar[str] = "bt500-on-z"
    version: ClassVar[int] = 1
    one_sided: ClassVar[str] = "a taste for some of the pictures"

    def evidence(self, matrix: RatingMatrix) -> tuple[Evidence, ...]:
        """Evidence for every rater, dimension by dimension, in the order of the matrix."""
        return tuple(
            item
            for d, dimension in enumerate(matrix.dimensions)
            for item in self._of_dimension(matrix, d, dimension)
        )

    def _of_dimension(self, matrix: RatingMatrix, d: int, dimension: str) -> list[Evidence]:
        standing = rater_standing(matrix, d)
        found = far_z_scores(matrix, d, standing, self.deviation)
        evidence = []
        for rater_id, mean, sd, *counts in zip(
            matrix.rater_ids, standing.mean, standing.sd, *found, strict=True
        ):
            item = self._judge(dimension, rater_id, *map(int, counts))
            numbers = {
                **item.numbers,
                "mean": defined(matrix.scale.low + matrix.scale.step * mean),
                "sd": defined(matrix.scale.step * sd),
            }
            evidence.append(replace(_told(item, sd), numbers=numbers))
        return evidence


def rater_standing(matrix: RatingMatrix, dimension: int) -> Standing:
    """Number, sum and spread of each rater's levels."""
    level, n = matrix.levels[:, dimension], matrix.ratings_by_rater
    total = matrix.by_rater.integer_sum(level)
    squares = matrix.by_rater.integer_sum(level * level)
    rows = zip(n.tolist(), total.tolist(), squares.tolist(), strict=True)
    return Standing(n, total, [count * square - own * own for count, own, square in rows])


def far_z_scores(
    matrix: RatingMatrix,
    dimension: int,
    standing: Standing,
    deviation: Deviation = Deviation.POPULATION,
) -> FarRatings:
    """Count for each rater the z-scores far above and far below the others'.

    Raters without z have none, and are nobody's others.
    """
    pairs = list(zip(standing.n.tolist(), standing.spread, strict=True))
    factor = np.array([math.sqrt((n - 1) / (n * v)) if v else math.nan for n, v in pairs])
    rows = np.flatnonzero(matrix.by_rater.of_values(~np.isnan(factor)))
    rater = matrix.rater[rows]
    distance = standing.n[rater] * matrix.levels[rows, dimension] - standing.total[rater]

    def whole(chosen: IntArray) -> list[int]:
        """z to `_DIGITS` binary digits; equal z are equal numbers, because z² is rounded last."""
        return [_whole_z(int(distance[row]), *pairs[rater[row]]) for row in chosen]

    z = distance * factor[rater]
    stimuli = Grouping(matrix.stimulus[rows], len(matrix.stimulus_ids))
    side = np.zeros(matrix.ratings, dtype=np.int64)
    side[rows] = far_sides(Values(z, np.abs(z), whole, tie=_TIE), stimuli, deviation)
    return counted(side, matrix.by_rater)


def _whole_z(distance: int, n: int, spread: int) -> int:
    size = math.isqrt((distance * distance * (n - 1) << 2 * _DIGITS) // (n * spread))
    return size if distance >= 0 else -size


def _told(item: Evidence, sd: float) -> Evidence:
    """The evidence with what was done to the scores said first."""
    if not sd > 0 and item.numbers["rated"]:
        reason = "Gave one score only, so there are no z-scores to look at."
        return replace(item, status=Status.NOT_APPLICABLE, reason=reason)
    if item.status is Status.NOT_APPLICABLE:
        return item
    return replace(item, reason=f"With everybody's mean and spread made equal, {item.reason}")
