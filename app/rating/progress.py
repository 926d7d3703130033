"""Progress within a sitting: how many are rated, how many remain, about how long they take."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables.rating import Phase

# One pass over the sitting's presentations by uq_presentation_sitting_id_position.
COUNT = text(
    """
    SELECT
        count(*) FILTER (WHERE phase = 'training' AND state = 'rated'),
        count(*) FILTER (WHERE phase = 'training' AND state <> 'released'),
        count(*) FILTER (WHERE phase = 'main' AND state = 'rated'),
        count(*) FILTER (WHERE phase = 'main' AND state <> 'released'),
        avg(rating.dwell_ms) FILTER (WHERE phase = 'main') AS mean_dwell_ms
    FROM presentation
    LEFT JOIN rating
        ON rating.presentation_id = presentation.id AND rating.superseded_at IS NULL
    WHERE presentation.sitting_id = :sitting_id
    """
)


@dataclass(frozen=True)
class Progress:
    """Counts of one sitting; training and main presentations are counted apart."""

    training_rated: int
    training_total: int
    main_rated: int
    main_total: int
    mean_dwell_ms: float | None

    @property
    def phase(self) -> Phase:
        """The part of the sitting that the next presentation belongs to."""
        return Phase.TRAINING if self.training_rated < self.training_total else Phase.MAIN

    @property
    def rated(self) -> int:
        """Presentations of the present phase that are rated."""
        return self.training_rated if self.phase is Phase.TRAINING else self.main_rated

    @property
    def total(self) -> int:
        """Presentations of the present phase."""
        return self.training_total if self.phase is Phase.TRAINING else self.main_total

    @property
    def open_training(self) -> int:
        """Training presentations still to come."""
        return self.training_total - self.training_rated

    @property
    def open_main(self) -> int:
        """Main presentations still to come."""
        return self.main_total - self.main_rated

    @property
    def seconds_left(self) -> int | None:
        """Time for what remains at the rater's own mean pace; None before the first rating."""
        if self.mean_dwell_ms is None:
            return None
        return round((self.open_training + self.open_main) * self.mean_dwell_ms / 1000)


async def get_progress(session: AsyncSession, *, sitting_id: int) -> Progress:
    """The progress of one sitting."""
    row = (await session.execute(COUNT, {"sitting_id": sitting_id})).one()
    mean_dwell_ms = None if row.mean_dwell_ms is None else float(row.mean_dwell_ms)
    return Progress(row[0], row[1], row[2], row[3], mean_dwell_ms)
