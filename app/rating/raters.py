"""Raters as the experimenter sees them, and the decision whether they take part.

*Excluded* is the experimenter's word, always with a reason, and can be taken back.  The ratings
stay, but no longer count, so the places that they filled reopen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.arrays import is_one_of
from app.database.audit import record_event
from app.database.tables import Presentation, Rater, Sitting
from app.database.tables.rating import SIMULATED as SIMULATED
from app.database.tables.rating import Phase, PresentationState, RaterStatus, SittingState
from app.database.tables.study import Study
from app.errors import Conflict, InvalidInput, NotFound
from app.rating.balance import lock_balance, recount_stimuli, release_presentations
from app.rating.rater_statistics import RatingStatistics, gather_statistics
from app.study.protocol import Protocol
from app.study.studies import get_study, protocol_of

LONGEST_REASON = 500
LATEST = 1000


@dataclass(frozen=True)
class RaterSummary:
    """One rater: who recruited them, where they stand, and what their ratings look like."""

    rater_id: int
    code: str
    source: str
    status: RaterStatus
    status_reason: str | None
    joined_at: datetime
    last_seen_at: datetime | None
    sittings: int
    ratings: int
    erased_ratings: int
    statistics: RatingStatistics

    @property
    def is_simulated(self) -> bool:
        """Whether this rater is a program."""
        return self.source == SIMULATED


# Main ratings are counted over the presentations of the raters asked for.
_RATINGS = (
    select(func.count())
    .where(
        Presentation.rater_id == Rater.id,
        Presentation.phase == Phase.MAIN,
        Presentation.state == PresentationState.RATED,
    )
    .correlate(Rater)
    .scalar_subquery()
)
_RATERS = (
    select(
        Rater.id.label("rater_id"),
        Rater.public_code.label("code"),
        Rater.recruitment_source.label("source"),
        Rater.status,
        Rater.status_reason,
        Rater.created_at.label("joined_at"),
        Rater.erased_rating_count.label("erased_ratings"),
        func.count(Sitting.id).label("sittings"),
        func.max(Sitting.last_seen_at).label("last_seen_at"),
        _RATINGS.label("ratings"),
    )
    .outerjoin(Sitting, Sitting.rater_id == Rater.id)
    .where(Rater.study_id == bindparam("study_id"))
    .group_by(Rater.id)
    .order_by(Rater.id.desc())
)


async def list_raters(
    session: AsyncSession,
    *,
    slug: str,
    status: RaterStatus | None = None,
    among: Sequence[int] | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> list[RaterSummary]:
    """Raters of a study, newest first, of one status or among some ids; raises NotFound.

    The statistics look at each rater's ``LATEST`` ratings, so that a study of any size answers
    at once; ``get_rater`` looks at all.
    """
    query = _RATERS.limit(limit).offset(offset)
    if status is not None:
        query = query.where(Rater.status == status)
    if among is not None:
        query = query.where(is_one_of(Rater.id, among))
    return await _summaries(session, query, slug=slug, latest=LATEST)


async def count_raters(
    session: AsyncSession,
    *,
    slug: str,
    status: RaterStatus | None = None,
    among: Sequence[int] | None = None,
) -> int:
    """How many raters ``list_raters`` would find without a limit; raises NotFound."""
    study = await get_study(session, slug=slug)
    query = select(func.count()).select_from(Rater).where(Rater.study_id == study.id)
    if status is not None:
        query = query.where(Rater.status == status)
    if among is not None:
        query = query.where(is_one_of(Rater.id, among))
    return await session.scalar(query) or 0


async def get_rater(session: AsyncSession, *, slug: str, public_code: str) -> RaterSummary:
    """One rater of a study, by code, with statistics over all ratings; raises NotFound."""
    query = _RATERS.where(Rater.public_code == public_code)
    found = await _summaries(session, query, slug=slug, latest=None)
    if not found:
        raise NotFound("There is no rater with this code in the study.")
    return found[0]


async def _summaries(
    session: AsyncSession, query: Select[*tuple[Any, ...]], *, slug: str, latest: int | None
) -> list[RaterSummary]:
    study = await get_study(session, slug=slug)
    raters = (await session.execute(query, {"study_id": study.id})).mappings().all()
    statistics = await gather_statistics(
        session,
        rater_ids=[row["rater_id"] for row in raters],
        protocol=protocol_of(study),
        latest=latest,
    )
    return [RaterSummary(**row, statistics=statistics[row["rater_id"]]) for row in raters]


async def exclude_rater(
    session: AsyncSession, *, slug: str, public_code: str, reason: str, actor: str, now: datetime
) -> None:
    """Exclude a rater: the ratings no longer count, and the places they filled reopen.

    1. End the sitting under way, if there is one, and give back what it holds.
    2. Set the status and the reason.
    3. Recount the stimuli that the rater has seen.
    Raises InvalidInput without a reason, NotFound, and Conflict for a rater who is excluded
    already or has withdrawn.
    """
    reason = reason.strip()
    if not reason:
        raise InvalidInput("Please give a reason; it is kept with the rater.")
    if len(reason) > LONGEST_REASON:
        raise InvalidInput(f"The reason is longer than {LONGEST_REASON} characters.")
    study, rater = await _lock_rater(session, slug=slug, public_code=public_code)
    if rater.status not in {RaterStatus.ACTIVE, RaterStatus.COMPLETED}:
        raise Conflict(f"Rater {public_code} is {rater.status} already.")
    await _end_sitting(session, rater_id=rater.id, now=now)
    await _set_status(session, rater.id, RaterStatus.EXCLUDED, reason=reason)
    await _note(
        session, study, rater, actor=actor, action="rater_excluded", detail={"reason": reason}
    )


async def readmit_rater(session: AsyncSession, *, slug: str, public_code: str, actor: str) -> None:
    """Take an exclusion back: the ratings count again; raises NotFound or Conflict."""
    study, rater = await _lock_rater(session, slug=slug, public_code=public_code)
    if rater.status is not RaterStatus.EXCLUDED:
        raise Conflict(f"Rater {public_code} is not excluded.")
    status = await _status_by_quota(session, rater.id, protocol_of(study))
    await _set_status(session, rater.id, status, reason=None)
    await _note(session, study, rater, actor=actor, action="rater_readmitted", detail={})


async def _lock_rater(session: AsyncSession, *, slug: str, public_code: str) -> tuple[Study, Rater]:
    """The rater, locked in the order of locks everywhere: study, sittings, then the person."""
    study = await get_study(session, slug=slug)
    await lock_balance(session, study_id=study.id)
    mine = (Rater.study_id == study.id, Rater.public_code == public_code)
    await session.execute(
        select(Sitting.id)
        .join(Rater, Rater.id == Sitting.rater_id)
        .where(*mine)
        .order_by(Sitting.id)
        .with_for_update(of=Sitting)
    )
    rater = await session.scalar(select(Rater).where(*mine).with_for_update())
    if rater is None:
        raise NotFound("There is no rater with this code in the study.")
    return study, rater


async def _end_sitting(session: AsyncSession, *, rater_id: int, now: datetime) -> None:
    ended = await session.scalars(
        update(Sitting)
        .where(Sitting.rater_id == rater_id, Sitting.state == SittingState.ACTIVE)
        .values(state=SittingState.EXPIRED, finished_at=now)
        .returning(Sitting.id)
    )
    await release_presentations(session, sitting_ids=ended.all())


async def _status_by_quota(session: AsyncSession, rater_id: int, protocol: Protocol) -> RaterStatus:
    """Completed when the rater has given as many ratings as the protocol allows."""
    rated = await session.scalar(
        select(func.count()).where(
            Presentation.rater_id == rater_id,
            Presentation.phase == Phase.MAIN,
            Presentation.state == PresentationState.RATED,
        )
    )
    quota = protocol.sitting.sittings * protocol.sitting.presentations
    return RaterStatus.COMPLETED if (rated or 0) >= quota else RaterStatus.ACTIVE


async def _set_status(
    session: AsyncSession, rater_id: int, status: RaterStatus, *, reason: str | None
) -> None:
    """Change the status, and let the counts of the stimuli the rater has seen follow."""
    await session.execute(
        update(Rater).where(Rater.id == rater_id).values(status=status, status_reason=reason)
    )
    seen = await session.scalars(
        select(Presentation.stimulus_id)
        .where(Presentation.rater_id == rater_id, Presentation.phase == Phase.MAIN)
        .order_by(Presentation.stimulus_id)
    )
    await recount_stimuli(session, stimulus_ids=seen.all())


async def _note(
    session: AsyncSession,
    study: Study,
    rater: Rater,
    *,
    actor: str,
    action: str,
    detail: dict[str, str],
) -> None:
    await record_event(
        session,
        actor=actor,
        action=action,
        subject_kind="rater",
        subject_id=rater.public_code,
        detail={"study": study.slug} | detail,
    )
