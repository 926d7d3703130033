"""The arrays of this package, and integer arrays that are checked, locked and put in order."""

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

# A table of places is worth its memory up to this many places for each key.
_PLACES_PER_KEY = 4


def locked_integers(name: str, values: npt.ArrayLike) -> IntArray:
    """An array that nobody writes to, each column in one piece; a copy, unless it is so already.

    Raises ValueError unless the values are integers.
    """
    array = np.asarray(values)
    if array.size and array.dtype.kind not in "iu":
        raise ValueError(f"The {name} array must hold integers, not {array.dtype}.")
    if array.dtype == np.int64 and array.flags.f_contiguous and _is_locked(array):
        return array
    return lock(np.array(array, dtype=np.int64, order="F"))


def _is_locked(array: IntArray) -> bool:
    """Whether the array, and the one whose memory it shares, are read-only."""
    owner = array if array.base is None else array.base
    return (
        isinstance(owner, np.ndarray)
        and owner.flags.owndata
        and not (owner.flags.writeable or array.flags.writeable)
    )


def lock(array: IntArray) -> IntArray:
    """The same array, which nobody can write to any more."""
    array.setflags(write=False)
    return array


def rows_of(array: IntArray, rows: IntArray) -> IntArray:
    """These rows of an array of one or two dimensions, locked, each column in one piece."""
    if array.ndim == 1:
        return lock(array[rows])
    chosen = np.empty((len(rows), array.shape[1]), dtype=np.int64, order="F")
    for column, values in zip(chosen.T, array.T, strict=True):
        np.take(values, rows, out=column)
    return lock(chosen)


def require_range(what: str, values: IntArray, highest: int) -> None:
    """Raise ValueError, naming the first culprit, unless all values lie in 0..highest."""
    if values.size and (values.min() < 0 or values.max() > highest):
        outside = (values < 0) | (values > highest)
        raise ValueError(f"{what} {values[outside][0]} lies outside 0..{highest}.")


def order_of_keys(keys: IntArray, size: int) -> IntArray:
    """The order of rows that sorts their keys, which lie in 0..size - 1.

    Keys that all differ and are many for their range need no comparing: each row is put in its
    place. Otherwise they are sorted; equal keys stand side by side, in any order.
    """
    if size <= _PLACES_PER_KEY * len(keys):
        row_at = np.full(size, -1)
        row_at[keys] = np.arange(len(keys))
        order: IntArray = row_at[row_at >= 0]
        if len(order) == len(keys):
            return order
    return np.argsort(keys)


def order_of_columns(*columns: IntArray) -> IntArray:
    """The order of rows that sorts by the first column, then by the next ones."""
    keys = [key for column in columns for key in np.atleast_2d(column.T)]
    return np.lexsort(keys[::-1])


def is_ascending(values: IntArray) -> bool:
    """Whether each value is greater than the one before it."""
    return bool((values[1:] > values[:-1]).all())
