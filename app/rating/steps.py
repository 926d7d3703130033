"""The step a rater is at, with everything its page shows."""

import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables import Sitting
from app.database.tables.rating import RaterStatus
from app.database.tables.study import StudyState
from app.rating.balance import expire_sittings
from app.rating.participation import (
    ActiveParticipation,
    Participation,
    active_sitting,
    find_participation,
)
from app.rating.progress import Progress, get_progress
from app.rating.quota import count_remaining_quota
from app.rating.sitting_state import Facts, SittingFacts, StepKind, next_step
from app.rating.views import View, get_presentation, list_open_views, list_upcoming
from app.study.protocol import Protocol

__all__ = ["Step", "StepKind", "View", "get_presentation", "get_step", "list_upcoming"]

REASONS = {
    StudyState.DRAFT: "This study has not started yet.",
    StudyState.PAUSED: "This study is paused. Please come back later; what you rated is stored.",
    StudyState.CLOSED: "This study is closed. Thank you.",
}


@dataclass(frozen=True)
class Step:
    """What a person sees next."""

    kind: StepKind
    study_title: str
    protocol: Protocol
    rater_code: str | None = None
    presentation: View | None = None
    progress: Progress | None = None
    break_until: datetime | None = None
    reason: str = ""
    may_continue: bool = False


async def get_step(
    session: AsyncSession, *, slug: str, rater_id: uuid.UUID | None, now: datetime
) -> Step:
    """The step of this browser's rater, or the first one for a stranger."""
    found = await find_participation(session, slug=slug, rater_id=rater_id)
    sitting = found.sitting
    progress = await get_progress(session, sitting_id=sitting.id) if sitting else None
    kind = next_step(facts_of(found, progress), found.protocol.sitting, now=now)
    step = Step(
        kind=kind,
        study_title=found.study.title,
        protocol=found.protocol,
        rater_code=found.rater.public_code if found.rater else None,
        progress=progress,
    )
    return await _complete(session, step, found, now=now)


def facts_of(participation: Participation, progress: Progress | None) -> Facts:
    """What the state machine needs to know."""
    rater, sitting = participation.rater, participation.sitting
    facts = None
    if sitting is not None and progress is not None:
        facts = SittingFacts(
            state=sitting.state,
            stretch_started_at=sitting.stretch_started_at,
            break_started_at=sitting.break_started_at,
            lease_expires_at=sitting.lease_expires_at,
            open_training=progress.open_training,
            open_main=progress.open_main,
        )
    return Facts(participation.study.state, rater.status if rater else None, facts)


async def _complete(
    session: AsyncSession, step: Step, found: Participation, *, now: datetime
) -> Step:
    """Add what the page of this kind of step shows."""
    if step.kind is StepKind.UNAVAILABLE:
        return replace(step, reason=_reason(found))
    if found.rater is None:
        return step
    rater = ActiveParticipation(found.study, found.protocol, found.rater, found.sitting)
    if step.kind is StepKind.RATE:
        views = await list_open_views(session, participation=rater, count=1)
        if not views:  # rated or given back in another tab since the progress was read
            return replace(step, kind=StepKind.THANKS)
        return replace(step, presentation=views[0])
    if step.kind is StepKind.REST:
        return replace(step, break_until=await _break_until(session, found, now=now))
    if step.kind is StepKind.THANKS:
        await expire_sittings(session, study_id=found.study.id, now=now)
        quota = await count_remaining_quota(session, participation=rater)
        return replace(step, may_continue=quota > 0)
    return step


def _reason(found: Participation) -> str:
    if found.study.state is not StudyState.OPEN:
        return REASONS[found.study.state]
    if found.rater is not None and found.rater.status is RaterStatus.WITHDRAWN:
        return "You have withdrawn from this study, and your ratings have been erased."
    return "Your part in this study has ended. Thank you for your time."


async def _break_until(session: AsyncSession, found: Participation, *, now: datetime) -> datetime:
    """When the break may end; notes its beginning the first time it is shown."""
    sitting = active_sitting(found)
    assert sitting is not None  # noqa: S101  # a break belongs to an active sitting
    begun = sitting.break_started_at or now
    await session.execute(
        update(Sitting)
        .where(Sitting.id == sitting.id)
        .values(
            break_started_at=begun,
            last_seen_at=now,
            lease_expires_at=now + timedelta(minutes=found.protocol.sitting.lease_minutes),
        )
    )
    return begun + timedelta(seconds=found.protocol.sitting.break_seconds)
