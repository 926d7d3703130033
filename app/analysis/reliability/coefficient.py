"""One number about a panel with everything it takes to read it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Coefficient:
    """A number, what it was computed from, and what it says.

    method : id of the method, with its version.
    value, low, high : NaN where not defined; `interval` says in words what the bounds are, and
        is empty if there are none.
    raters, stimuli, ratings : what the number was computed from.
    sentence : what it says, or why there is no number.
    """

    method: str
    value: float
    low: float
    high: float
    interval: str
    raters: int
    stimuli: int
    ratings: int
    sentence: str
