"""Sums, means, deviations and ranks within groups of ratings (by rater or by stimulus)."""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from app.analysis.arrays import FloatArray, IntArray

NumberArray = npt.NDArray[Any]
"""Floating-point numbers or Python's integers."""

_Scalar = TypeVar("_Scalar", bound=np.generic)

# Integers up to here are exact as floating-point numbers.
_LARGEST_EXACT = 2**53
# Values are ranked by counting where a table of their counts is at most so large.
_CELLS_PER_VALUE = 2
# Values in a block: arrays of them stay in the processor's own memory.
_BLOCK = 2**14
# Stretches shorter than this on average are sorted all at once.
_LEAST_STRETCH = 16


class Centred(NamedTuple):
    """Values split into the mean of their group and what is left over.

    n : int64, shape (groups,); mean : float, shape (groups,), NaN for an empty group;
    residual : float, shape (values,).
    """

    n: IntArray
    mean: FloatArray
    residual: FloatArray


class Moments(NamedTuple):
    """Number, mean and sum of squared deviations from the mean of each group.

    Each shape (groups,); mean is NaN and squares 0 for an empty group.
    """

    n: IntArray
    mean: FloatArray
    squares: FloatArray

    @property
    def sd(self) -> FloatArray:
        """Standard deviation, ddof 1; NaN below two values."""
        return np.where(self.n >= 2, np.sqrt(self.squares / np.maximum(self.n - 1, 1)), np.nan)


class Block(NamedTuple):
    """Some whole groups: which rows and groups these are, and their grouping."""

    rows: slice
    groups: slice
    grouping: "Grouping"


