"""What all raters of one simulation have in common."""

from collections.abc import Callable
from dataclasses import dataclass

import httpx

from app.database.engine import SessionFactory
from app.simulation.cookie_file import CookieFile
from app.simulation.observations import Observations
from app.simulation.truth import Truth
from app.study.protocol import Protocol


@dataclass(frozen=True)
class Errand:
    """Which study is rated where, how patiently, and where observations are noted.

    ``pace_s`` is the time an honest rater takes for a rating; at 0 nobody waits, and the times
    that are sent along are those that a person would have taken.
    """

    slug: str
    url: str
    seed: int
    protocol: Protocol
    truth: Truth
    sessions: SessionFactory
    observations: Observations
    connect: Callable[[], httpx.AsyncBaseTransport]
    pace_s: float
    patience_s: float
    sittings: int
    cookie_file: CookieFile | None = None
