"""What a rater is shown of a presentation: the prompt, the picture's size, their own scores.

Nothing here says how the picture was made; pages for raters are drawn from these alone.
"""

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables import Image, Presentation, Prompt, Rating, Stimulus
from app.database.tables.rating import Phase, PresentationState
from app.errors import PresentationNotFound
from app.rating.participation import ActiveParticipation, active_sitting, get_participation
from app.study.protocol import Protocol


@dataclass(frozen=True)
class View:
    """One presentation as its rater sees it; ``revision`` 0 and no scores before it is rated."""

    public_id: uuid.UUID
    prompt: str
    language: str
    width: int
    height: int
    phase: Phase
    position: int
    revision: int
    scores: dict[str, str]


def _views() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Presentation.public_id,
            Prompt.text,
            Prompt.language,
            Image.width,
            Image.height,
            Presentation.phase,
            Presentation.position,
            Rating.revision,
            Rating.levels,
        )
        .join(Stimulus, Stimulus.id == Presentation.stimulus_id)
        .join(Image, Image.id == Stimulus.image_id)
        .join(Prompt, Prompt.id == Image.prompt_id)
        .outerjoin(
            Rating,
            and_(Rating.presentation_id == Presentation.id, Rating.superseded_at.is_(None)),
        )
    )


UPCOMING = (
    _views()
    .where(
        Presentation.sitting_id == bindparam("sitting_id"),
        Presentation.state == PresentationState.LEASED,
    )
    .order_by(Presentation.position)
    .limit(bindparam("count"))
)
ONE = _views().where(
    Presentation.rater_id == bindparam("rater_id"),
    Presentation.public_id == bindparam("presentation_id"),
)
PREVIOUS = (
    _views()
    .where(
        Presentation.sitting_id == bindparam("sitting_id"),
        Presentation.state == PresentationState.RATED,
        Presentation.position < bindparam("before"),
    )
    .order_by(Presentation.position.desc())
    .limit(1)
)
LAST_POSITION = 1 << 40


def scores_of(protocol: Protocol, levels: list[int] | None) -> dict[str, str]:
    """Scores as text by dimension; empty for an unrated presentation."""
    if levels is None:
        return {}
    return {
        dimension.key: str(protocol.scale.score_of(level))
        for dimension, level in zip(protocol.dimensions, levels, strict=True)
    }


def _view(protocol: Protocol, row: Any) -> View:
    return View(
        public_id=row.public_id,
        prompt=row.text,
        language=row.language,
        width=row.width,
        height=row.height,
        phase=row.phase,
        position=row.position,
        revision=row.revision or 0,
        scores=scores_of(protocol, row.levels),
    )


async def list_open_views(
    session: AsyncSession, *, participation: ActiveParticipation, count: int
) -> list[View]:
    """The next presentations of the active sitting that are not rated, in playlist order."""
    sitting = active_sitting(participation)
    if sitting is None:
        return []
    rows = await session.execute(UPCOMING, {"sitting_id": sitting.id, "count": count})
    return [_view(participation.protocol, row) for row in rows]


async def list_upcoming(
    session: AsyncSession, *, slug: str, rater_id: uuid.UUID, count: int = 3
) -> list[View]:
    """The presentation to rate now and the ones after it, for fetching pictures ahead."""
    participation = await get_participation(session, slug=slug, rater_id=rater_id)
    return await list_open_views(session, participation=participation, count=count)


async def get_presentation(
    session: AsyncSession, *, slug: str, rater_id: uuid.UUID, presentation_id: uuid.UUID
) -> View:
    """One of the rater's own presentations; raises PresentationNotFound for any other."""
    participation = await get_participation(session, slug=slug, rater_id=rater_id)
    values = {"rater_id": participation.rater.id, "presentation_id": presentation_id}
    row = (await session.execute(ONE, values)).first()
    if row is None:
        raise PresentationNotFound
    return _view(participation.protocol, row)


async def find_previous(
    session: AsyncSession, *, slug: str, rater_id: uuid.UUID, before: uuid.UUID | None
) -> View | None:
    """The presentation rated before this one in the active sitting, or the last rated."""
    participation = await get_participation(session, slug=slug, rater_id=rater_id)
    sitting = active_sitting(participation)
    if sitting is None:
        return None
    position = LAST_POSITION
    if before is not None:
        position = (
            await get_presentation(session, slug=slug, rater_id=rater_id, presentation_id=before)
        ).position
    values = {"sitting_id": sitting.id, "before": position}
    row = (await session.execute(PREVIOUS, values)).first()
    return None if row is None else _view(participation.protocol, row)
