"""What a user may say about a table of ratings, and what was understood of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from app.results.rating_files.scales import RatingScale

NOBODY = "none"
"""What ``--rater`` says of a table that does not tell who rated."""


class Wide(StrEnum):
    """What a row of a wide table is."""

    RATERS = "raters"
    STIMULI = "stimuli"


@dataclass(frozen=True)
class ReadingOptions:
    """What the user said; None or empty means that it is to be found out.

    ``rater`` may be ("none",).  ``scales`` has the scale of each dimension by name, and under
    "" that of all others.  ``words`` are categories from the lowest to the highest; ``missing``
    are further cells that mean "no score".
    """

    rater: tuple[str, ...] | None = None
    stimulus: tuple[str, ...] | None = None
    score: tuple[str, ...] | None = None
    dimension: str | None = None
    seconds: str | None = None
    sitting: str | None = None
    order: str | None = None
    repetition: str | None = None
    wide: Wide | None = None
    has_header: bool | None = None
    scales: Mapping[str, RatingScale] = field(default_factory=dict)
    is_rounding: bool = False
    words: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Roles:
    """Which columns play which part in a long table.

    rater : empty if the table does not tell who rated.
    score : one column, or one per dimension. dimension : column that names the dimension.
    time_unit_ms : milliseconds in one unit of the column ``time``.
    file : the column that was added to tell several files apart, if so.
    """

    rater: tuple[str, ...]
    stimulus: tuple[str, ...]
    score: tuple[str, ...]
    dimension: str | None = None
    time: str | None = None
    time_unit_ms: int = 1000
    sitting: str | None = None
    order: str | None = None
    repetition: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def used(self) -> set[str]:
        """Names of all columns with a part."""
        others = (self.dimension, self.time, self.sitting, self.order, self.repetition)
        return {*self.rater, *self.stimulus, *self.score, *(x for x in others if x)}
