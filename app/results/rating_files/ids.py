"""Who and what: the values of one or several columns as ids, and the rows that lack one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.analysis.matrix import BoolArray, IntArray
from app.results.rating_files.keys import codes_of
from app.results.rating_files.table import RatingTable

KEY_SEPARATOR = " / "
_NO_ID = frozenset({"", "nan", "null", "<na>"})


@dataclass(frozen=True, eq=False)
class Ids:
    """``texts[codes[row]]`` is the id of a row; ``parts`` has the values it is made of.

    lacking : rows in which a part is empty.
    """

    codes: IntArray
    texts: tuple[str, ...]
    parts: tuple[tuple[str, ...], ...]
    lacking: BoolArray


def find_ids(table: RatingTable, names: Sequence[str]) -> Ids:
    """The ids that the columns make together, as texts with `` / `` between their parts."""
    columns = [table.column(name) for name in names]
    codes = codes_of(table, names)
    first = np.unique(codes, return_index=True)[1]
    parts = tuple(tuple(column.values[column.codes[row]] for column in columns) for row in first)
    texts = [KEY_SEPARATOR.join(part) for part in parts]
    if len(set(texts)) < len(texts):  # a part that contains the separator
        texts = [KEY_SEPARATOR.join(map(repr, part)) for part in parts]
    empty = np.array([any(x.casefold() in _NO_ID for x in part) for part in parts], dtype=np.bool_)
    return Ids(codes, tuple(texts), parts, empty[codes])
