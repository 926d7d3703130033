"""From cells to acts of rating: who rated what, with a level for each dimension.

1. Each score is brought onto the scale of its dimension.
2. Scores of one act are put side by side: those of one row or, where a column names the
   dimension, the first of each dimension by a rater for a stimulus, then the second, …
3. Of several acts of a rater for a stimulus the first counts, the others are repeats (`groups`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from app.analysis.matrix import OVERALL, BoolArray, IntArray
from app.errors import InvalidInput
from app.results.rating_files.cells import number_of, parse_scores
from app.results.rating_files.ids import Ids, find_ids
from app.results.rating_files.options import ReadingOptions, Roles
from app.results.rating_files.scales import RatingScale, assumed_scale
from app.results.rating_files.table import Column, RatingTable
from app.results.rating_files.wording import counted


@dataclass(frozen=True, eq=False)
class Dimension:
    """What is judged: its key in the matrix, its name in the file, its scale.

    asked : rows in which it stands, with or without a score. levels : shape (rows,), -1 where
    there is no score.
    """

    key: str
    label: str
    scale: RatingScale
    asked: BoolArray
    levels: IntArray


@dataclass(frozen=True, eq=False)
class Acts:
    """Acts of rating, each with the row that its time and order are taken from.

    levels : shape (acts, dimensions), -1 where there is no score.
    precedence : the lower, the earlier among the acts of a rater for a stimulus.
    """

    rater: IntArray
    stimulus: IntArray
    row: IntArray
    levels: IntArray
    precedence: IntArray


@dataclass(frozen=True, eq=False)
class ReadTable:
    """A long table whose columns are known, with ids and dimensions; ``usable`` rows have ids."""

    table: RatingTable
    roles: Roles
    raters: Ids | None
    stimuli: Ids
    dimensions: tuple[Dimension, ...]
    usable: BoolArray
    notes: tuple[str, ...]
    warnings: tuple[str, ...]


def read_cells(table: RatingTable, roles: Roles, options: ReadingOptions) -> ReadTable:
    """Ids, dimensions and levels of a long table; raises InvalidInput for what is no score."""
    raters = find_ids(table, roles.rater) if roles.rater else None
    stimuli = find_ids(table, roles.stimulus)
    notes: list[str] = []
    usable = ~stimuli.lacking
    _note_left_out(notes, int(stimuli.lacking.sum()), "names no stimulus", "name no stimulus")
    if raters is not None:
        lacking = int((raters.lacking & usable).sum())
        _note_left_out(notes, lacking, "names no rater", "name no rater")
        usable &= ~raters.lacking
    if not usable.any():
        raise InvalidInput("No row names both a rater and a stimulus.")
    dimensions = _dimensions(table, roles, options, usable, notes)
    _note_unscored(notes, dimensions, usable)
    for dimension in dimensions:
        notes += dimension.scale.notes
    warnings = [warning for d in dimensions for warning in d.scale.warnings]
    return ReadTable(
        table,
        roles,
        raters,
        stimuli,
        tuple(dimensions),
        usable,
        tuple(dict.fromkeys(notes)),
        tuple(dict.fromkeys(warnings)),
    )


def acts_of_rows(read: ReadTable, chosen: Sequence[Dimension]) -> Acts:
    """Acts where each row is one: a score in each of these dimensions, or in some."""
    levels = np.column_stack([dimension.levels for dimension in chosen])
    row = np.flatnonzero(read.usable & (levels >= 0).any(axis=1))
    rater = row if read.raters is None else read.raters.codes[row]
    return Acts(rater, read.stimuli.codes[row], row, levels[row], precedence_of(read)[row])


def acts_of_dimension_rows(read: ReadTable) -> Acts:
    """Acts where a row has the score of one dimension: the k-th of a rater for a stimulus."""
    assert read.raters is not None  # noqa: S101 - without raters nothing tells which rows match
    stimuli, precedence = len(read.stimuli.texts), precedence_of(read)
    found = []
    for d, dimension in enumerate(read.dimensions):
        row = np.flatnonzero(read.usable & (dimension.levels >= 0))
        pair = read.raters.codes[row] * stimuli + read.stimuli.codes[row]
        order = np.lexsort((precedence[row], pair))
        row, pair = row[order], pair[order]
        start = np.flatnonzero(np.diff(pair, prepend=-1))
        k = np.arange(len(pair)) - np.repeat(start, np.diff(start, append=len(pair)))
        found.append((d, row, pair, k))
    repetitions = max((int(k.max(initial=0)) for *_, k in found), default=0) + 1
    every = [pair * repetitions + k for _, _, pair, k in found]
    keys = np.unique(np.concatenate(every))
    levels = np.full((len(keys), len(read.dimensions)), -1, dtype=np.int64)
    rows = np.full(len(keys), -1, dtype=np.int64)
    for (d, row, _, _), key in zip(found, every, strict=True):
        place = np.searchsorted(keys, key)
        levels[place, d] = read.dimensions[d].levels[row]
        rows[place] = np.where(rows[place] < 0, row, rows[place])
    pair, k = np.divmod(keys, repetitions)
    rater, stimulus = np.divmod(pair, stimuli)
    return Acts(rater, stimulus, rows, levels, k)


def precedence_of(read: ReadTable) -> IntArray:
    """Places of the rows in time: by sitting, repetition and order if known, then as in the file.

    Shape (rows,).
    """
    names = (read.roles.order, read.roles.repetition, read.roles.sitting)
    known = [sortable(read.table.column(name)) for name in names if name is not None]
    keys = [np.arange(read.table.rows), *known]
    place = np.empty(read.table.rows, dtype=np.int64)
    place[np.lexsort(keys)] = np.arange(read.table.rows)
    return place


def sortable(column: Column) -> IntArray:
    """Codes that sort like the cells: as numbers if all are, else as text; empty ones last."""
    numbers = [number_of(value) for value in column.values]
    by_number = all(
        number is not None for number, x in zip(numbers, column.values, strict=True) if x
    )

    def key(i: int) -> tuple[bool, Decimal, str]:
        number = numbers[i] if by_number else None
        return column.values[i] == "", number or Decimal(0), column.values[i]

    order = sorted(range(len(column.values)), key=key)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    ranked: IntArray = place[column.codes]
    return ranked


# --- dimensions ---


def _dimensions(
    table: RatingTable,
    roles: Roles,
    options: ReadingOptions,
    usable: BoolArray,
    notes: list[str],
) -> list[Dimension]:
    asked: list[tuple[str, str, BoolArray]] = []
    if roles.dimension is None:
        asked = [(name, name, usable) for name in roles.score]
    else:
        names = table.column(roles.dimension)
        empty = int((usable & _is_empty(names)).sum())
        _note_left_out(notes, empty, f"has no {roles.dimension}", f"have no {roles.dimension}")
        asked = [
            (value, roles.score[0], usable & (names.codes == code))
            for code, value in enumerate(names.values)
            if value and (usable & (names.codes == code)).any()
        ]
    _require_scales_named(options, [label for label, _, _ in asked])
    return [_dimension(table, label, column, rows, options, notes) for label, column, rows in asked]


def _is_empty(column: Column) -> BoolArray:
    return np.array([not value for value in column.values], dtype=np.bool_)[column.codes]


def _dimension(
    table: RatingTable,
    label: str,
    column_name: str,
    asked: BoolArray,
    options: ReadingOptions,
    notes: list[str],
) -> Dimension:
    column = table.column(column_name)
    used = np.unique(column.codes[asked])
    parsed = parse_scores(
        [column.values[code] for code in used],
        column=column_name,
        words=options.words,
        missing=options.missing,
    )
    notes += parsed.notes
    numbers = [number for number in parsed.numbers if number is not None]
    if not numbers:
        raise InvalidInput(f"There is no score in {label}: all its cells are empty.")
    scale = _scale(label, numbers, options)
    level_of_code = np.full(len(column.values), -1, dtype=np.int64)
    level_of_code[used] = scale.levels_of(parsed.numbers, column=label)
    levels = np.where(asked, level_of_code[column.codes], -1)
    key = f"{label} (rated)" if label == OVERALL else label
    return Dimension(key, label, scale, asked, levels)


def _scale(label: str, numbers: Sequence[Decimal], options: ReadingOptions) -> RatingScale:
    given = options.scales.get(label, options.scales.get(""))
    if given is None:
        return assumed_scale(numbers, column=label)
    return replace(given, is_rounded=options.is_rounding)


def _require_scales_named(options: ReadingOptions, labels: Sequence[str]) -> None:
    unknown = set(options.scales) - {"", *labels}
    if unknown:
        raise InvalidInput(
            f"--scale names {', '.join(sorted(unknown))}, but the dimensions are"
            f" {', '.join(labels)}."
        )


# --- notes ---


def _note_left_out(notes: list[str], rows: int, one: str, many: str) -> None:
    if rows:
        notes.append(f"Left out: {counted(rows, f'row that {one}', f'rows that {many}')}.")


def _note_unscored(notes: list[str], dimensions: Sequence[Dimension], usable: BoolArray) -> None:
    for dimension in dimensions:
        empty = int((dimension.asked & usable & (dimension.levels < 0)).sum())
        if empty:
            asked = int((dimension.asked & usable).sum())
            notes.append(f"{dimension.label}: {empty:,} of {asked:,} rows have no score.")
