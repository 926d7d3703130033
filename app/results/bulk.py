"""Many rows at once, over the session's own connection and inside its transaction.

Reading: PostgreSQL packs whole columns into arrays (``array_agg``), which arrive as one block of
bytes each and become NumPy arrays without a Python object per value; the ratings themselves come
still faster (``packed_ratings``).  ``benchmarks/load_matrix.py`` compares this with binary COPY and
with fetching rows.  Writing: binary COPY.
"""

import uuid
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import psycopg
from psycopg import sql
from psycopg.adapt import Buffer, Loader
from psycopg.pq import Format
from sqlalchemy.ext.asyncio import AsyncSession

IntArray = npt.NDArray[np.int64]

_NULL_FREE = 0


class _PackedIntegers(Loader):
    """An array of integers in PostgreSQL's binary form, of one or two dimensions, as NumPy's."""

    format = Format.BINARY
    width: ClassVar[int]

    def load(self, data: Buffer) -> IntArray:
        dimensions, has_null = np.frombuffer(data, ">i4", count=2)
        if has_null != _NULL_FREE:
            raise ValueError("An array with empty places cannot be read as integers.")
        # After number of dimensions, null flag and element type: (length, lower bound) for each.
        shape = np.frombuffer(data, ">i4", count=2 * int(dimensions), offset=12)[::2]
        element = np.dtype([("length", ">i4"), ("value", f">i{self.width}")])
        values = np.frombuffer(data, element, offset=12 + 8 * int(dimensions))["value"]
        return values.astype(np.int64).reshape(tuple(int(side) for side in shape))


class _PackedInt2(_PackedIntegers):
    width = 2


class _PackedInt8(_PackedIntegers):
    width = 8


async def driver_connection(session: AsyncSession) -> psycopg.AsyncConnection[Any]:
    """The psycopg connection under the session, in the session's transaction."""
    raw = await (await session.connection()).get_raw_connection()
    connection = raw.driver_connection
    if not isinstance(connection, psycopg.AsyncConnection):
        raise TypeError("The session does not run on psycopg.")
    return connection


async def fetch_packed(
    session: AsyncSession, query: str, parameters: Mapping[str, Any]
) -> tuple[Any, ...]:
    """The one row of a query, with arrays of ``int2`` and ``int8`` as NumPy arrays of int64."""
    connection = await driver_connection(session)
    async with connection.cursor(binary=True) as cursor:
        for name, loader in (("int2", _PackedInt2), ("int8", _PackedInt8)):
            cursor.adapters.register_loader(cursor.adapters.types[name].array_oid, loader)
        await cursor.execute(query.encode(), parameters)
        row = await cursor.fetchone()
    if row is None:
        raise ValueError("The query has no row.")
    return tuple(row)


async def fetch_rows(
    session: AsyncSession, query: str, parameters: Mapping[str, Any]
) -> list[tuple[Any, ...]]:
    """All rows of a query, for few rows with much in them."""
    connection = await driver_connection(session)
    async with connection.cursor(binary=True) as cursor:
        await cursor.execute(query.encode(), parameters)
        return await cursor.fetchall()


async def stream_rows(
    session: AsyncSession, query: str, parameters: Mapping[str, Any], *, size: int
) -> AsyncIterator[list[tuple[Any, ...]]]:
    """The rows of a query, so many at a time; the rest waits in the server."""
    connection = await driver_connection(session)
    async with connection.cursor(f"stream_{uuid.uuid4().hex}", binary=True) as cursor:
        await cursor.execute(query.encode(), parameters)
        while rows := await cursor.fetchmany(size):
            yield rows


async def copy_rows(
    session: AsyncSession,
    *,
    table: str,
    columns: Mapping[str, str],
    rows: Iterable[Sequence[Any]],
) -> None:
    """Insert rows by binary COPY; ``columns`` maps each column to its PostgreSQL type."""
    connection = await driver_connection(session)
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    async with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(list(columns.values()))
        for row in rows:
            await copy.write_row(row)
