"""Sittings: opened with a playlist, interrupted by breaks, finished or left."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables import Presentation, Rater, Sitting
from app.database.tables.rating import Phase, PresentationState, RaterStatus, SittingState
from app.database.tables.study import StimulusKind, StudyState
from app.errors import Conflict, StudyNotOpen
from app.rating.balance import (
    choose_stimuli,
    count_leases,
    expire_sittings,
    lock_balance,
    release_presentations,
)
from app.rating.participation import ActiveParticipation, active_sitting, get_participation
from app.rating.playlist import Entry, build_playlist
from app.rating.quota import count_remaining_quota
from app.study.studies import get_study

COUNT_TRAINED = text(
    """
    SELECT count(*) FROM presentation
    WHERE rater_id = :rater_id AND phase = 'training' AND state = 'rated'
    """
)


async def open_sitting(
    session: AsyncSession,
    *,
    slug: str,
    rater_id: uuid.UUID,
    environment: dict[str, Any],
    now: datetime,
    seed: int,
) -> None:
    """Open a sitting with its playlist; does nothing when one goes on already.

    1. Give back the places of abandoned sittings, under the study's balance lock; who the rater
       is by now is read after waiting for it.
    2. Choose training stimuli that the protocol still asks for, then the least rated main ones.
    3. Put each part in order and lease it.
    A rater for whom nothing is left is completed.  Raises StudyNotOpen.
    """
    study = await get_study(session, slug=slug)
    await expire_sittings(session, study_id=study.id, now=now)
    participation = await get_participation(session, slug=slug, rater_id=rater_id)
    if participation.study.state is not StudyState.OPEN:
        raise StudyNotOpen
    if await _has_active_sitting(session, rater=participation.rater):
        return
    training = await _choose_training(session, participation, seed=seed)
    main = await _choose_main(session, participation, seed=seed)
    if not main:
        await _complete_rater(session, participation.rater.id)
        return
    sitting_id = await _insert_sitting(session, participation, environment, now=now, seed=seed)
    await _lease(session, sitting_id, participation.rater.id, training, main)


async def _has_active_sitting(session: AsyncSession, *, rater: Rater) -> bool:
    """Asked again under the lock: a double click may have opened one in between."""
    found = await session.scalar(
        select(Sitting.id).where(Sitting.rater_id == rater.id, Sitting.state == SittingState.ACTIVE)
    )
    return found is not None


async def _choose_training(
    session: AsyncSession, participation: ActiveParticipation, *, seed: int
) -> list[Entry]:
    trained = await session.scalar(COUNT_TRAINED, {"rater_id": participation.rater.id})
    length = max(0, participation.protocol.sitting.training - (trained or 0))
    entries = await choose_stimuli(
        session,
        study_id=participation.study.id,
        rater_id=participation.rater.id,
        kind=StimulusKind.TRAINING,
        length=length,
        target=participation.protocol.target_ratings,
        seed=seed,
    )
    return build_playlist(entries, seed=seed)


async def _choose_main(
    session: AsyncSession, participation: ActiveParticipation, *, seed: int
) -> list[Entry]:
    quota = await count_remaining_quota(session, participation=participation)
    entries = await choose_stimuli(
        session,
        study_id=participation.study.id,
        rater_id=participation.rater.id,
        kind=StimulusKind.MAIN,
        length=min(participation.protocol.sitting.presentations, quota),
        target=participation.protocol.target_ratings,
        seed=seed,
    )
    return build_playlist(entries, seed=seed)


async def _insert_sitting(
    session: AsyncSession,
    participation: ActiveParticipation,
    environment: dict[str, Any],
    *,
    now: datetime,
    seed: int,
) -> int:
    last = select(func.coalesce(func.max(Sitting.number), 0)).where(
        Sitting.rater_id == participation.rater.id
    )
    opened = await session.execute(
        insert(Sitting)
        .values(
            rater_id=participation.rater.id,
            number=last.scalar_subquery() + 1,
            seed=seed,
            environment=environment,
            started_at=now,
            stretch_started_at=now,
            last_seen_at=now,
            lease_expires_at=now + lease_duration(participation),
        )
        .returning(Sitting.id)
    )
    return opened.scalar_one()


def lease_duration(participation: ActiveParticipation) -> timedelta:
    """How long a sitting's places stay reserved without a sign of life."""
    return timedelta(minutes=participation.protocol.sitting.lease_minutes)


async def _lease(
    session: AsyncSession,
    sitting_id: int,
    rater_id: int,
    training: Sequence[Entry],
    main: Sequence[Entry],
) -> None:
    """Write the playlist; a presentation given back earlier is taken up again."""
    phases = [(Phase.TRAINING, entry) for entry in training] + [(Phase.MAIN, e) for e in main]
    statement = insert(Presentation).values(
        [
            {
                "sitting_id": sitting_id,
                "rater_id": rater_id,
                "stimulus_id": entry.stimulus_id,
                "phase": phase,
                "position": position,
                "state": PresentationState.LEASED,
            }
            for position, (phase, entry) in enumerate(phases, start=1)
        ]
    )
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["rater_id", "stimulus_id", "repetition"],
            set_={
                "sitting_id": statement.excluded.sitting_id,
                "position": statement.excluded.position,
                "state": PresentationState.LEASED,
                "shown_at": None,
            },
        )
    )
    await count_leases(session, stimulus_ids=[entry.stimulus_id for entry in main])


async def _complete_rater(session: AsyncSession, rater_id: int) -> None:
    await session.execute(
        update(Rater)
        .where(Rater.id == rater_id, Rater.status == RaterStatus.ACTIVE)
        .values(status=RaterStatus.COMPLETED)
    )


async def end_break(
    session: AsyncSession, *, slug: str, rater_id: uuid.UUID, now: datetime
) -> None:
    """Go on after a break; raises Conflict while the protocol's shortest break has not passed."""
    participation = await get_participation(session, slug=slug, rater_id=rater_id)
    sitting = active_sitting(participation)
    if sitting is None or sitting.break_started_at is None:
        return
    shortest = timedelta(seconds=participation.protocol.sitting.break_seconds)
    if now < sitting.break_started_at + shortest:
        raise Conflict("The break is not over yet; please rest your eyes a little longer.")
    await session.execute(
        update(Sitting)
        .where(Sitting.id == sitting.id)
        .values(
            break_started_at=None,
            stretch_started_at=now,
            last_seen_at=now,
            lease_expires_at=now + lease_duration(participation),
        )
    )


async def leave_sitting(
    session: AsyncSession, *, slug: str, rater_id: uuid.UUID, now: datetime
) -> None:
    """Finish the sitting early: what is rated stays, the other places reopen at once."""
    participation = await get_participation(session, slug=slug, rater_id=rater_id)
    sitting = active_sitting(participation)
    if sitting is None:
        return
    await lock_balance(session, study_id=participation.study.id)
    await finish_sittings(session, sitting_ids=[sitting.id], now=now)


async def finish_sittings(
    session: AsyncSession, *, sitting_ids: Sequence[int], now: datetime
) -> None:
    """Finish these sittings and give back what they hold; needs the balance lock."""
    await session.execute(
        update(Sitting)
        .where(Sitting.id.in_(sitting_ids), Sitting.state == SittingState.ACTIVE)
        .values(state=SittingState.FINISHED, finished_at=now)
    )
    await release_presentations(session, sitting_ids=sitting_ids)
