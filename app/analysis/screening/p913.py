"""Bias removal of Recommendation ITU-T P.913, followed by the screening of ITU-R BT.500.

A strict or lenient rater is far from the others without being careless. P.913 takes each rater's
bias off first, so that what remains far is inconsistency.

Biases are fractions; `far_values` sees to it that ties between them are exact.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import ClassVar

import numpy as np

from app.analysis.grouping import Grouping
from app.analysis.matrix import IntArray, RatingMatrix
from app.analysis.screening.bt500 import BT500, Deviation, FarRatings
from app.analysis.screening.evidence import Evidence
from app.analysis.screening.far_values import Values, counted, far_sides


@dataclass(frozen=True, slots=True)
class P913(BT500):
    """Reject raters who, their bias taken off, are often far from the others on both sides.

    In words: a rater's bias is the mean, over the stimuli they rated, of their score less the
    mean score of that stimulus; it is subtracted from all their scores [1]_. Then BT.500, with
    the same parameters (see `BT500`). One pass.

    Notes
    -----
    Edge cases:

    - unanimous after the biases are off (S = 0): skipped for P and Q, counted in n;
    - sparse design: bias and n are taken over the rater's own stimuli;
    - a stimulus that one rater alone rated: adds 0 to the bias, and nobody is far there;
    - shifted raters pass, their bias is stated; reversed ones are found where BT.500 misses them;
    - ties are exact, and nothing depends on the order of raters.

    References
    ----------
    .. [1] After Recommendation ITU-T P.913, clause 12.4, and ITU-R BT.500, annex "screening of
       observers".
    """

    name: ClassVar[str] = "p913"
    version: ClassVar[int] = 1
    one_sided: ClassVar[str] = "a taste for some of the pictures"

    def evidence(self, matrix: RatingMatrix) -> tuple[Evidence, ...]:
        """Evidence for every rater, dimension by dimension, in the order of the matrix."""
        return tuple(
            item
            for d, dimension in enumerate(matrix.dimensions)
            for item in self._of_dimension(matrix, d, dimension)
        )

    def _of_dimension(self, matrix: RatingMatrix, d: int, dimension: str) -> Iterator[Evidence]:
        biases = exact_biases(matrix, d)
        found = far_without_bias(matrix, d, biases, self.deviation)
        for rater_id, bias, *counts in zip(matrix.rater_ids, biases, *found, strict=True):
            item = self._judge(dimension, rater_id, *map(int, counts))
            score = None if bias is None else matrix.scale.step * float(bias)
            reason = item.reason if score is None else f"{_bias_in_words(score)} {item.reason}"
            yield replace(item, reason=reason, numbers={**item.numbers, "bias": score})


def exact_biases(matrix: RatingMatrix, dimension: int) -> list[Fraction | None]:
    """Each rater's mean distance from the stimuli's means, in levels; None without ratings.

    With T_j and n_j the sum and number of the levels of stimulus j, the bias is the mean of
    level - T_j / n_j. The T_j are summed by n_j, of which there are few, and brought to the
    common denominator of all n_j.
    """
    level, raters = matrix.levels[:, dimension], len(matrix.rater_ids)
    total, n = matrix.by_stimulus.integer_sum(level), matrix.ratings_by_stimulus
    own = matrix.by_rater.integer_sum(level)
    sizes = np.unique(n[matrix.stimulus]).tolist()
    whole = math.lcm(*sizes)
    panel = np.zeros(raters, dtype=object)
    for size in sizes:
        rows = n[matrix.stimulus] == size
        sums = Grouping(matrix.rater[rows], raters).integer_sum(total[matrix.stimulus[rows]])
        panel += sums.astype(object) * (whole // size)
    counts = matrix.ratings_by_rater.tolist()
    return [
        Fraction(mine * whole - others, count * whole) if count else None
        for mine, others, count in zip(own.tolist(), panel, counts, strict=True)
    ]


def far_without_bias(
    matrix: RatingMatrix,
    dimension: int,
    biases: list[Fraction | None],
    deviation: Deviation = Deviation.POPULATION,
) -> FarRatings:
    """Count for each rater the ratings far above and far below the others', biases taken off."""
    level = matrix.levels[:, dimension]
    bias = np.array([0.0 if each is None else float(each) for each in biases])

    def whole(rows: IntArray) -> list[int]:
        """The levels without bias, over their common denominator."""
        exact = [int(level[row]) - (biases[matrix.rater[row]] or Fraction(0)) for row in rows]
        denominator = math.lcm(*(value.denominator for value in exact))
        return [value.numerator * (denominator // value.denominator) for value in exact]

    size = np.full(matrix.ratings, float(matrix.scale.level_max))
    values = Values(level - matrix.by_rater.of_values(bias), size, whole)
    return counted(far_sides(values, matrix.by_stimulus, deviation), matrix.by_rater)


def _bias_in_words(bias: float) -> str:
    """A rater's steady leniency, as a sentence."""
    if round(abs(bias), 2) == 0:
        return "Scores neither higher nor lower than the panel."
    side = "higher" if bias > 0 else "lower"
    return f"Scores {abs(bias):.2f} {side} than the panel on average; this is taken off first."
