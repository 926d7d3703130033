"""Means, deviations and ranks within groups of ratings (by rater or by stimulus)."""

from typing import NamedTuple

import numpy as np

from app.analysis.matrix import FloatArray, IntArray


class Centred(NamedTuple):
    """Values split into the mean of their group and what is left over.

    n : int64, shape (groups,); mean : float, shape (groups,), NaN for an empty group;
    residual : float, shape (values,).
    """

    n: IntArray
    mean: FloatArray
    residual: FloatArray


def centred_within(values: FloatArray, group: IntArray, groups: int) -> Centred:
    """Subtract from each value the mean of its group.

    Deviations are taken from one value of the group first, so that a group whose values are all
    equal has residuals of exactly zero: "unanimous" and "constant" then need no tolerance.
    """
    n = np.bincount(group, minlength=groups)
    anchor = np.full(groups, np.nan)
    anchor[group] = values
    shifted = values - anchor[group]
    shift = np.bincount(group, weights=shifted, minlength=groups) / np.maximum(n, 1)
    return Centred(n, anchor + shift, shifted - shift[group])


def sum_within(values: FloatArray, group: IntArray, groups: int) -> FloatArray:
    """Sum of the values of each group, shape (groups,); an empty group sums to zero."""
    return np.bincount(group, weights=values, minlength=groups).astype(np.float64, copy=False)


def ranks_within(values: FloatArray, group: IntArray) -> FloatArray:
    """Ranks 1, 2, ... within each group; equal values share the mean of their ranks."""
    order = np.lexsort((values, group))
    sorted_values, sorted_group = values[order], group[order]
    new_group = np.diff(sorted_group, prepend=-1) != 0
    new_value = new_group.copy()
    new_value[1:] |= sorted_values[1:] != sorted_values[:-1]
    first = np.flatnonzero(new_value)
    last = np.append(first[1:], len(values)) - 1
    mean_place = ((first + last) / 2)[np.cumsum(new_value) - 1]
    group_start = np.flatnonzero(new_group)[np.cumsum(new_group) - 1]
    ranks = np.empty(len(values))
    ranks[order] = mean_place - group_start + 1
    return ranks
