"""Exact sums of levels for each stimulus: all that MOS, SOS and alpha need to know of ratings.

A variance is a difference of two large sums.  Sums of integers are exact, so that unanimous
raters have a variance of exactly zero, and the order of ratings cannot matter.
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from app.analysis.arrays import BoolArray, FloatArray, IntArray
from app.analysis.grouping import Grouping, NumberArray, as_integers, exact_numbers


@dataclass(frozen=True, slots=True, eq=False)
class LevelSums:
    """Sums over the ratings of each stimulus, D being the number of dimensions.

    n : int64, shape (stimuli,), number of ratings.
    total : shape (stimuli, D), Σ level.
    products : shape (stimuli, D, D), Σ level of one dimension times level of the other.

    Integers of 64 bits, or Python's unbounded ones where the panel and the scale are too large.
    """

    n: IntArray
    total: NumberArray
    products: NumberArray

    @classmethod
    def of(cls, levels: IntArray, by_stimulus: Grouping, level_max: int) -> Self:
        """The sums of levels of shape (ratings, D)."""
        dimensions, most = levels.shape[1], int(by_stimulus.n.max(initial=0))
        pairs = [(d, e) for d in range(dimensions) for e in range(d + 1)]

        def terms(part: slice) -> list[NumberArray]:
            columns = [exact_numbers(column, most**2 * level_max**2) for column in levels[part].T]
            return columns + [columns[d] * columns[e] for d, e in pairs]

        sums = [as_integers(total) for total in by_stimulus.sums(terms)]
        products = np.empty((by_stimulus.groups, dimensions, dimensions), dtype=sums[0].dtype)
        for (d, e), product in zip(pairs, sums[dimensions:], strict=True):
            products[:, d, e] = products[:, e, d] = product
        return cls(by_stimulus.n, np.stack(sums[:dimensions], axis=1), products)

    def of_stimuli(self, chosen: BoolArray) -> Self:
        """The sums of some stimuli."""
        return replace(
            self, n=self.n[chosen], total=self.total[chosen], products=self.products[chosen]
        )

    def all_together(self) -> Self:
        """The sums over all stimuli, as if they were one; in unbounded integers."""
        arrays = (self.n, self.total, self.products)
        n, total, products = (_sum_of_all(array) for array in arrays)
        return replace(self, n=n, total=total, products=products)

    def mean(self, shares: FloatArray) -> FloatArray:
        """Mean level of every dimension, then of their mean weighted by the shares; NaN if n = 0.

        Shape (stimuli, D + 1).
        """
        total = self.total.astype(np.float64)
        total = np.column_stack([total, total @ shares])
        n = self.n[:, None]
        mean = np.full(total.shape, np.nan)
        np.divide(total, n, out=mean, where=n > 0)
        return mean

    def squares(self, shares: FloatArray) -> FloatArray:
        """n Σ (level - mean)² of every dimension, then of their weighted mean.

        Shape (stimuli, D + 1). The spread of the weighted mean follows from the products of all
        pairs of dimensions: Σ_d Σ_e share_d share_e (n Σ level_d level_e - total_d total_e).
        """
        n = self.n[:, None, None]
        products = n * self.products - self.total[:, :, None] * self.total[:, None, :]
        exact = products.astype(np.float64)
        overall = np.einsum("d,sde,e->s", shares, exact, shares)
        own = np.einsum("sdd->sd", exact)
        return np.column_stack([own, np.maximum(overall, 0.0)])


def _sum_of_all(array: NumberArray) -> NumberArray:
    """The sum along the first axis, which stays, in unbounded integers.

    Upper and lower halves of the bits are added up apart, because whole sums may exceed 64 bits.
    """
    upper, lower = array >> 32, array & (2**32 - 1)
    upper, lower = (half.sum(axis=0, keepdims=True).astype(object) for half in (upper, lower))
    whole: NumberArray = upper * 2**32 + lower
    return whole
