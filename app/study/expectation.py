"""What is expected of a gold stimulus: a picture whose score is known within a tolerance.

Stored with the stimulus as a document, dimension key -> [lowest score, highest score] accepted,
such as ``{"quality": [1, 2]}``.  Nothing is expected in a dimension that it does not name.
"""

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, NamedTuple

from pydantic import Field, TypeAdapter, ValidationError

from app.errors import InvalidInput
from app.study.protocol import Protocol

Score = Annotated[Decimal, Field(allow_inf_nan=False)]

_DOCUMENT = TypeAdapter(dict[str, tuple[Score, Score]])

# Lowest above highest: no level is expected.
NOTHING_EXPECTED = (1, 0)


class ExpectedLevels(NamedTuple):
    """Lowest and highest level that is accepted, for each dimension in the protocol's order.

    Where the lowest lies above the highest, nothing is expected.
    """

    low: tuple[int, ...]
    high: tuple[int, ...]


def expected_levels(expectation: Mapping[str, Any], protocol: Protocol) -> ExpectedLevels:
    """The levels that a stored expectation accepts; raises InvalidInput if it makes no sense."""
    try:
        bounds = _DOCUMENT.validate_python(expectation)
    except ValidationError:
        raise InvalidInput(
            "An expectation names dimensions, each with its lowest and highest accepted score."
        ) from None
    keys = [dimension.key for dimension in protocol.dimensions]
    if unknown := set(bounds).difference(keys):
        names = ", ".join(sorted(unknown))
        raise InvalidInput(f"Something is expected of unknown dimensions: {names}.")
    levels = [
        _levels(key, bounds[key], protocol) if key in bounds else NOTHING_EXPECTED for key in keys
    ]
    low, high = zip(*levels, strict=True)
    return ExpectedLevels(low, high)


def _levels(key: str, bounds: tuple[Decimal, Decimal], protocol: Protocol) -> tuple[int, int]:
    """The levels whose scores lie within the bounds, both included."""
    scale = protocol.scale
    lowest, highest = ((bound - scale.low) / scale.step for bound in bounds)
    low, high = max(0, math.ceil(lowest)), min(scale.level_max, math.floor(highest))
    if low > high:
        raise InvalidInput(
            f"No score of the scale lies between {bounds[0]} and {bounds[1]}, which is expected of"
            f" “{key}”."
        )
    return low, high
