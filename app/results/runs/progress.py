"""How far a run has come: its steps, and telling somebody which one begins."""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Any


class Step(StrEnum):
    """What a run does, in this order; steps that were not chosen are left out."""

    LOAD = "load"
    SCREEN = "screen"
    ESTIMATES = "estimates"
    RELIABILITY = "reliability"
    SENSITIVITY = "sensitivity"
    STORE = "store"


STEP_WORDS = {
    Step.LOAD: "Reading the ratings",
    Step.SCREEN: "Screening the raters and averaging the scores",
    Step.ESTIMATES: "Estimating every picture by every method chosen",
    Step.RELIABILITY: "Measuring how reliable the panel is",
    Step.SENSITIVITY: "Comparing the methods, with and without each rater",
    Step.STORE: "Looking at generators and settings, and storing the results",
}

Tell = Callable[[Step], Awaitable[None]]
"""Called before each step; may raise to break the run off."""


async def tell_nobody(step: Step) -> None:
    """For a run that nobody watches."""


def progress_document(step: Step, steps: tuple[Step, ...], *, attempt: int) -> dict[str, Any]:
    """What is stored while a run is at this step, the ones before being done."""
    return {"step": step, "done": steps.index(step), "of": len(steps), "attempt": attempt}
