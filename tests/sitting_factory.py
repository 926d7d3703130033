"""Ready-made raters with finished sittings, written straight into the tables."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count

from factories import NOW
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables import Presentation, Rater, Rating, Sitting, Stimulus, Study
from app.database.tables.rating import Phase, PresentationState, RaterStatus, SittingState
from app.database.tables.study import StimulusKind
from app.rating.balance import recount_stimuli

Levels = Callable[[int], list[int]]
_numbers = count(1)


def as_position(position: int) -> list[int]:
    """Levels that differ from stimulus to stimulus: 3, 6, 9 … and 2, 4, 6 …"""
    return [3 * position % 51, 2 * position % 51]


async def make_rater(
    session: AsyncSession,
    *,
    slug: str = "example",
    code: str | None = None,
    source: str = "link",
    status: RaterStatus = RaterStatus.ACTIVE,
) -> int:
    """A rater who has accepted the consent text."""
    study_id = select(Study.id).where(Study.slug == slug).scalar_subquery()
    joined = await session.execute(
        insert(Rater)
        .values(
            study_id=study_id,
            public_code=code or f"R{next(_numbers):05}",
            recruitment_source=source,
            consent_version="1",
            consented_at=NOW,
            status=status,
        )
        .returning(Rater.id)
    )
    return joined.scalar_one()


async def make_sitting(
    session: AsyncSession,
    *,
    rater_id: int,
    slug: str = "example",
    rated: int | None = None,
    levels: Levels = as_position,
    dwell_ms: int | None = 2000,
    state: SittingState = SittingState.FINISHED,
    at: datetime = NOW,
) -> int:
    """A sitting over all main stimuli, of which the first ``rated`` (or all) are rated."""
    opened = await session.execute(
        insert(Sitting)
        .values(
            rater_id=rater_id,
            number=1,
            seed=1,
            state=state,
            started_at=at - timedelta(minutes=10),
            stretch_started_at=at - timedelta(minutes=10),
            last_seen_at=at,
            lease_expires_at=at + timedelta(minutes=30),
        )
        .returning(Sitting.id)
    )
    sitting_id = opened.scalar_one()
    stimuli = (
        await session.scalars(
            select(Stimulus.id)
            .join(Study, Study.id == Stimulus.study_id)
            .where(Study.slug == slug, Stimulus.kind == StimulusKind.MAIN)
            .order_by(Stimulus.id)
        )
    ).all()
    rated = len(stimuli) if rated is None else rated
    places = list(enumerate(stimuli, start=1))
    shown = await session.execute(
        insert(Presentation).returning(Presentation.position, Presentation.id),
        [
            {
                "sitting_id": sitting_id,
                "rater_id": rater_id,
                "stimulus_id": stimulus_id,
                "phase": Phase.MAIN,
                "position": position,
                "state": PresentationState.RATED if position <= rated else PresentationState.LEASED,
            }
            for position, stimulus_id in places
        ],
    )
    acts = [
        {
            "presentation_id": presentation_id,
            "revision": 1,
            "levels": levels(position),
            "dwell_ms": dwell_ms,
            "created_at": at,
        }
        for position, presentation_id in shown.all()
        if position <= rated
    ]
    if acts:
        await session.execute(insert(Rating), acts)
    await recount_stimuli(session, stimulus_ids=stimuli)
    return sitting_id
