"""Panels drawn anew: the same raters with replacement, for intervals over raters.

What is uncertain about a panel is who happened to be in it. A resample draws as many raters as
there are, with replacement; a rater drawn twice counts twice, one not drawn is absent.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from app.analysis.matrix import FloatArray, IntArray

RESAMPLES = 1000
"""Resamples drawn unless told otherwise."""
SEED = 20_260_101
"""Seed unless told otherwise, so that the same ratings give the same bounds."""

# Ratings and stimuli handled at a time: a few dozen MiB at 1000 resamples.
_RATINGS_AT_ONCE = 4_096
_STIMULI_AT_ONCE = 256
# Counts drawn at a time, before they are packed into two bytes each.
_COUNTS_AT_ONCE = 2**20


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Some stimuli under every resample.

    stimuli : which of all stimuli. sums : for each kind of value asked for, its sum over the
    raters drawn, shape (stimuli, resamples).
    """

    stimuli: slice
    sums: tuple[FloatArray, ...]


def rater_counts(raters: int, *, resamples: int, seed: int) -> npt.NDArray[np.int16]:
    """How often each rater is drawn in each resample, shape (raters, resamples).

    Raises ValueError for fewer than two resamples: their spread is all they are for.
    """
    if resamples < 2:
        raise ValueError("A bootstrap needs at least two resamples.")
    generator = np.random.default_rng(seed)
    chances = np.full(raters, 1 / max(raters, 1))
    counts = np.empty((raters, resamples), dtype=np.int16)
    step = max(1, _COUNTS_AT_ONCE // max(raters, 1))
    for first in range(0, resamples if raters else 0, step):
        size = min(step, resamples - first)
        counts[:, first : first + size] = generator.multinomial(raters, chances, size=size).T
    return counts


def resampled_sums(
    stimulus: IntArray,
    rater: IntArray,
    stimuli: int,
    counts: npt.NDArray[np.int16],
    values: tuple[FloatArray, ...],
    *,
    squared_counts: bool = False,
) -> Iterator[Chunk]:
    """Sums of values over the raters drawn, a few stimuli at a time.

    Every chunk has the sum of ones (how many ratings are drawn) first, then, if asked for, the
    sum of squared counts, then the sum of each of the `values` of shape (ratings,). Sums of
    integers are exact; others are added in the order of the ratings, so that the same ratings
    give the same bits. The cost grows with ratings times resamples, dense or sparse.
    """
    order = np.lexsort((rater, stimulus))
    starts = np.searchsorted(stimulus[order], np.arange(stimuli + 1))
    for part in _parts(starts):
        rows = order[starts[part.start] : starts[part.stop]]
        drawn, column = np.unique(rater[rows], return_inverse=True)
        weights = counts[drawn].astype(np.float64)
        place = (starts[part.start : part.stop + 1] - starts[part.start]).astype(np.int64)
        shape = (part.stop - part.start, len(drawn))

        def summed(
            data: FloatArray,
            by: FloatArray,
            column: IntArray = column,
            place: IntArray = place,
            shape: tuple[int, int] = shape,
        ) -> FloatArray:
            total = sparse.csr_array((data, column, place), shape=shape) @ by
            return np.asarray(total, dtype=np.float64)

        ones = np.ones(len(rows))
        sums = [summed(ones, weights)]
        if squared_counts:
            sums.append(summed(ones, weights * weights))
        sums.extend(summed(value[rows], weights) for value in values)
        yield Chunk(part, tuple(sums))


def _parts(starts: IntArray) -> Iterator[slice]:
    """Stretches of stimuli with a bounded number of ratings each, at least one stimulus."""
    first, stimuli = 0, len(starts) - 1
    while first < stimuli:
        reach = int(np.searchsorted(starts, starts[first] + _RATINGS_AT_ONCE, side="right")) - 1
        stop = max(first + 1, min(reach, first + _STIMULI_AT_ONCE, stimuli))
        yield slice(first, stop)
        first = stop
