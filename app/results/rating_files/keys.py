"""Several columns as one key, and whether one column follows from another."""

from collections.abc import Sequence

import numpy as np

from app.analysis.matrix import IntArray
from app.results.rating_files.table import RatingTable


def codes_of(table: RatingTable, names: Sequence[str]) -> IntArray:
    """One number for each combination of the columns' values, numbered through."""
    if len(names) == 1:
        return table.column(names[0]).codes
    return np.unique(combined([table.column(name).codes for name in names]), return_inverse=True)[1]


def combined(keys: Sequence[IntArray]) -> IntArray:
    """One number for each combination of codes, the same for the same combination."""
    codes = keys[0]
    for key in keys[1:]:
        codes = np.unique(codes, return_inverse=True)[1] * (int(key.max()) + 1) + key
    return codes


def determines(table: RatingTable, first: str, second: str) -> bool:
    """Whether each value of the first column goes with one value of the second alone."""
    if first == second:
        return True
    a = table.column(first).codes
    pairs = combined([a, table.column(second).codes])
    return len(np.unique(pairs)) == len(np.unique(a))
