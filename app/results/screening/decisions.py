"""The experimenter's word on proposals of the screening: confirmed, overruled, or taken back.

A run *proposes* raters for rejection; here a person decides.  The decision takes effect with the
next run.  It is kept apart from excluding a rater, which takes effect at once, reopens places and
needs no proposal, and from withdrawal, which is the rater's own.  Decisions are only ever added:
the newest one of a rater counts, and an empty one takes the earlier ones back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.audit import record_event
from app.database.tables import Rater, RunRater, ScreeningDecision
from app.database.tables.rating import RaterStatus
from app.database.tables.results import Decision
from app.errors import Conflict, InvalidInput, NotFound
from app.results.runs.lookup import find_latest_run
from app.study.studies import get_study

SHORTEST_REASON, LONGEST_REASON = 3, 500

_COUNTING = (RaterStatus.ACTIVE, RaterStatus.COMPLETED)


@dataclass(frozen=True, slots=True)
class Decided:
    """The raters of a study for whom a decision stands: their ids, as a matrix has them."""

    confirmed: tuple[str, ...] = ()
    overruled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PastDecision:
    """One decision about a rater; ``decision`` is None where earlier ones were taken back."""

    decision: Decision | None
    reason: str
    run_id: int | None
    decided_by: str
    decided_at: datetime


async def confirm_rejection(
    session: AsyncSession, *, slug: str, public_code: str, reason: str, actor: str
) -> None:
    """Confirm that a proposed rater is rejected, whatever later runs propose.

    Raises InvalidInput without a proper reason, NotFound, and Conflict if the newest run does not
    propose the rater, or nothing would change.
    """
    await _decide(session, slug, public_code, Decision.CONFIRMED, reason, actor)


async def overrule_rejection(
    session: AsyncSession, *, slug: str, public_code: str, reason: str, actor: str
) -> None:
    """Keep a proposed rater, whatever later runs propose; raises as ``confirm_rejection``."""
    await _decide(session, slug, public_code, Decision.OVERRULED, reason, actor)


async def take_back_decision(
    session: AsyncSession, *, slug: str, public_code: str, actor: str
) -> None:
    """Leave the rater to the checks again; raises NotFound, or Conflict without a decision."""
    rater = await _lock_rater(session, slug, public_code)
    if await _current(session, rater.id) is None:
        raise Conflict(f"There is no decision about rater {public_code} to take back.")
    await _add(session, slug, rater, decision=None, reason="", run_id=None, actor=actor)


async def load_decided(session: AsyncSession, *, study_id: int) -> Decided:
    """The decisions that stand in a study, of raters whose ratings count."""
    newest = (
        select(ScreeningDecision.rater_id, func.max(ScreeningDecision.id).label("id"))
        .join(Rater, Rater.id == ScreeningDecision.rater_id)
        .where(Rater.study_id == study_id, Rater.status.in_(_COUNTING))
        .group_by(ScreeningDecision.rater_id)
        .subquery()
    )
    query = select(ScreeningDecision.rater_id, ScreeningDecision.decision).join(
        newest, newest.c.id == ScreeningDecision.id
    )
    found: dict[Decision | None, list[str]] = {}
    for rater_id, decision in await session.execute(query.order_by(ScreeningDecision.rater_id)):
        found.setdefault(decision, []).append(str(rater_id))
    return Decided(
        confirmed=tuple(found.get(Decision.CONFIRMED, ())),
        overruled=tuple(found.get(Decision.OVERRULED, ())),
    )


async def list_decisions(session: AsyncSession, *, rater_id: int) -> Sequence[PastDecision]:
    """Everything that was ever decided about a rater, newest first."""
    query = (
        select(ScreeningDecision)
        .where(ScreeningDecision.rater_id == rater_id)
        .order_by(ScreeningDecision.id.desc())
    )
    return [
        PastDecision(row.decision, row.reason, row.run_id, row.decided_by, row.decided_at)
        for row in await session.scalars(query)
    ]


async def _decide(
    session: AsyncSession, slug: str, public_code: str, decision: Decision, reason: str, actor: str
) -> None:
    """Add a decision.

    1. Look at what was typed.
    2. Lock the rater, who must take part: of the others no rating counts.
    3. Look for the proposal in the newest run.
    4. Refuse to decide the same again, so that a second click adds nothing.
    """
    reason = _proper_reason(reason)
    rater = await _lock_rater(session, slug, public_code)
    if rater.status not in _COUNTING:
        raise Conflict(f"Rater {public_code} is {rater.status}; no rating of theirs counts.")
    run = await find_latest_run(session, study_id=rater.study_id)
    if run is None or not await _is_proposed(session, run.id, rater.id):
        raise Conflict(
            f"The newest analysis does not propose to reject rater {public_code}, so there is"
            " nothing to decide. To leave somebody out for other reasons, exclude them."
        )
    if await _current(session, rater.id) is decision:
        raise Conflict(f"The rejection of rater {public_code} is {decision} already.")
    await _add(session, slug, rater, decision=decision, reason=reason, run_id=run.id, actor=actor)


def _proper_reason(reason: str) -> str:
    reason = reason.strip()
    if len(reason) < SHORTEST_REASON:
        raise InvalidInput("Please give a reason; it is kept with the decision.")
    if len(reason) > LONGEST_REASON:
        raise InvalidInput(f"The reason is longer than {LONGEST_REASON} characters.")
    return reason


async def _lock_rater(session: AsyncSession, slug: str, public_code: str) -> Rater:
    """The rater, locked, so that decisions and withdrawal come one after the other."""
    study = await get_study(session, slug=slug)
    rater = await session.scalar(
        select(Rater)
        .where(Rater.study_id == study.id, Rater.public_code == public_code)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if rater is None:
        raise NotFound("There is no rater with this code in the study.")
    return rater


async def _is_proposed(session: AsyncSession, run_id: int, rater_id: int) -> bool:
    query = select(RunRater.is_proposed).where(
        RunRater.run_id == run_id, RunRater.rater_id == rater_id
    )
    return bool(await session.scalar(query))


async def _current(session: AsyncSession, rater_id: int) -> Decision | None:
    query = select(ScreeningDecision.decision).where(ScreeningDecision.rater_id == rater_id)
    return await session.scalar(query.order_by(ScreeningDecision.id.desc()).limit(1))


async def _add(
    session: AsyncSession,
    slug: str,
    rater: Rater,
    *,
    decision: Decision | None,
    reason: str,
    run_id: int | None,
    actor: str,
) -> None:
    """Add the row, and an event that leaves the reason out: events outlive a withdrawal."""
    session.add(
        ScreeningDecision(
            rater_id=rater.id, run_id=run_id, decision=decision, reason=reason, decided_by=actor
        )
    )
    await session.flush()
    await record_event(
        session,
        actor=actor,
        action=f"rejection_{decision}" if decision else "rejection_decision_taken_back",
        subject_kind="rater",
        subject_id=rater.public_code,
        detail={"study": slug, "run_id": run_id},
    )
