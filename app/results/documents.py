"""Results of the numerics as documents: what JSON can hold, and nothing it cannot.

A dataclass becomes an object, an array a list of lists, and NaN or an infinity null: JSON has no
number for what is not defined.
"""

import math
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

import numpy as np
from pydantic import BaseModel

Json = dict[str, Any] | list[Any] | str | int | float | bool | None


def document_of(value: object) -> Json:
    """The value as JSON; raises TypeError for what has no such form.

    Dataclasses (by field, their properties left out), mappings, sequences, sets (sorted), NumPy
    arrays and numbers, enumerations (by value), pydantic models, and plain values.
    """
    match value:
        case Enum():
            return document_of(value.value)
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case np.generic():
            return document_of(value.item())
        case np.ndarray():
            return _list_of(value)
        case BaseModel():
            return document_of(value.model_dump())
        case Mapping():
            return {str(document_of(key)): document_of(item) for key, item in value.items()}
        case list() | tuple():
            return [document_of(item) for item in value]
        case AbstractSet():
            return sorted((document_of(item) for item in value), key=str)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: document_of(getattr(value, field.name)) for field in fields(value)}
    raise TypeError(f"{type(value).__name__} has no form in JSON.")


def _list_of(array: np.ndarray[Any, np.dtype[Any]]) -> Json:
    """The array as nested lists; whole arrays of defined numbers need no look at each."""
    if array.dtype.kind in "iub" or (array.dtype.kind == "f" and np.isfinite(array).all()):
        return array.tolist()  # type: ignore[no-any-return]
    return document_of(array.tolist())
