"""Rows as CSV text, and documents in a cell."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from typing import Any

from app.results.exports.stimulus_records import StimulusRecord
from app.results.exports.tables import Column, Kind

PAGE = 2000
"""Rows of one piece of text."""

CONDITION_COLUMNS = (
    Column("generator"),
    Column("revision"),
    Column("guidance", Kind.NUMBER),
    Column("steps", Kind.INTEGER),
    Column("scheduler"),
    Column("settings", Kind.DOCUMENT),
    Column("seed", Kind.INTEGER),
)


def csv_text(rows: Iterable[Sequence[Any]]) -> str:
    """The rows as CSV; floats in the shortest form that reads back to the same bits."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue()


def json_cell(document: dict[str, Any]) -> str:
    """A document as compact JSON; nothing at all for an empty one."""
    if not document:
        return ""
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def condition_cells(record: StimulusRecord) -> tuple[Any, ...]:
    """The generator with its settings, in the order of ``CONDITION_COLUMNS``."""
    return (
        record.generator,
        record.revision,
        record.guidance,
        record.steps,
        record.scheduler,
        json_cell(record.extra),
        record.seed,
    )
