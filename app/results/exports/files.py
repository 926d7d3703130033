"""A table as a file, piece by piece: CSV, JSON or Parquet."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from enum import StrEnum
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from app.results.exports.tables import Column, Kind, Row, Table, typed
from app.results.exports.text import csv_text

# Rows of a Parquet row group: large enough to compress well, small enough to hold in memory.
ROW_GROUP = 20_000

_TYPES = {
    Kind.TEXT: pa.string(),
    Kind.INTEGER: pa.int64(),
    Kind.NUMBER: pa.float64(),
    Kind.FLAG: pa.bool_(),
    Kind.DOCUMENT: pa.string(),
}


class FileForm(StrEnum):
    """The forms in which a table can be had."""

    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"

    @property
    def media_type(self) -> str:
        """The media type of a file in this form."""
        return {
            "csv": "text/csv; charset=utf-8",
            "json": "application/json",
            "parquet": "application/vnd.apache.parquet",
        }[self.value]


async def write_file(table: Table, form: FileForm) -> AsyncGenerator[bytes, None]:
    """The pieces of the file."""
    writers = {FileForm.JSON: _json_pieces, FileForm.PARQUET: _parquet_pieces}
    if form is FileForm.CSV:
        async with aclosing(csv_pieces(table)) as texts:
            async for text in texts:
                yield text.encode()
        return
    async with aclosing(writers[form](table)) as pieces:
        async for piece in pieces:
            yield piece


async def csv_pieces(table: Table) -> AsyncGenerator[str, None]:
    """The table as CSV text with one header line."""
    yield csv_text([table.names])
    async with aclosing(table.pages) as pages:
        async for page in pages:
            yield csv_text(page)


async def _json_pieces(table: Table) -> AsyncGenerator[bytes, None]:
    """One object: the table's origin, and its rows as objects under ``rows``, one a line."""
    origin = json.dumps(table.origin, ensure_ascii=False)
    yield f'{{"origin": {origin}, "rows": ['.encode()
    separator = "\n"
    async with aclosing(table.pages) as pages:
        async for page in pages:
            lines = [json.dumps(_as_object(table, row), ensure_ascii=False) for row in page]
            if lines:
                yield (separator + ",\n".join(lines)).encode()
                separator = ",\n"
    yield b"\n]}\n"


def _as_object(table: Table, row: Row) -> dict[str, Any]:
    return {
        column.name: _json_value(cell, column)
        for column, cell in zip(table.columns, row, strict=True)
    }


def _json_value(cell: Any, column: Column) -> Any:
    value = typed(cell, column.kind)
    return json.loads(value) if column.kind is Kind.DOCUMENT and value is not None else value


async def _parquet_pieces(table: Table) -> AsyncGenerator[bytes, None]:
    """Row group by row group; the origin stands in the schema's metadata."""
    sink = _Sink()
    schema = pa.schema(
        [pa.field(column.name, _TYPES[column.kind]) for column in table.columns],
        metadata={f"beholder.{key}": value for key, value in table.origin.items()},
    )
    with pq.ParquetWriter(sink, schema, compression="zstd") as writer:
        async for rows in _groups(table, ROW_GROUP):
            batch = await asyncio.to_thread(_arrow_table, table.columns, rows, schema)
            await asyncio.to_thread(writer.write_table, batch)
            yield sink.take()
    yield sink.take()


async def _groups(table: Table, size: int) -> AsyncIterator[list[Row]]:
    """The rows in groups of about this many."""
    group: list[Row] = []
    async with aclosing(table.pages) as pages:
        async for page in pages:
            group += page
            if len(group) >= size:
                yield group
                group = []
    if group:
        yield group


def _arrow_table(columns: Sequence[Column], rows: Sequence[Row], schema: Any) -> Any:
    arrays = [
        pa.array([typed(row[place], column.kind) for row in rows], type=_TYPES[column.kind])
        for place, column in enumerate(columns)
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


class _Sink:
    """What Parquet is written to, and taken from piece by piece."""

    closed = False

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._written = 0

    def write(self, data: Any) -> int:
        """Keep the bytes until they are taken."""
        piece = bytes(data)
        self._pieces.append(piece)
        self._written += len(piece)
        return len(piece)

    def tell(self) -> int:
        """How many bytes have been written."""
        return self._written

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Nothing has to be closed."""
        self.closed = True

    def readable(self) -> bool:
        """It is written to only."""
        return False

    def writable(self) -> bool:
        """It can be written to."""
        return True

    def seekable(self) -> bool:
        """There is no way back."""
        return False

    def take(self) -> bytes:
        """What has been written since the last time."""
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken
