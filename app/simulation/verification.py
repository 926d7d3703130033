"""Afterwards: is every acknowledged rating stored, was nothing repeated, is all balanced?"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables import Presentation, Rating, Stimulus
from app.database.tables.study import StimulusKind
from app.simulation.observations import Acknowledged

BATCH = 5000

FIRST_ANSWERS = (
    select(Presentation.public_id, Rating.levels)
    .join(Rating, Rating.presentation_id == Presentation.id)
    .where(Presentation.public_id.in_(bindparam("ids", expanding=True)), Rating.revision == 1)
)
# Stimuli that the same rater has rated in more than one presentation.
REPEATS = text(
    """
    SELECT count(*) FROM (
        SELECT FROM presentation
        JOIN stimulus ON stimulus.id = presentation.stimulus_id
        WHERE stimulus.study_id = :study_id AND presentation.state = 'rated'
        GROUP BY presentation.rater_id, presentation.stimulus_id
        HAVING count(*) > 1
    ) AS repeated
    """
)


@dataclass(frozen=True)
class Verification:
    """How many acknowledged ratings were looked for, and how many are missing or different."""

    acknowledged: int
    lost: int
    altered: int


@dataclass(frozen=True)
class Balance:
    """Usable ratings of the least and the most rated main stimulus, and places still leased."""

    least: int
    most: int
    leased: int

    @property
    def difference(self) -> int:
        """Most minus least; at most 1 once all leases are settled."""
        return self.most - self.least


async def verify_receipts(
    session: AsyncSession, *, acknowledged: Sequence[Acknowledged]
) -> Verification:
    """Look up every acknowledged rating and compare its levels."""
    lost = altered = 0
    for start in range(0, len(acknowledged), BATCH):
        batch = acknowledged[start : start + BATCH]
        rows = await session.execute(FIRST_ANSWERS, {"ids": [item.presentation for item in batch]})
        stored = {row.public_id: tuple(row.levels) for row in rows}
        lost += sum(item.presentation not in stored for item in batch)
        altered += sum(stored.get(item.presentation, item.levels) != item.levels for item in batch)
    return Verification(len(acknowledged), lost, altered)


async def count_repeats(session: AsyncSession, *, study_id: int) -> int:
    """How often a rater of the study has rated the same stimulus again; must be 0."""
    repeats: int = (await session.execute(REPEATS, {"study_id": study_id})).scalar_one()
    return repeats


async def measure_balance(session: AsyncSession, *, study_id: int) -> Balance:
    """How evenly the usable ratings lie on the main stimuli."""
    query = select(
        func.coalesce(func.min(Stimulus.usable_count), 0),
        func.coalesce(func.max(Stimulus.usable_count), 0),
        func.coalesce(func.sum(Stimulus.leased_count), 0),
    ).where(Stimulus.study_id == study_id, Stimulus.kind == StimulusKind.MAIN)
    return Balance(*map(int, (await session.execute(query)).one()))
