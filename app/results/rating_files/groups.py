"""From acts of rating to the matrices that are analysed: one for each set of dimensions.

Dimensions that share their scale and all their acts are analysed together; others by themselves,
since an act with a gap has no overall score.  Of several acts of a rater for a stimulus the first
counts and the others are repeats.  Without raters, each rating stands for itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.analysis.matrix import IntArray, RatingMatrix, Repeats
from app.errors import InvalidInput
from app.results.rating_files.acts import (
    Acts,
    Dimension,
    ReadTable,
    acts_of_dimension_rows,
    acts_of_rows,
    sortable,
)
from app.results.rating_files.cells import number_of
from app.results.rating_files.wording import counted

NO_TIME = -1
MANY_REPEATS = 0.5


@dataclass(frozen=True, eq=False)
class Group:
    """Dimensions that are analysed together.

    has_raters : false if the file does not tell who rated; each rating then has an id of its own
    as its rater, which says nothing about anybody.
    """

    matrix: RatingMatrix
    dimensions: tuple[Dimension, ...]
    has_raters: bool

    @property
    def title(self) -> str:
        """The dimensions' names."""
        return ", ".join(dimension.label for dimension in self.dimensions)


@dataclass(frozen=True, eq=False)
class Grouped:
    """The groups, and what has to be said about them."""

    groups: tuple[Group, ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]


def group_ratings(read: ReadTable, *, is_stimulus_given: bool) -> Grouped:
    """Matrices of all dimensions; raises InvalidInput if the stimuli cannot be what is rated."""
    notes: list[str] = []
    warnings: list[str] = []
    groups = []
    for dimensions, acts in _coinciding(read, notes):
        if read.raters is None:
            matrix = _without_raters(read, dimensions, acts)
        else:
            acts = _without_copies(read, acts, notes)
            matrix = _with_raters(read, dimensions, acts, notes)
            _check_repeats(read, matrix, acts, warnings, is_stimulus_given=is_stimulus_given)
        groups.append(Group(matrix, dimensions, read.raters is not None))
    return Grouped(tuple(groups), tuple(dict.fromkeys(notes)), tuple(dict.fromkeys(warnings)))


def _coinciding(read: ReadTable, notes: list[str]) -> list[tuple[tuple[Dimension, ...], Acts]]:
    """Dimensions with the same scale and acts, each set with its complete acts."""
    if read.roles.dimension is not None and read.raters is None:
        if len(read.dimensions) > 1:
            notes.append(
                "The table does not say which scores one rater gave together, so the dimensions"
                " are analysed separately and there is no overall score."
            )
        return [((d,), acts_of_rows(read, [d])) for d in read.dimensions]
    by_rows = read.roles.dimension is None
    acts = acts_of_rows(read, read.dimensions) if by_rows else acts_of_dimension_rows(read)
    given = acts.levels >= 0
    sets: dict[object, list[int]] = {}
    for d, dimension in enumerate(read.dimensions):
        sets.setdefault((dimension.scale.key, given[:, d].tobytes()), []).append(d)
    if len(sets) > 1:
        notes.append(_why_apart(read.dimensions, [tuple(x) for x in sets.values()]))
    return [
        (tuple(read.dimensions[d] for d in places), _complete(acts, places))
        for places in sets.values()
    ]


def _complete(acts: Acts, places: Sequence[int]) -> Acts:
    rows = acts.levels[:, places[0]] >= 0
    return Acts(
        acts.rater[rows],
        acts.stimulus[rows],
        acts.row[rows],
        acts.levels[rows][:, list(places)],
        acts.precedence[rows],
    )


def _why_apart(dimensions: Sequence[Dimension], sets: Sequence[Sequence[int]]) -> str:
    scales = {dimension.scale.text: dimension.label for dimension in dimensions}
    if len(scales) > 1:
        listed = ", ".join(f"{label} {text}" for text, label in scales.items())
        return (
            f"The dimensions have different scales ({listed}) or gaps, so they are analysed"
            " separately and there is no overall score of all."
        )
    return (
        "Some ratings have a score in one dimension but not in another, so these dimensions are"
        " analysed separately and there is no overall score of all."
    )


