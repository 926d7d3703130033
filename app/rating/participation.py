"""Participation: a study, a rater in it and the rater's newest sitting, read together."""

import uuid
from dataclasses import dataclass

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables import Rater, Sitting, Study
from app.database.tables.rating import RaterStatus, SittingState
from app.errors import Forbidden, UnknownRater
from app.study.protocol import Protocol
from app.study.studies import get_study, protocol_of

_NEWEST = (
    select(Sitting.id)
    .where(Sitting.rater_id == Rater.id)
    .order_by(Sitting.number.desc())
    .limit(1)
    .correlate(Rater)
    .scalar_subquery()
)
FIND = (
    select(Study, Rater, Sitting)
    .join(Rater, Rater.study_id == Study.id)
    .outerjoin(Sitting, Sitting.id == _NEWEST)
    .where(Study.slug == bindparam("slug"), Rater.public_id == bindparam("rater_id"))
    # What was read before a lock was waited for may be old.
    .execution_options(populate_existing=True)
)


@dataclass(frozen=True)
class Participation:
    """A rater in a study; ``rater`` is None before consent, ``sitting`` before the first one."""

    study: Study
    protocol: Protocol
    rater: Rater | None
    sitting: Sitting | None


@dataclass(frozen=True)
class ActiveParticipation(Participation):
    """A rater who may go on."""

    rater: Rater


async def find_participation(
    session: AsyncSession, *, slug: str, rater_id: uuid.UUID | None
) -> Participation:
    """The study and, if this browser has joined it, the rater; raises NotFound for no study."""
    found = None
    if rater_id is not None:
        found = (await session.execute(FIND, {"slug": slug, "rater_id": rater_id})).first()
    if found is None:
        study = await get_study(session, slug=slug)
        return Participation(study, protocol_of(study), None, None)
    study, rater, sitting = found
    return Participation(study, protocol_of(study), rater, sitting)


async def get_participation(
    session: AsyncSession, *, slug: str, rater_id: uuid.UUID
) -> ActiveParticipation:
    """The rater in the study; raises UnknownRater, or Forbidden when their part has ended."""
    found = await find_participation(session, slug=slug, rater_id=rater_id)
    if found.rater is None:
        raise UnknownRater
    if found.rater.status in {RaterStatus.EXCLUDED, RaterStatus.WITHDRAWN}:
        raise Forbidden("Your part in this study has ended.")
    return ActiveParticipation(found.study, found.protocol, found.rater, found.sitting)


def active_sitting(participation: Participation) -> Sitting | None:
    """The sitting that goes on, if there is one."""
    sitting = participation.sitting
    return sitting if sitting is not None and sitting.state is SittingState.ACTIVE else None
