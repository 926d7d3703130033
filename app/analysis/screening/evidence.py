"""What a check found out about one rater in one dimension."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Protocol

from app.analysis.matrix import RatingMatrix


class Status(StrEnum):
    """Outcome of a check; a check that could not be made is not a failed one."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One check of one rater in one dimension.

    reason : one sentence for people who are no statisticians.
    numbers : what the reason rests on, by name; None where a number is not defined, never NaN,
        so that the mapping can be stored as JSON.
    """

    check: str
    dimension: str
    rater_id: str
    status: Status
    reason: str
    numbers: Mapping[str, float | None]


class Check(Protocol):
    """A named way of looking at raters; its fields are its parameters."""

    name: ClassVar[str]
    version: ClassVar[int]

    def evidence(self, matrix: RatingMatrix) -> tuple[Evidence, ...]:
        """Evidence for every rater, dimension by dimension, in the order of the matrix."""
        ...


def method_id(check: Check) -> str:
    """Name and version of a check, as stored with every run."""
    return f"screening/{check.name}@{check.version}"


def defined(number: float) -> float | None:
    """The number, or None where it is not defined, as `Evidence.numbers` wants it."""
    return float(number) if math.isfinite(number) else None