# --- without raters ---


def _without_raters(read: ReadTable, dimensions: Sequence[Dimension], acts: Acts) -> RatingMatrix:
    """Each rating under an id of its own, numbered by content and not by place in the file."""
    stimulus_ids, stimulus = _listed_stimuli(read, dimensions, acts.stimulus)
    dwell = _dwell_ms(read, acts.row)
    keys = [*acts.levels.T[::-1], stimulus]
    order = np.lexsort(keys if dwell is None else [dwell, *keys])
    digits = len(str(len(order)))
    return RatingMatrix(
        rater=np.arange(len(order)),
        stimulus=stimulus[order],
        levels=acts.levels[order],
        rater_ids=tuple(f"rating {place:0{digits}d}" for place in range(1, len(order) + 1)),
        stimulus_ids=stimulus_ids,
        dimensions=tuple(dimension.key for dimension in dimensions),
        scale=dimensions[0].scale.as_analysed(),
        dwell_ms=None if dwell is None else dwell[order],
    )


# --- with raters ---


def _with_raters(
    read: ReadTable, dimensions: Sequence[Dimension], acts: Acts, notes: list[str]
) -> RatingMatrix:
    assert read.raters is not None  # noqa: S101 - the caller has looked
    order = np.lexsort((acts.precedence, acts.stimulus, acts.rater))
    rater, stimulus, row = acts.rater[order], acts.stimulus[order], acts.row[order]
    levels = acts.levels[order]
    pair = rater * len(read.stimuli.texts) + stimulus
    is_first = np.diff(pair, prepend=-1) != 0
    present, rater = np.unique(rater, return_inverse=True)
    stimulus_ids, stimulus = _listed_stimuli(read, dimensions, stimulus)
    first = np.flatnonzero(is_first)
    again = np.flatnonzero(~is_first)
    sitting = _sittings(read, rater[first], row[first])
    return RatingMatrix(
        rater=rater[first],
        stimulus=stimulus[first],
        levels=levels[first],
        rater_ids=tuple(read.raters.texts[code] for code in present),
        stimulus_ids=stimulus_ids,
        dimensions=tuple(dimension.key for dimension in dimensions),
        scale=dimensions[0].scale.as_analysed(),
        position=_positions(read, rater[first], row[first], sitting, notes),
        dwell_ms=_dwell_ms(read, row[first]),
        sitting=sitting,
        repeats=Repeats(rater[again], stimulus[again], levels[again]) if again.size else None,
    )


def _listed_stimuli(
    read: ReadTable, dimensions: Sequence[Dimension], stimulus: IntArray
) -> tuple[tuple[str, ...], IntArray]:
    """The stimuli for which these dimensions were asked, rated or not; and each one's place."""
    asked = np.zeros(len(read.stimuli.texts), dtype=np.bool_)
    for dimension in dimensions:
        asked[read.stimuli.codes[dimension.asked & read.usable]] = True
    place = np.cumsum(asked) - 1
    return tuple(np.array(read.stimuli.texts, dtype=object)[asked]), place[stimulus]


def _sittings(read: ReadTable, rater: IntArray, row: IntArray) -> IntArray | None:
    """The sittings of each rater, numbered through from 1."""
    if read.roles.sitting is None:
        return None
    codes = sortable(read.table.column(read.roles.sitting))[row]
    pairs, place = np.unique(rater * (int(codes.max(initial=0)) + 1) + codes, return_inverse=True)
    owner = pairs // (int(codes.max(initial=0)) + 1)
    first = np.searchsorted(owner, owner)
    numbers: IntArray = (np.arange(len(pairs)) - first + 1)[place]
    return numbers


