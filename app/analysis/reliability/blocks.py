"""The complete block of a design: raters and stimuli between whom no rating is missing."""

from dataclasses import dataclass

import numpy as np

from app.analysis.matrix import BoolArray, FloatArray, IntArray, RatingMatrix

# Sets of raters that are looked at, the most promising first.
_SETS_TRIED = 64


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Indices into the ids of a matrix, in the order of the ids; both empty if there is none."""

    raters: IntArray
    stimuli: IntArray

    @property
    def ratings(self) -> int:
        """Number of ratings in the block."""
        return len(self.raters) * len(self.stimuli)


NO_BLOCK = Block(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))
"""Nobody and nothing."""


def complete_block(matrix: RatingMatrix) -> Block:
    """The largest complete block that is found: every rater in it rated every stimulus in it.

    In words: two kinds of sets of raters are tried, each with the stimuli that all of them
    rated. First, all raters, then all but the one with the most gaps, then all but the two, and
    so on: right for a panel with a few dropouts or gaps. Second, the sets of raters that some
    stimulus was rated by (the 64 that cover most ratings): right for a design in which groups of
    raters rated groups of stimuli. The set with the most degrees of freedom,
    (raters - 1)(stimuli - 1), is taken; of equal ones that with more raters.

    Nothing is filled in, and no rating outside the block is used by what is computed from it. It
    is not always the largest block there is, since finding that is intractable.

    Notes
    -----
    Edge cases:

    - a complete design: the whole of it;
    - no two raters with two stimuli in common (in the sets tried): an empty block;
    - raters without ratings are never in it;
    - sets that are equal in every respect: the one whose raters come first by id.

    Independent of the order of rows and ids.
    """
    sets = _without_the_gappiest(matrix)
    rated, active = matrix.ratings_by_stimulus > 0, matrix.ratings_by_rater > 0
    if matrix.ratings < int(rated.sum()) * int(active.sum()):
        sets += _rating_together(matrix)
    best = NO_BLOCK
    best_rank: tuple[int, int, tuple[str, ...]] | None = None
    for chosen, stimuli in sets:
        raters = np.flatnonzero(chosen)
        freedom = (len(raters) - 1) * (len(stimuli) - 1)
        if len(raters) < 2 or len(stimuli) < 2:
            continue
        ids = tuple(sorted(matrix.rater_ids[i] for i in raters))
        rank = (-freedom, -len(raters), ids)
        if best_rank is None or rank < best_rank:
            best, best_rank = Block(raters, stimuli), rank
    return best


def block_table(matrix: RatingMatrix, values: FloatArray, block: Block) -> FloatArray:
    """The values of a block's ratings, shape (stimuli, raters); `values` has shape (ratings,)."""
    row = np.full(len(matrix.stimulus_ids), -1)
    column = np.full(len(matrix.rater_ids), -1)
    row[block.stimuli] = np.arange(len(block.stimuli))
    column[block.raters] = np.arange(len(block.raters))
    at, of = row[matrix.stimulus], column[matrix.rater]
    inside = (at >= 0) & (of >= 0)
    table = np.full((len(block.stimuli), len(block.raters)), np.nan)
    table[at[inside], of[inside]] = values[inside]
    return table


def _without_the_gappiest(matrix: RatingMatrix) -> list[tuple[BoolArray, IntArray]]:
    """The most diligent raters, two, three, … of them, each with the stimuli they all rated."""
    counts = matrix.ratings_by_rater
    raters = [i for i in range(len(counts)) if counts[i] > 0]
    raters.sort(key=lambda i: (-int(counts[i]), matrix.rater_ids[i]))
    place = np.empty(len(counts), dtype=np.int64)
    place[raters] = np.arange(len(raters))
    order = np.lexsort((place[matrix.rater], matrix.stimulus))
    stimulus, rank = matrix.stimulus[order], place[matrix.rater][order]
    starts = np.searchsorted(stimulus, np.arange(len(matrix.stimulus_ids)))
    # Sorted by place, the raters of a stimulus are 0, 1, 2, … up to the first who is missing.
    leading = rank == np.arange(len(rank)) - starts[stimulus]
    reach = np.bincount(stimulus[leading], minlength=len(matrix.stimulus_ids))
    sets = []
    for size in _promising_sizes(reach, len(raters)):
        chosen = np.zeros(len(counts), dtype=np.bool_)
        chosen[raters[:size]] = True
        sets.append((chosen, np.flatnonzero(reach >= size)))
    return sets


def _promising_sizes(reach: IntArray, raters: int) -> list[int]:
    """Sizes with the most degrees of freedom, and there may be several; the larger comes first."""
    complete = np.cumsum(np.bincount(reach, minlength=raters + 1)[::-1])[::-1]
    freedom = {size: (size - 1) * (int(complete[size]) - 1) for size in range(2, raters + 1)}
    most = max(freedom.values(), default=0)
    return [size for size in sorted(freedom, reverse=True) if freedom[size] == most > 0]


def _rating_together(matrix: RatingMatrix) -> list[tuple[BoolArray, IntArray]]:
    """Sets of raters whom some stimulus had, each with all stimuli that they all rated."""
    # Two stimuli have the same raters if their raters' random numbers add up to the same sum.
    by_id = sorted(range(len(matrix.rater_ids)), key=matrix.rater_ids.__getitem__)
    numbers = np.empty(len(by_id), dtype=np.uint64)
    draw = np.random.default_rng(len(by_id)).integers(0, 2**63, size=len(by_id), dtype=np.uint64)
    numbers[by_id] = draw
    stimuli, per_stimulus = len(matrix.stimulus_ids), matrix.ratings_by_stimulus
    signature = np.zeros(stimuli, dtype=np.uint64)
    np.add.at(signature, matrix.stimulus, numbers[matrix.rater])
    found, first, count = np.unique(signature, return_index=True, return_counts=True)
    # Most ratings first; the random number settles ties in the same way whatever the order.
    order = np.lexsort((found, -(per_stimulus[first] * count)))[:_SETS_TRIED]
    sets = []
    for example in first[order]:
        chosen = np.zeros(len(by_id), dtype=np.bool_)
        chosen[matrix.rater[matrix.stimulus == example]] = True
        shared = np.bincount(matrix.stimulus[chosen[matrix.rater]], minlength=stimuli)
        sets.append((chosen, np.flatnonzero(shared == chosen.sum())))
    return sets
