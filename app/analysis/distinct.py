"""Costly functions of few distinct arguments, computed once for each."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from app.analysis.arrays import FloatArray


def at_distinct(
    function: Callable[..., FloatArray], *arguments: npt.NDArray[np.float64 | np.int64]
) -> FloatArray:
    """What the function, element by element, makes of arrays of one shape.

    Its result may have axes of its own in front, which then come first.

    Numbers of ratings and mean opinion scores take few values even among very many stimuli, while
    the quantile of a beta distribution costs as much as the sorting of a hundred numbers.
    """
    code = np.zeros(arguments[0].size, dtype=np.int64)
    for argument in arguments:
        values, place = np.unique(argument, return_inverse=True)
        code = code * len(values) + place.ravel()
    _, first, place = np.unique(code, return_index=True, return_inverse=True)
    found = function(*(argument.ravel()[first] for argument in arguments))
    return found[..., place].reshape(*found.shape[:-1], *arguments[0].shape)