def _positions(
    read: ReadTable,
    rater: IntArray,
    row: IntArray,
    sitting: IntArray | None,
    notes: list[str],
) -> IntArray | None:
    """Places of each rater's ratings in order of presentation; None where that is not clear."""
    if read.roles.order is None:
        return None
    column = read.table.column(read.roles.order)
    codes = sortable(column)[row]
    within = np.zeros(len(row), dtype=np.int64) if sitting is None else sitting
    order = np.lexsort((codes, within, rater))
    same = [np.diff(values[order]) == 0 for values in (rater, within, codes)]
    has_gaps = not all(column.values[code] for code in np.unique(column.codes[row]))
    if np.logical_and.reduce(same).any() or has_gaps:
        notes.append(
            f"{read.roles.order} does not give each rating of a rater a place of its own, so the"
            " order of presentation is not used."
        )
        return None
    count = np.bincount(rater)
    position = np.empty(len(row), dtype=np.int64)
    position[order] = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    return position


def _dwell_ms(read: ReadTable, row: IntArray) -> IntArray | None:
    """Time of each rating in ms, -1 where the cell holds no time."""
    if read.roles.time is None:
        return None
    column = read.table.column(read.roles.time)
    unit = read.roles.time_unit_ms
    numbers = [number_of(value) for value in column.values]
    if not any(number is not None for number in numbers):
        raise InvalidInput(f"The column {read.roles.time} holds no times in seconds.")
    ms = [NO_TIME if number is None or number < 0 else round(number * unit) for number in numbers]
    found: IntArray = np.array(ms, dtype=np.int64)[column.codes[row]]
    return found


# --- repeats and copies ---


def _without_copies(read: ReadTable, acts: Acts, notes: list[str]) -> Acts:
    """Without rows that are written twice, times included: nobody rates twice at once."""
    if read.roles.order is None and read.roles.time is None:
        return acts
    order = np.lexsort((acts.precedence, acts.stimulus, acts.rater))
    follows = np.diff(acts.rater[order], prepend=-1) == 0
    follows &= np.diff(acts.stimulus[order], prepend=-1) == 0
    if not follows.any():
        return acts
    row = acts.row[order]
    for name in read.table.names:
        codes = read.table.column(name).codes
        follows[1:] &= codes[row[1:]] == codes[row[:-1]]
    if not follows.any():
        return acts
    copies = counted(int(follows.sum()), "row that repeats", "rows that repeat")
    notes.append(f"Left out: {copies} another one to the letter.")
    kept = np.sort(order[~follows])
    return Acts(
        acts.rater[kept],
        acts.stimulus[kept],
        acts.row[kept],
        acts.levels[kept],
        acts.precedence[kept],
    )


def _check_repeats(
    read: ReadTable,
    matrix: RatingMatrix,
    acts: Acts,
    warnings: list[str],
    *,
    is_stimulus_given: bool,
) -> None:
    if matrix.repeats is None:
        return
    again = len(matrix.repeats.rater)
    pairs = matrix.repeats.rater * len(matrix.stimulus_ids) + matrix.repeats.stimulus
    share = len(np.unique(pairs)) / matrix.ratings
    name = ",".join(read.roles.stimulus)
    is_explained = is_stimulus_given or read.roles.sitting or read.roles.repetition
    if share > MANY_REPEATS and not is_explained:
        raise InvalidInput(
            f"Most raters have several scores for the same {name}, so the stimulus is probably"
            " named by several columns together: say --stimulus COLUMN,COLUMN, or"
            f" --stimulus {name} if they did rate everything several times."
        )
    roles = read.roles
    by = roles.sitting or roles.repetition or roles.order or "place in the file"
    warnings.append(
        f"{counted(again, 'rating')} came after a first one by the same rater for the same"
        f" stimulus. The first (by {by}) counts; the others only show how steady the raters are."
    )
