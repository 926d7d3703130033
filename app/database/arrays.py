"""Many rows in one statement: parallel arrays, given as parameters, that are read as a table.

One statement takes any number of rows this way; PostgreSQL allows 65,535 single parameters.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    TableValuedAlias,
    bindparam,
    column,
    func,
    literal,
)
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.types import TypeEngine


def table_of_arrays(**columns: type[TypeEngine[Any]]) -> TableValuedAlias:
    """A table ``given`` with these columns, whose rows ``as_arrays`` makes into parameters."""
    arrays = [bindparam(f"all_{name}", type_=ARRAY(kind)) for name, kind in columns.items()]
    named = [column(name, kind) for name, kind in columns.items()]
    return func.unnest(*arrays).table_valued(*named, name="given").render_derived()


def as_arrays(rows: Iterable[object], names: Iterable[str]) -> dict[str, list[Any]]:
    """Parameters for ``table_of_arrays``: the attributes of these names, row by row."""
    rows = list(rows)
    return {f"all_{name}": [getattr(row, name) for row in rows] for name in names}


def is_one_of(id_column: InstrumentedAttribute[int], ids: Iterable[int]) -> ColumnElement[bool]:
    """The condition that a row has one of these ids, however many they are."""
    return id_column == func.any(literal(list(ids), ARRAY(BigInteger)))
