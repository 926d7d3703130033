"""Which values are far from the others at their stimulus, for values that are no whole numbers.

BT.500 on raw scores compares integers. Once a bias is taken off, or a mean and a spread are made
equal, values are fractions or roots, and rounding would decide the ties. So each stimulus is
computed in floating point with a bound on its error, and again in unbounded integers wherever
the bound leaves a comparison open.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from app.analysis.grouping import Grouping
from app.analysis.matrix import BoolArray, FloatArray, IntArray
from app.analysis.screening.bt500 import Deviation, FarRatings

_EPSILON = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True)
class Values:
    """One value per rating, in floating point and, on request, in integers.

    value : shape (ratings,).
    size : shape (ratings,): the largest of the numbers that `value` was computed from or is; the
        error of `value` is a few roundings of it.
    whole : the values of some ratings of one stimulus, in a common unit, as integers.
    tie : two sides of a comparison whose difference is below 1 / `tie` of them are equal; 0 if
        `whole` is exact, so that only equal sides are.
    """

    value: FloatArray
    size: FloatArray
    whole: Callable[[IntArray], list[int]]
    tie: int = 0


def far_sides(values: Values, by_stimulus: Grouping, deviation: Deviation) -> IntArray:
    """1 where a value is far above the others at its stimulus, -1 far below, else 0.

    Far as in BT.500 (see there): at least k S from the mean, S > 0. Shape (ratings,).
    """
    side, is_open = _rounded_sides(values, by_stimulus, deviation)
    for rows in _rows_of(by_stimulus.group, is_open):
        side[rows] = _whole_sides(values.whole(rows), values.tie, deviation)
    return side


def counted(side: IntArray, by_rater: Grouping) -> FarRatings:
    """How many of each rater's ratings are far above and far below."""
    above, below = (by_rater.integer_sum((side == sign).astype(np.int64)) for sign in (1, -1))
    return FarRatings(above, below, by_rater.n)


def _rounded_sides(
    values: Values, by_stimulus: Grouping, deviation: Deviation
) -> tuple[IntArray, BoolArray]:
    """The sides in floating point, and for which stimuli that leaves doubt.

    With e the distance from the stimulus's mean, a rating is far if n e² >= k² Σ e² (n - 1 in
    place of n for the sample deviation), and k follows from n Σ e⁴ / (Σ e²)². No e is larger
    than twice the largest size M, so the left and right sides err by less than some n² M² ε each,
    and those of the kurtosis by n³ M⁴ ε; the factors below are generous.
    """
    group, (n, _, e) = by_stimulus.group, by_stimulus.centred(values.value)
    square = e * e
    sum2, sum4 = by_stimulus.sum(square), by_stimulus.sum(square * square)
    above_2, below_4 = n * sum4 - 2 * sum2 * sum2, 4 * sum2 * sum2 - n * sum4
    normal = (above_2 >= 0) & (below_4 >= 0)
    times = n if deviation is Deviation.POPULATION else n - 1
    excess = times[group] * square - (np.where(normal, 4, 20) * sum2)[group]
    side = np.where(excess >= 0, np.sign(e), 0).astype(np.int64)
    size, closest = np.zeros(by_stimulus.groups), np.full(by_stimulus.groups, np.inf)
    np.maximum.at(size, group, 2 * values.size)
    np.minimum.at(closest, group, np.abs(excess))
    doubt = 1e3 * _EPSILON * n.astype(np.float64) ** 2
    open_kurtosis = np.minimum(np.abs(above_2), np.abs(below_4)) <= doubt * n * size**4
    is_open = (n >= 2) & (open_kurtosis | (closest <= doubt * size**2))
    side[(n < 2)[group]] = 0
    return side, is_open


def _whole_sides(whole: list[int], tie: int, deviation: Deviation) -> list[int]:
    """The same for the values of one stimulus, in integers."""
    n, total = len(whole), sum(whole)
    d = [n * value - total for value in whole]
    sum2, sum4 = sum(x**2 for x in d), sum(x**4 for x in d)
    normal = _reaches(n * sum4, 2 * sum2**2, tie) and _reaches(4 * sum2**2, n * sum4, tie)
    times = n if deviation is Deviation.POPULATION else n - 1
    limit = (4 if normal else 20) * sum2
    far = (sum2 > 0 and _reaches(times * x * x, limit, tie) for x in d)
    return [((x > 0) - (x < 0)) if is_far else 0 for x, is_far in zip(d, far, strict=True)]


def _reaches(one: int, other: int, tie: int) -> bool:
    """Whether one is at least the other, or so little below that the two count as equal."""
    return one >= other or 0 < tie * (other - one) <= other


def _rows_of(stimulus: IntArray, chosen: BoolArray) -> Iterator[IntArray]:
    """The rows of each chosen stimulus."""
    rows = np.flatnonzero(chosen[stimulus])
    rows = rows[np.argsort(stimulus[rows], kind="stable")]
    starts = np.flatnonzero(np.diff(stimulus[rows], prepend=-1))
    return iter(np.split(rows, starts[1:])) if rows.size else iter(())
