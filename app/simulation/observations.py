"""What simulated raters see while they work: receipts, times, refusals, retries."""

import uuid
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np


class Ending(StrEnum):
    """How a simulated rater's part ended."""

    FINISHED = "finished"
    DROPPED_OUT = "dropped out"
    NOTHING_LEFT = "nothing left"
    TURNED_AWAY = "turned away"
    FAILED = "failed"


@dataclass(frozen=True)
class Acknowledged:
    """A rating the server has confirmed: what a rater may rely on being stored."""

    presentation: uuid.UUID
    levels: tuple[int, ...]


@dataclass
class Observations:
    """Everything the raters of one simulation saw, gathered while they work; times in seconds."""

    acknowledged: list[Acknowledged] = field(default_factory=list)
    submit_s: list[float] = field(default_factory=list)
    next_picture_s: list[float] = field(default_factory=list)
    retries: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    replayed: int = 0
    altered: int = 0
    repeats: int = 0


@dataclass(frozen=True)
class Percentiles:
    """Latency in ms; None where nothing was measured."""

    p50: float | None
    p95: float | None
    p99: float | None
    max: float | None


def percentiles_ms(seconds: list[float]) -> Percentiles:
    """Percentiles of times given in seconds."""
    if not seconds:
        return Percentiles(None, None, None, None)
    found = np.percentile(np.array(seconds) * 1000, (50, 95, 99, 100))
    return Percentiles(*(round(float(value), 2) for value in found))
