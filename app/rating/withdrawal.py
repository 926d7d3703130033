"""Withdrawal: the one thing that erases ratings.  A count stays behind, nothing personal does."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.audit import record_event
from app.database.tables import (
    AuditEvent,
    Presentation,
    Rater,
    Rating,
    RunRater,
    ScreeningDecision,
    Sitting,
)
from app.database.tables.rating import RaterStatus
from app.errors import UnknownRater
from app.rating.balance import lock_balance, recount_stimuli
from app.rating.participation import find_participation
from app.rating.sittings import finish_sittings

# A run that left nobody has a reason for each rater, under the rater's code.
_ERASE_REASONS = text(
    """
    UPDATE analysis_run
    SET error = error || jsonb_build_object('problems', (
        SELECT COALESCE(jsonb_agg(problem ORDER BY place), '[]')
        FROM jsonb_array_elements(error -> 'problems') WITH ORDINALITY AS said (problem, place)
        WHERE problem ->> 'where' <> :code
    ))
    WHERE study_id = :study_id AND state = 'failed'
      AND error -> 'problems' @> jsonb_build_array(jsonb_build_object('where', CAST(:code AS text)))
    """
)


async def withdraw(session: AsyncSession, *, slug: str, rater_id: uuid.UUID, now: datetime) -> int:
    """Erase a rater's ratings and personal data; return how many ratings were erased.

    The places reopen at once.  Withdrawing again erases nothing more and returns 0.  Analysis
    runs made before keep their scores, which are means over many raters, but lose what they said
    about this one, and so do runs that failed.
    """
    found = await find_participation(session, slug=slug, rater_id=rater_id)
    if found.rater is None:
        raise UnknownRater
    await lock_balance(session, study_id=found.study.id)
    sitting_ids = await _lock_sittings(session, found.rater.id)
    rater = await _lock_rater(session, found.rater.id)
    if rater.status is RaterStatus.WITHDRAWN:
        return 0
    await finish_sittings(session, sitting_ids=sitting_ids, now=now)
    erased = await _erase_ratings(session, rater.id)
    await _erase_person(session, rater.id, erased)
    await _erase_words(session, slug=slug, rater=rater)
    await record_event(
        session,
        actor="rater",
        action="rater_withdrew",
        subject_kind="rater",
        subject_id=rater.public_code,
        detail={"study": slug, "ratings_erased": erased},
    )
    return erased


async def _lock_sittings(session: AsyncSession, rater_id: int) -> Sequence[int]:
    """Locked, so that an answer in flight is stored and erased, or refused, but never left over."""
    locked = await session.scalars(
        select(Sitting.id)
        .where(Sitting.rater_id == rater_id)
        .order_by(Sitting.id)
        .with_for_update()
    )
    return locked.all()


async def _lock_rater(session: AsyncSession, rater_id: int) -> Rater:
    """Read again under the lock: a second click may have withdrawn in between."""
    found = await session.scalars(
        select(Rater)
        .where(Rater.id == rater_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return found.one()


async def _erase_ratings(session: AsyncSession, rater_id: int) -> int:
    """Delete ratings and presentations, and count their stimuli again."""
    await session.execute(text("SET LOCAL beholder.withdrawal = 'on'"))
    mine = select(Presentation.id).where(Presentation.rater_id == rater_id)
    erased = await session.scalars(
        delete(Rating).where(Rating.presentation_id.in_(mine)).returning(Rating.superseded_at)
    )
    count = sum(superseded_at is None for superseded_at in erased)
    await session.execute(text("SET LOCAL beholder.withdrawal = 'off'"))
    stimuli = await session.scalars(
        delete(Presentation)
        .where(Presentation.rater_id == rater_id)
        .returning(Presentation.stimulus_id)
    )
    await recount_stimuli(session, stimulus_ids=stimuli.all())
    return count


async def _erase_person(session: AsyncSession, rater_id: int, erased: int) -> None:
    await session.execute(
        update(Rater)
        .where(Rater.id == rater_id)
        .values(
            status=RaterStatus.WITHDRAWN,
            status_reason=None,
            external_id=None,
            eligibility={},
            erased_rating_count=erased,
        )
    )
    await session.execute(
        update(Sitting).where(Sitting.rater_id == rater_id).values(environment={})
    )
    await session.execute(
        update(RunRater).where(RunRater.rater_id == rater_id).values(evidence={}, n=0)
    )


async def _erase_words(session: AsyncSession, *, slug: str, rater: Rater) -> None:
    """Erase what others wrote about the person; that something was decided stays."""
    await session.execute(_ERASE_REASONS, {"study_id": rater.study_id, "code": rater.public_code})
    await session.execute(
        update(ScreeningDecision).where(ScreeningDecision.rater_id == rater.id).values(reason="")
    )
    await session.execute(
        update(AuditEvent)
        .where(
            AuditEvent.subject_kind == "rater",
            AuditEvent.subject_id == rater.public_code,
            AuditEvent.detail["study"].astext == slug,
        )
        .values(detail=AuditEvent.detail.op("-")("reason"))
    )
