"""Balance: which stimuli the next playlist takes, and the counts by which that is decided.

A stimulus counts its usable ratings and its leases in flight.  A playlist takes the stimuli with
the least sum, ties at random, under one lock per study: two raters who arrive together never see
the same counts, so after all leases are settled the counts differ by at most one (as long as
nobody has run out of stimuli).

Locks are taken in one order everywhere: study, sittings, presentations, stimuli.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables import Presentation, Rater, Sitting
from app.database.tables.rating import PresentationState, SittingState
from app.database.tables.study import StimulusKind
from app.rating.playlist import Entry

# First key of the advisory locks that order allotments within a study.
BALANCE_LOCK = 0x62616C

LOCK_STUDY = text("SELECT pg_advisory_xact_lock(:space, :study_id)")

# Least first, ties in the order of a hash seeded with the sitting's seed; never one that this
# rater has rated or holds; never beyond the target.  Scans the study's stimuli by
# ix_stimulus_playlist and the rater's presentations by their unique index.
CHOOSE_MAIN = text(
    """
    SELECT stimulus.id AS stimulus_id, image.prompt_id, image.condition_id
    FROM (
        SELECT stimulus.id, stimulus.image_id
        FROM stimulus
        WHERE stimulus.study_id = :study_id AND stimulus.kind = 'main'
            AND stimulus.usable_count + stimulus.leased_count < :target
            AND NOT EXISTS (
                SELECT FROM presentation
                WHERE presentation.rater_id = :rater_id
                    AND presentation.stimulus_id = stimulus.id
                    AND presentation.state <> 'released'
            )
        ORDER BY stimulus.usable_count + stimulus.leased_count,
            hashint8extended(stimulus.id, :seed)
        LIMIT :length
    ) AS stimulus
    JOIN image ON image.id = stimulus.image_id
    """
)

CHOOSE_TRAINING = text(
    """
    SELECT stimulus.id AS stimulus_id, image.prompt_id, image.condition_id
    FROM stimulus
    JOIN image ON image.id = stimulus.image_id
    WHERE stimulus.study_id = :study_id AND stimulus.kind = 'training'
        AND NOT EXISTS (
            SELECT FROM presentation
            WHERE presentation.rater_id = :rater_id
                AND presentation.stimulus_id = stimulus.id
                AND presentation.state <> 'released'
        )
    ORDER BY hashint8extended(stimulus.id, :seed)
    LIMIT :length
    """
)

LEASE = text(
    """
    UPDATE stimulus SET leased_count = leased_count + 1 WHERE id = ANY(:stimulus_ids)
    """
)

# In a statement of its own: whoever waited here for an answer in flight must count with fresh eyes.
LOCK_STIMULI = text(
    "SELECT FROM stimulus WHERE id = ANY(:stimulus_ids) ORDER BY id FOR NO KEY UPDATE"
)

# What the counts must be: the facts themselves, of all stimuli or of some.
_FACTS = """
    SELECT stimulus.id,
        count(rater.id) FILTER (
            WHERE presentation.state = 'rated' AND rater.status IN ('active', 'completed')
        ) AS usable,
        count(rater.id) FILTER (WHERE presentation.state = 'leased') AS leased
    FROM stimulus
    LEFT JOIN presentation
        ON presentation.stimulus_id = stimulus.id AND presentation.phase = 'main'
    LEFT JOIN rater ON rater.id = presentation.rater_id
    {which}
    GROUP BY stimulus.id
"""
_DIFFER = """
    stimulus.id = fact.id
    AND (stimulus.usable_count, stimulus.leased_count) <> (fact.usable, fact.leased)
"""

# For when many counts change at once; the hot path counts up and down instead.
RECOUNT = text(
    f"""
    UPDATE stimulus SET usable_count = fact.usable, leased_count = fact.leased
    FROM ({_FACTS.format(which="WHERE stimulus.id = ANY(:stimulus_ids)")}) AS fact
    WHERE {_DIFFER}
    """
)
COUNT_DIFFERENT = text(
    f"""
    SELECT count(*) FROM stimulus, ({_FACTS.format(which="")}) AS fact WHERE {_DIFFER}
    """
)


async def lock_balance(session: AsyncSession, *, study_id: int) -> None:
    """Wait for the right to change many counts of this study, until the transaction ends."""
    await session.execute(LOCK_STUDY, {"space": BALANCE_LOCK, "study_id": study_id})


async def choose_stimuli(
    session: AsyncSession,
    *,
    study_id: int,
    rater_id: int,
    kind: StimulusKind,
    length: int,
    target: int,
    seed: int,
) -> list[Entry]:
    """The stimuli this rater should see next, at most ``length``; needs the balance lock."""
    statement = CHOOSE_MAIN if kind is StimulusKind.MAIN else CHOOSE_TRAINING
    values = {"study_id": study_id, "rater_id": rater_id, "length": length, "seed": seed}
    if kind is StimulusKind.MAIN:
        values["target"] = target
    rows = await session.execute(statement, values)
    return [Entry(*row) for row in rows]


async def count_leases(session: AsyncSession, *, stimulus_ids: Sequence[int]) -> None:
    """One more presentation in flight for each of these stimuli; needs the balance lock."""
    await session.execute(LEASE, {"stimulus_ids": list(stimulus_ids)})


async def recount_stimuli(session: AsyncSession, *, stimulus_ids: Sequence[int]) -> None:
    """Set the counts of these stimuli from the presentations; needs the balance lock."""
    if stimulus_ids:
        values = {"stimulus_ids": list(stimulus_ids)}
        await session.execute(LOCK_STIMULI, values)
        await session.execute(RECOUNT, values)


async def count_wrong_counts(session: AsyncSession) -> int:
    """How many stimuli have counts that differ from the facts; 0 unless something is broken."""
    return await session.scalar(COUNT_DIFFERENT) or 0


async def release_presentations(session: AsyncSession, *, sitting_ids: Sequence[int]) -> None:
    """Give back what these sittings hold and have not rated; needs the balance lock."""
    released = await session.scalars(
        update(Presentation)
        .where(
            Presentation.sitting_id.in_(sitting_ids),
            Presentation.state == PresentationState.LEASED,
        )
        .values(state=PresentationState.RELEASED)
        .returning(Presentation.stimulus_id)
    )
    await recount_stimuli(session, stimulus_ids=released.all())


async def expire_sittings(session: AsyncSession, *, study_id: int, now: datetime) -> int:
    """End the study's abandoned sittings and reopen their places; return how many there were.

    Skips a sitting whose rater is answering at this very moment.
    """
    await lock_balance(session, study_id=study_id)
    lapsed = (
        await session.scalars(
            select(Sitting.id)
            .join(Rater, Rater.id == Sitting.rater_id)
            .where(
                Rater.study_id == study_id,
                Sitting.state == SittingState.ACTIVE,
                Sitting.lease_expires_at <= now,
            )
            .with_for_update(of=Sitting, skip_locked=True)
        )
    ).all()
    if not lapsed:
        return 0
    await session.execute(
        update(Sitting)
        .where(Sitting.id.in_(lapsed))
        .values(state=SittingState.EXPIRED, finished_at=now)
    )
    await release_presentations(session, sitting_ids=lapsed)
    return len(lapsed)
