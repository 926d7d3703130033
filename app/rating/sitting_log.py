"""The log of sittings: who sat when, for how long, and how far they came."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables.rating import RaterStatus, SittingState
from app.rating.raters import SIMULATED


@dataclass(frozen=True)
class SittingRecord:
    """One sitting; ``rated`` of ``planned`` are its main presentations."""

    code: str
    source: str
    status: RaterStatus
    number: int
    state: SittingState
    started_at: datetime
    last_seen_at: datetime
    rated: int
    planned: int

    @property
    def is_simulated(self) -> bool:
        """Whether a program sat here."""
        return self.source == SIMULATED

    @property
    def duration(self) -> timedelta:
        """From the start to the last sign of life."""
        return self.last_seen_at - self.started_at


# The newest sittings of the study are found first; only their presentations are counted.
NEWEST = text(
    """
    SELECT newest.*, progress.rated, progress.planned
    FROM (
        SELECT sitting.id, rater.public_code AS code, rater.recruitment_source AS source,
            rater.status, sitting.number, sitting.state, sitting.started_at, sitting.last_seen_at
        FROM rater
        JOIN sitting ON sitting.rater_id = rater.id
        WHERE rater.study_id = :study_id
            AND (cast(:code AS text) IS NULL OR rater.public_code = :code)
        ORDER BY sitting.last_seen_at DESC, sitting.id DESC
        LIMIT :most
    ) AS newest
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE presentation.state = 'rated') AS rated, count(*) AS planned
        FROM presentation
        WHERE presentation.sitting_id = newest.id AND presentation.phase = 'main'
    ) AS progress
    ORDER BY newest.last_seen_at DESC, newest.id DESC
    """
)


async def list_sittings(
    session: AsyncSession, *, study_id: int, public_code: str | None = None, most: int = 10
) -> list[SittingRecord]:
    """The latest sittings of a study, or of one of its raters, newest first."""
    values = {"study_id": study_id, "code": public_code, "most": most}
    rows = (await session.execute(NEWEST, values)).mappings()
    return [
        SittingRecord(
            **{name: value for name, value in row.items() if name not in {"id", "status", "state"}},
            status=RaterStatus(row["status"]),
            state=SittingState(row["state"]),
        )
        for row in rows
    ]