class Grouping:
    """Which group each value belongs to: `group`, int64, shape (values,), in 0..groups - 1.

    Values whose groups lie in stretches, one after the other, are summed stretch by stretch,
    which is much faster than going to the group of each value; so keep ratings sorted by rater.
    """

    def __init__(self, group: IntArray, groups: int) -> None:
        self.group = group
        self.groups = groups

    @cached_property
    def n(self) -> IntArray:
        """Number of values in each group, shape (groups,)."""
        if self._is_ascending:
            return np.diff(np.searchsorted(self.group, np.arange(self.groups + 1)))
        return np.bincount(self.group, minlength=self.groups)

    @cached_property
    def _is_ascending(self) -> bool:
        return bool((self.group[1:] >= self.group[:-1]).all())

    @cached_property
    def _starts(self) -> IntArray | None:
        """Where each stretch begins; None if the groups do not lie in ascending stretches."""
        if len(self.group) == 0 or not self._is_ascending:
            return None
        return (np.cumsum(self.n) - self.n)[self.n > 0]

    def blocks(self) -> Iterator["Block"]:
        """The values in blocks of whole groups, small enough for the processor's own memory.

        A calculation with several steps is then twice as fast as one that carries every step
        through all values.  Groups that do not lie in stretches are all in one block.
        """
        if self._starts is None:
            yield Block(slice(None), slice(None), self)
            return
        ends = np.cumsum(self.n)
        new = np.flatnonzero(np.diff((ends - self.n) // _BLOCK, prepend=-1))
        for first, last in pairwise((*new.tolist(), self.groups)):
            rows = slice(int(ends[first] - self.n[first]), int(ends[last - 1]))
            yield Block(rows, slice(first, last), Grouping(self.group[rows] - first, last - first))

    def sum(self, values: FloatArray) -> FloatArray:
        """Sum of the values of each group, shape (groups,); an empty group sums to zero."""
        if self._starts is None:
            sums = np.bincount(self.group, weights=values, minlength=self.groups)
            return sums.astype(np.float64, copy=False)
        total = np.zeros(self.groups)
        total[self.n > 0] = np.add.reduceat(values, self._starts)
        return total

    def integer_sum(self, values: IntArray) -> IntArray:
        """The same for integers of 64 bits; exact, as long as the sums are such integers, too."""
        total = np.zeros(self.groups, dtype=np.int64)
        if self._starts is None:
            np.add.at(total, self.group, values)
        else:
            total[self.n > 0] = np.add.reduceat(values, self._starts)
        return total

    def largest(self, values: IntArray) -> IntArray:
        """Largest of the values, none below zero, of each group; 0 for an empty group."""
        largest = np.zeros(self.groups, dtype=np.int64)
        if self._starts is None:
            np.maximum.at(largest, self.group, values)
        else:
            largest[self.n > 0] = np.maximum.reduceat(values, self._starts)
        return largest

    def of_values(self, per_group: npt.NDArray[_Scalar]) -> npt.NDArray[_Scalar]:
        """What its group has, for each value."""
        if self._starts is None:
            return per_group[self.group]
        return np.repeat(per_group, self.n)

    def centred(self, values: FloatArray) -> Centred:
        """Subtract from each value the mean of its group.

        Deviations are taken from one value of the group first, so that a group whose values are
        all equal has residuals of exactly zero: "unanimous" and "constant" need no tolerance.
        """
        anchor = self._anchor(values)
        shifted = values - self.of_values(anchor)
        shift = self.sum(shifted) / np.maximum(self.n, 1)
        return Centred(self.n, anchor + shift, shifted - self.of_values(shift))

    def moments(self, values: FloatArray) -> Moments:
        """Mean and squared deviations of each group; squares are exactly zero if all are equal.

        Sums are taken of deviations from one value of the group, which costs no more than a
        factor of n in precision, however far the values lie from zero.
        """
        anchor = self._anchor(values)

        def terms(part: slice) -> tuple[FloatArray, FloatArray]:
            shifted = values[part] - anchor[self.group[part]]
            return shifted, shifted * shifted

        if self._starts is None:
            first, second = self.sums(terms)
        else:
            first, second = map(self.sum, terms(slice(None)))
        n = np.maximum(self.n, 1)
        return Moments(self.n, anchor + first / n, np.maximum(second - first * first / n, 0.0))

    def sums(self, terms: Callable[[slice], Sequence[NumberArray]]) -> list[NumberArray]:
        """Sums of several terms, which are computed for one part of the values after the other.

        So a part's terms stay in the processor's own memory until they are added up.
        """
        totals: list[NumberArray] = []
        for start in range(0, max(len(self.group), 1), _BLOCK):
            part = slice(start, start + _BLOCK)
            found = terms(part)
            totals = totals or [np.zeros(self.groups, dtype=term.dtype) for term in found]
            for total, term in zip(totals, found, strict=True):
                np.add.at(total, self.group[part], term)
        return totals

    def ranks(self, values: FloatArray | IntArray) -> FloatArray:
        """Ranks 1, 2, ... within each group; equal values share the mean of their ranks.

        Integers from zero on, in a range small for their number, are counted, others sorted.
        """
        if values.dtype.kind == "i" and len(values) and values.min() >= 0:
            width = int(values.max()) + 1
            if self.groups * width <= _CELLS_PER_VALUE * len(values):
                return self._counted_ranks(values, width)
        return self._sorted_ranks(values)

    def _counted_ranks(self, values: FloatArray | IntArray, width: int) -> FloatArray:
        cell = self.group * width + values
        count = np.bincount(cell, minlength=self.groups * width).reshape(self.groups, width)
        rank = np.cumsum(count, axis=1) - (count - 1) / 2
        ranks: FloatArray = rank.ravel()[cell]
        return ranks

    def _sorted_ranks(self, values: FloatArray | IntArray) -> FloatArray:
        order = self._order_by(values)
        sorted_values, sorted_group = values[order], self.group[order]
        is_new = np.ones(len(values), dtype=np.bool_)
        is_new[1:] = sorted_values[1:] != sorted_values[:-1]
        is_new[1:] |= sorted_group[1:] != sorted_group[:-1]
        first = np.flatnonzero(is_new)
        ties = np.diff(first, append=len(values))
        group_start = (np.cumsum(self.n) - self.n)[sorted_group[first]]
        ranks = np.empty(len(values))
        ranks[order] = np.repeat(first - group_start + (ties + 1) / 2, ties)
        return ranks

    def _anchor(self, values: FloatArray) -> FloatArray:
        """One value of each group; NaN for an empty group."""
        anchor = np.full(self.groups, np.nan)
        if self._starts is None:
            anchor[self.group] = values
        else:
            anchor[self.n > 0] = values[self._starts]
        return anchor

    def _order_by(self, values: FloatArray | IntArray) -> IntArray:
        """The order of rows that sorts by group, then by value."""
        if self._starts is None or len(self._starts) * _LEAST_STRETCH > len(values):
            return np.lexsort((values, self.group))
        order = np.empty(len(values), dtype=np.int64)
        for start, stop in pairwise((*self._starts.tolist(), len(values))):
            np.add(values[start:stop].argsort(), start, out=order[start:stop])
        return order


def exact_numbers(integers: IntArray, largest: int) -> NumberArray:
    """The integers in a form that stays exact as long as nothing exceeds `largest`.

    Floating-point numbers, which are computed with fastest, or else Python's unbounded integers.
    """
    return integers.astype(np.float64 if largest <= _LARGEST_EXACT else object)


def as_integers(exact: NumberArray) -> NumberArray:
    """Exact numbers as integers: int64, or Python's unbounded ones."""
    return exact if exact.dtype == object else exact.astype(np.int64)


def centred_within(values: FloatArray, group: IntArray, groups: int) -> Centred:
    """Subtract from each value the mean of its group."""
    return Grouping(group, groups).centred(values)


def sum_within(values: FloatArray, group: IntArray, groups: int) -> FloatArray:
    """Sum of the values of each group, shape (groups,); an empty group sums to zero."""
    return Grouping(group, groups).sum(values)
