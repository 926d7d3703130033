"""The fingerprint of data: a digest of arrays and of a header that says what they are."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from app.analysis.arrays import IntArray

_WIDTHS = ("<i1", "<i2", "<i4", "<i8")


def digest(header: Mapping[str, Any], columns: Mapping[str, IntArray]) -> str:
    """SHA-256 (64 hexadecimal digits) of a header and named arrays of integers.

    In words: the header as JSON, with the name, width and shape of every array under "columns"; a
    line feed; then the values of one array after the other, column by column, as little-endian
    integers of the least width (8, 16, 32 or 64 bits) that holds all of that array. The width
    follows from the values, so equal content has equal bytes however it was held in memory.
    """
    widths = {name: _least_width(array) for name, array in columns.items()}
    described = [[name, widths[name], list(array.shape)] for name, array in columns.items()]
    sha256 = hashlib.sha256(json.dumps({**header, "columns": described}).encode() + b"\n")
    for name, array in columns.items():
        sha256.update(np.ascontiguousarray(array.T, dtype=widths[name]).data)
    return sha256.hexdigest()


def _least_width(array: IntArray) -> str:
    least, most = (int(array.min()), int(array.max())) if array.size else (0, 0)
    limits = ((width, np.iinfo(width)) for width in _WIDTHS)
    return next(width for width, limit in limits if limit.min <= least and most <= limit.max)
