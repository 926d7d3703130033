"""What an export contains: typed columns, where it comes from, and its rows page by page."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Row = Sequence[Any]


class Kind(StrEnum):
    """What a column holds; any cell may be None, which means "not defined" or "not known"."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    FLAG = "flag"
    """``yes`` or ``no``."""
    DOCUMENT = "document"
    """A JSON document as text; empty for an empty one."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column."""

    name: str
    kind: Kind = Kind.TEXT


@dataclass(frozen=True)
class Table:
    """A table whose rows are produced while it is written; cells are as CSV shows them.

    ``origin`` says where the numbers come from, and goes into the file where its form allows.
    """

    columns: tuple[Column, ...]
    origin: dict[str, str]
    pages: AsyncGenerator[Sequence[Row], None]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names."""
        return tuple(column.name for column in self.columns)


def typed(cell: Any, kind: Kind) -> Any:
    """The cell as a value of its kind, None where CSV has nothing."""
    if cell is None or (cell == "" and kind is not Kind.TEXT):
        return None
    match kind:
        case Kind.NUMBER:
            return float(cell)
        case Kind.INTEGER:
            return int(cell)
        case Kind.FLAG:
            return cell == "yes"
        case _:
            return str(cell)
