"""Progress within a sitting: how many are rated, how many remain, about how long they take."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables.rating import Phase

# One pass over the sitting's presentations by uq_presentation_sitting_id_position.  The median
# time between two showings is the rater's pace; a break in between does not move it.
COUNT = text(
    """
    SELECT
        count(*) FILTER (WHERE phase = 'training' AND state = 'rated') AS training_rated,
        count(*) FILTER (WHERE phase = 'training' AND state <> 'released') AS training_total,
        count(*) FILTER (WHERE phase = 'main' AND state = 'rated') AS main_rated,
        count(*) FILTER (WHERE phase = 'main' AND state <> 'released') AS main_total,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS pace_seconds
    FROM (
        SELECT phase, state,
            extract(epoch FROM shown_at - lag(shown_at) OVER (ORDER BY shown_at)) AS seconds
        FROM presentation
        WHERE sitting_id = :sitting_id
    ) AS presentation
    """
)


@dataclass(frozen=True)
class Progress:
    """Counts of one sitting; training and main presentations are counted apart."""

    training_rated: int
    training_total: int
    main_rated: int
    main_total: int
    pace_seconds: float | None

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
        """Time for what remains at the rater's own pace; None before the second rating."""
        if self.pace_seconds is None:
            return None
        return round((self.open_training + self.open_main) * self.pace_seconds)


async def get_progress(session: AsyncSession, *, sitting_id: int) -> Progress:
    """The progress of one sitting."""
    row = (await session.execute(COUNT, {"sitting_id": sitting_id})).one()
    return Progress(**row._mapping)
