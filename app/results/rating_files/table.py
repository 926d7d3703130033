"""A table of text cells, whatever file it came from: columns found by name, cells by code."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from app.analysis.matrix import IntArray
from app.errors import InvalidInput


@dataclass(frozen=True, eq=False)
class Column:
    """One column: ``values[codes[row]]`` is the text of a cell; values are distinct and sorted."""

    name: str
    codes: IntArray
    values: tuple[str, ...]


@dataclass(eq=False)
class RatingTable:
    """Columns of text with unique names, in the order of the file.

    ``notes`` say what reading had to do: rows joined or left out, an encoding that was guessed.
    ``first_line`` is the line of the file in which the first row stands, 0 where unknown.
    """

    data: Any
    notes: tuple[str, ...] = ()
    first_line: int = 0
    _columns: dict[str, Column] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names."""
        return tuple(self.data.column_names)

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(self.data.num_rows)

    def column(self, name: str) -> Column:
        """A column with its cells as codes; blanks around a cell are no part of it."""
        if name not in self._columns:
            self._columns[name] = _encoded(name, self.data.column(name))
        return self._columns[name]


def _encoded(name: str, cells: Any) -> Column:
    trimmed = pc.utf8_trim_whitespace(pc.fill_null(cells, ""))
    encoded = pc.dictionary_encode(trimmed.combine_chunks())
    if isinstance(encoded, pa.ChunkedArray):  # more text than one array can hold
        encoded = encoded.unify_dictionaries().combine_chunks()
    values = encoded.dictionary.to_pylist()
    order = sorted(range(len(values)), key=values.__getitem__)
    place = np.empty(len(values), dtype=np.int64)
    place[order] = np.arange(len(values))
    codes = place[encoded.indices.to_numpy(zero_copy_only=False)] if values else place
    return Column(name, codes, tuple(values[i] for i in order))


def table_of(
    names: Sequence[str], columns: Sequence[Sequence[str]], notes: Sequence[str] = ()
) -> RatingTable:
    """A table of columns of text."""
    arrays = [pa.array(column, type=pa.string()) for column in columns]
    return RatingTable(pa.Table.from_arrays(arrays, names=unique_names(names)), tuple(notes))


def unique_names(names: Sequence[str]) -> list[str]:
    """The header as it can be used: trimmed; a column without a name is called by its number.

    Raises InvalidInput if a name occurs twice.
    """
    named = [name.strip() or f"column {place}" for place, name in enumerate(names, start=1)]
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        raise InvalidInput(
            f"The table has more than one column called {', '.join(twice[:3])};"
            " please give each a name of its own."
        )
    return named


def as_text(data: Any) -> tuple[Any, list[str]]:
    """An Arrow table with all columns as text, and the names of those that cannot be text."""
    arrays, names, dropped = [], [], []
    for name, column in zip(unique_names(data.column_names), data.columns, strict=True):
        if isinstance(column.type, pa.DictionaryType):
            column = column.cast(column.type.value_type)
        try:
            arrays.append(column.cast(pa.string()))
            names.append(name)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            dropped.append(name)
    return pa.Table.from_arrays(arrays, names=names), dropped


def join_tables(tables: Sequence[RatingTable], labels: Sequence[str]) -> tuple[RatingTable, str]:
    """Several files as one table, with a column that says from which file; and its name."""
    taken = {name for table in tables for name in table.names}
    name = next(name for name in ("file", "source_file", "table_file") if name not in taken)
    parts = [
        table.data.append_column(name, pa.array([label] * table.rows, type=pa.string()))
        for table, label in zip(tables, labels, strict=True)
    ]
    notes = [
        f"{label}: {note}"
        for table, label in zip(tables, labels, strict=True)
        for note in table.notes
    ]
    if len({frozenset(table.names) for table in tables}) > 1:
        notes.append("The files do not have the same columns; cells that a file lacks are empty.")
    joined = pa.concat_tables(parts, promote_options="default")
    return RatingTable(joined, tuple(notes)), name
