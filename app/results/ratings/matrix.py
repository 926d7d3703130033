"""From packed ratings to the matrix that the analysis takes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from app.analysis.arrays import BoolArray, IntArray, lock, order_of_keys
from app.analysis.matrix import ControlKind, ControlRatings, RatingMatrix, Repeats, Scale
from app.results.ratings.packed import PackedRatings, Record
from app.study.expectation import ExpectedLevels

# Ratings put in order at a time: their arrays stay in the processor's own memory.
_PART = 2**14

_SINGLE = ("rater", "stimulus", "position", "dwell_ms", "sitting", "repetition")

Columns = dict[str, IntArray]


def matrix_of(
    packed: PackedRatings,
    *,
    stimulus_ids: IntArray,
    gold: Mapping[int, ExpectedLevels],
    dimensions: tuple[str, ...],
    scale: Scale,
) -> RatingMatrix:
    """The first ratings in canonical order; repeats and ratings of gold stimuli beside them.

    Ids are the database's, as text.  Every stimulus is listed, rated or not; every rater with a
    rating.  A rating of a gold stimulus counts like any other, and is a control as well.
    """
    stimuli = _Places.of(stimulus_ids)
    rater_ids = sorted(packed.by_rater, key=str)
    columns = _in_order(packed, rater_ids, stimuli, len(dimensions))
    is_repeat = columns.pop("repetition") > 0
    repeats = None
    if is_repeat.any():
        again = _rows(columns, is_repeat)
        repeats = Repeats(again["rater"], again["stimulus"], again["levels"])
        columns = _rows(columns, ~is_repeat)
    return RatingMatrix(
        **columns,
        rater_ids=tuple(map(str, rater_ids)),
        stimulus_ids=stimuli.texts,
        dimensions=dimensions,
        scale=scale,
        repeats=repeats,
        controls=_controls(columns, stimuli, gold),
    )


def _in_order(
    packed: PackedRatings, rater_ids: Sequence[int], stimuli: "_Places", dimensions: int
) -> Columns:
    """All ratings, sorted by rater, stimulus and repetition.

    One block of memory holds all columns: large pieces cost the system much less than small ones.
    """
    block = np.empty((len(_SINGLE) + dimensions, packed.ratings), dtype=np.int64)
    done = 0
    for rater, records in _parts(packed, rater_ids):
        part = slice(done, done + len(rater))
        stimulus = stimuli.of_ids(records["stimulus_id"])
        order = _order(rater - rater[0], stimulus, records["repetition"], len(stimuli.texts))
        block[0, part], block[1, part] = rater, stimulus[order]
        for row, name in enumerate(_SINGLE[2:], start=2):
            block[row, part] = records[name][order]
        block[len(_SINGLE) :, part] = records["levels"][order].T
        done = part.stop
    # Places in a rater's order of presentation: those of a sitting come after the last one's.
    position, sitting = block[_SINGLE.index("position")], block[_SINGLE.index("sitting")]
    position += sitting * (int(position.max(initial=0)) + 1)
    lock(block)
    return dict(zip(_SINGLE, block, strict=False)) | {"levels": block[len(_SINGLE) :].T}


def _parts(packed: PackedRatings, rater_ids: Sequence[int]) -> Iterator[tuple[IntArray, Record]]:
    """Ratings of some raters at a time, with the index of the rater of each."""
    waiting: list[tuple[int, Record]] = []
    for index, rater_id in enumerate(rater_ids):
        waiting.append((index, packed.by_rater[rater_id]))
        is_last = index == len(rater_ids) - 1
        if is_last or sum(len(records) for _, records in waiting) >= _PART:
            indices, parts = zip(*waiting, strict=True)
            yield np.repeat(indices, [len(records) for records in parts]), np.concatenate(parts)
            waiting = []


def _order(rater: IntArray, stimulus: IntArray, repetition: IntArray, stimuli: int) -> IntArray:
    """The order of rows by rater, stimulus and repetition."""
    repetitions = int(repetition.max()) + 1
    keys = (rater * stimuli + stimulus) * repetitions + repetition
    return order_of_keys(keys, (int(rater[-1]) + 1) * stimuli * repetitions)


def _rows(columns: Columns, chosen: BoolArray) -> Columns:
    """Some ratings of all columns."""
    return {name: np.asfortranarray(column[chosen]) for name, column in columns.items()}


def _controls(
    columns: Columns, stimuli: "_Places", gold: Mapping[int, ExpectedLevels]
) -> ControlRatings | None:
    """The ratings of gold stimuli with what was expected; None if nobody rated any."""
    if not gold:
        return None
    expected_at = np.full(len(stimuli.texts), -1)
    expected_at[stimuli.of_ids(np.array(list(gold)))] = np.arange(len(gold))
    which = expected_at[columns["stimulus"]]
    rated = which >= 0
    if not rated.any():
        return None
    low, high = (np.array(bounds)[which[rated]] for bounds in zip(*gold.values(), strict=True))
    kind = np.full(len(low), ControlKind.GOLD)
    return ControlRatings(columns["rater"][rated], kind, columns["levels"][rated], low, high)


@dataclass(frozen=True, eq=False)
class _Places:
    """Ids as text, in the order of text, and a table of where each id stands in it."""

    texts: tuple[str, ...]
    least: int
    table: IntArray

    @classmethod
    def of(cls, ids: IntArray) -> Self:
        """The places of these ids, which are unique."""
        least = int(ids.min()) if ids.size else 0
        texts = ids.astype(str)
        by_text = np.argsort(texts)
        table = np.full(int(ids.max(initial=least)) - least + 1, -1)
        table[ids[by_text] - least] = np.arange(len(ids))
        return cls(tuple(texts[by_text].tolist()), least, table)

    def of_ids(self, ids: IntArray) -> IntArray:
        """Where each of these ids stands."""
        return self.table[ids - self.least]
