"""Where a rating is stored: once, whole, on the scale, and with every correction kept.

A submission names its presentation and its revision: 1 for the first answer, the next number for
a correction.  A revision that exists already is answered with its first receipt, so a double
click, a retry after a lost connection or a replay stores nothing and harms nothing.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables import Presentation, Rater, Rating, Sitting
from app.database.tables.rating import Phase, PresentationState, SittingState
from app.database.tables.study import StudyState
from app.errors import Conflict, InvalidInput, PresentationNotFound, SittingFinished, StudyNotOpen
from app.rating.participation import ActiveParticipation, get_participation
from app.rating.progress import Progress, get_progress
from app.rating.sitting_state import StepKind, next_step
from app.rating.sittings import lease_duration
from app.rating.steps import facts_of
from app.rating.views import scores_of

# Dwell times beyond a day are clocks gone wrong, not looking.
LONGEST_DWELL_MS = 24 * 3600 * 1000
LARGEST_SHOWN_PX = 100_000

# Sitting before presentation: the order of locks everywhere (see balance).
LOCK_SITTING = (
    select(Sitting.id)
    .join(Presentation, Presentation.sitting_id == Sitting.id)
    .join(Rater, Rater.id == Presentation.rater_id)
    .where(
        Presentation.public_id == bindparam("presentation_id"),
        Rater.public_id == bindparam("rater_id"),
    )
    .with_for_update(of=Sitting)
)
LOCK_PRESENTATION = (
    select(Presentation.id, Presentation.stimulus_id, Presentation.phase, Presentation.state)
    .where(
        Presentation.public_id == bindparam("presentation_id"),
        Presentation.sitting_id == bindparam("sitting_id"),
    )
    .with_for_update()
)
REVISIONS = (
    select(Rating.revision, Rating.levels)
    .where(Rating.presentation_id == bindparam("presentation_id"))
    .order_by(Rating.revision)
)

STORE_FIRST = text(
    """
    WITH rated AS (
        UPDATE presentation SET state = 'rated', shown_at = :shown_at WHERE id = :presentation_id
    ), counted AS (
        UPDATE stimulus
        SET usable_count = usable_count + :usable, leased_count = leased_count - :leased
        WHERE id = :stimulus_id AND :usable > 0
    )
    INSERT INTO rating
        (presentation_id, revision, levels, dwell_ms, shown_width_px, shown_height_px, created_at)
    VALUES (:presentation_id, 1, :levels, :dwell_ms, :shown_width_px, :shown_height_px, :now)
    """
)
SUPERSEDE = text(
    """
    UPDATE rating SET superseded_at = :now
    WHERE presentation_id = :presentation_id AND superseded_at IS NULL
    """
)
STORE_CORRECTION = text(
    """
    INSERT INTO rating
        (presentation_id, revision, levels, dwell_ms, shown_width_px, shown_height_px, created_at)
    VALUES
        (:presentation_id, :revision, :levels, :dwell_ms, :shown_width_px, :shown_height_px, :now)
    """
)
SHOW_LIFE = text(
    """
    UPDATE sitting SET last_seen_at = :now, lease_expires_at = :lease_expires_at
    WHERE id = :sitting_id AND state = 'active'
    """
)
FINISH_IF_DONE = text(
    """
    WITH finished AS (
        UPDATE sitting SET state = 'finished', finished_at = :now
        WHERE id = :sitting_id AND state = 'active'
        RETURNING rater_id
    )
    UPDATE rater SET status = 'completed'
    FROM finished
    WHERE rater.id = finished.rater_id AND rater.status = 'active' AND (
        SELECT count(*) FROM presentation
        WHERE presentation.rater_id = rater.id AND phase = 'main' AND state = 'rated'
    ) >= :quota
    """
)


@dataclass(frozen=True)
class Receipt:
    """What the server holds for a submission, and what the rater sees next."""

    presentation: uuid.UUID
    revision: int
    scores: dict[str, str]
    is_new: bool
    progress: Progress
    next: StepKind


async def submit_rating(
    session: AsyncSession,
    *,
    slug: str,
    rater_id: uuid.UUID,
    presentation_id: uuid.UUID,
    scores: dict[str, str],
    revision: int,
    dwell_ms: int | None,
    shown_px: tuple[int, int] | None,
    now: datetime,
) -> Receipt:
    """Store one act of judging and return its receipt.

    1. The presentation must be the rater's own (PresentationNotFound).
    2. A revision that is stored already is answered with its first receipt, whatever was sent.
    3. The scores must be complete and on the scale (RatingIncomplete, ScoreOutOfScale), the
       sitting must not be finished (SittingFinished), the study not closed (StudyNotOpen).
    4. The rating is stored, the counts move from leased to usable, the lease is renewed; with the
       last presentation the sitting is finished.
    An answer that arrives after its lease has expired is still stored: nothing done is lost.
    """
    sitting_id = await session.scalar(
        LOCK_SITTING, {"presentation_id": presentation_id, "rater_id": rater_id}
    )
    # Read under the lock: whoever excludes a rater or takes their data back locks sittings, too.
    participation = await get_participation(session, slug=slug, rater_id=rater_id)
    sitting, presentation = await _get_presentation(session, sitting_id, presentation_id)
    stored = list(await session.execute(REVISIONS, {"presentation_id": presentation.id}))
    if revision > len(stored):
        _check_may_store(participation, sitting, revision, len(stored))
        levels = participation.protocol.levels_of(scores)
        act = _act(levels, dwell_ms, shown_px, now=now) | {"presentation_id": presentation.id}
        if stored:
            await _store_correction(session, act, revision)
        else:
            await _store_first(session, act, presentation)
        await _renew_lease(session, participation, sitting, now=now)
    elif revision < 1:
        raise InvalidInput("A rating's revision is counted from 1.")
    else:
        levels = stored[revision - 1].levels
    progress = await get_progress(session, sitting_id=sitting.id)
    if sitting.state is SittingState.ACTIVE and progress.open_training + progress.open_main == 0:
        await _finish(session, participation, sitting, now=now)
    return Receipt(
        presentation=presentation_id,
        revision=revision,
        scores=scores_of(participation.protocol, levels),
        is_new=revision > len(stored),
        progress=progress,
        next=_next(participation, sitting, progress, now=now),
    )


async def _get_presentation(
    session: AsyncSession, sitting_id: int | None, presentation_id: uuid.UUID
) -> tuple[Sitting, Row[*tuple[Any, ...]]]:
    """The presentation, locked until the end of the transaction, and its sitting."""
    if sitting_id is None:
        raise PresentationNotFound
    values = {"presentation_id": presentation_id, "sitting_id": sitting_id}
    presentation = (await session.execute(LOCK_PRESENTATION, values)).first()
    if presentation is None:
        raise Conflict("This picture has just moved to another sitting; please try again.")
    return await session.get_one(Sitting, sitting_id), presentation


def _check_may_store(
    participation: ActiveParticipation, sitting: Sitting, revision: int, stored: int
) -> None:
    if participation.study.state is StudyState.CLOSED:
        raise StudyNotOpen("This study is closed, so the rating was not stored.")
    if sitting.state is SittingState.FINISHED:
        raise SittingFinished
    if revision != stored + 1:
        raise Conflict("This correction is not the next one; please reload the page.")


def _act(
    levels: list[int], dwell_ms: int | None, shown_px: tuple[int, int] | None, *, now: datetime
) -> dict[str, Any]:
    """The columns of one act; implausible measurements of the browser are left out, not stored."""
    if dwell_ms is not None and not 0 <= dwell_ms <= LONGEST_DWELL_MS:
        dwell_ms = None
    if shown_px is not None and not all(0 < side <= LARGEST_SHOWN_PX for side in shown_px):
        shown_px = None
    width, height = shown_px or (None, None)
    return {
        "levels": levels,
        "dwell_ms": dwell_ms,
        "shown_width_px": width,
        "shown_height_px": height,
        "now": now,
    }


async def _store_first(
    session: AsyncSession, act: dict[str, Any], presentation: Row[*tuple[Any, ...]]
) -> None:
    is_main = presentation.phase is Phase.MAIN
    is_leased = presentation.state is PresentationState.LEASED
    await session.execute(
        STORE_FIRST,
        act
        | {
            "shown_at": act["now"] - timedelta(milliseconds=act["dwell_ms"] or 0),
            "stimulus_id": presentation.stimulus_id,
            "usable": int(is_main),
            "leased": int(is_main and is_leased),
        },
    )


async def _store_correction(session: AsyncSession, act: dict[str, Any], revision: int) -> None:
    await session.execute(SUPERSEDE, {"presentation_id": act["presentation_id"], "now": act["now"]})
    await session.execute(STORE_CORRECTION, act | {"revision": revision})


async def _renew_lease(
    session: AsyncSession, participation: ActiveParticipation, sitting: Sitting, *, now: datetime
) -> None:
    """Renew the lease, because the rater is there."""
    await session.execute(
        SHOW_LIFE,
        {
            "now": now,
            "lease_expires_at": now + lease_duration(participation),
            "sitting_id": sitting.id,
        },
    )


async def _finish(
    session: AsyncSession, participation: ActiveParticipation, sitting: Sitting, *, now: datetime
) -> None:
    """Finish the sitting, and the rater's part when the quota is reached."""
    rules = participation.protocol.sitting
    await session.execute(
        FINISH_IF_DONE,
        {
            "now": now,
            "sitting_id": sitting.id,
            "quota": rules.sittings * rules.presentations,
        },
    )


def _next(
    participation: ActiveParticipation, sitting: Sitting, progress: Progress, *, now: datetime
) -> StepKind:
    newest = participation.sitting
    if newest is None or newest.id != sitting.id:
        return StepKind.INSTRUCTIONS
    facts = facts_of(participation, progress)
    return next_step(facts, participation.protocol.sitting, now=now)
