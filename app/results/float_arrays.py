"""Arrays of floats for PostgreSQL, packed at once instead of number by number.

``float8[]`` in PostgreSQL's binary form: number of dimensions, whether there are NULLs, the type
of the elements, length and lower bound, then length and bytes of every element.  A NaN is written
as NULL, which has a length of -1 and no bytes.
"""

import struct
from typing import Any

import numpy as np
import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import Dumper
from psycopg.pq import Format
from sqlalchemy.ext.asyncio import AsyncSession

from app.results.bulk import driver_connection

FLOAT8, FLOAT8_ARRAY = 701, 1022
_HEADER = struct.Struct("!iiIii")
_ELEMENT = np.dtype([("length", ">i4"), ("value", ">f8")])


class PackedFloats(Dumper):
    """A one-dimensional NumPy array as ``float8[]``, NaN as NULL."""

    format = Format.BINARY
    oid = FLOAT8_ARRAY

    def dump(self, obj: Any) -> Buffer:
        return pack_floats(np.asarray(obj, dtype=np.float64))


def pack_floats(values: np.ndarray[Any, np.dtype[np.float64]]) -> bytes:
    """The binary form of a one-dimensional array."""
    undefined = np.isnan(values)
    header = _HEADER.pack(1, int(undefined.any()), FLOAT8, len(values), 1)
    elements = np.empty(len(values), dtype=_ELEMENT)
    elements["length"] = np.where(undefined, -1, 8)
    elements["value"] = values
    if not undefined.any():
        return header + elements.tobytes()
    kept = np.ones((len(values), _ELEMENT.itemsize), dtype=bool)
    kept[undefined, 4:] = False
    as_bytes = elements.view(np.uint8).reshape(len(values), _ELEMENT.itemsize)
    return header + as_bytes[kept].tobytes()


async def use_packed_floats(session: AsyncSession) -> psycopg.AsyncConnection[Any]:
    """Let the session's connection take NumPy arrays for ``float8[]`` in a binary COPY."""
    connection = await driver_connection(session)
    connection.adapters.register_dumper(np.ndarray, PackedFloats)
    return connection
