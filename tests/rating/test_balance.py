"""Balance under concurrency, abandoned sittings, and no repeats."""

import asyncio
from datetime import timedelta

import pytest
from factories import NOW, make_protocol, make_study
from sqlalchemy import func, select, text

from app.database.engine import SessionFactory
from app.database.tables import Presentation, Sitting, Stimulus
from app.database.tables.rating import SittingState
from app.database.tables.study import StimulusKind
from app.rating.balance import RECOUNT, expire_sittings
from app.rating.sitting_state import StepKind
from app.storage.blobs import BlobStore


async def counts(sessions: SessionFactory) -> list[tuple[int, int]]:
    """(usable, leased) of every main stimulus, after checking them against the facts."""
    query = select(Stimulus.usable_count, Stimulus.leased_count).where(
        Stimulus.kind == StimulusKind.MAIN
    )
    async with sessions.begin() as session:
        before = [tuple(row) for row in await session.execute(query.order_by(Stimulus.id))]
        ids = list(await session.scalars(select(Stimulus.id)))
        changed = await session.execute(RECOUNT, {"stimulus_ids": ids})
        assert changed.rowcount == 0, "the counts kept on the way differ from the facts"
    return before  # type: ignore[return-value]


@pytest.mark.parametrize("stimuli", [30, 64])
async def test_fifty_who_arrive_at_once_stay_balanced(
    stimuli: int, sessions: SessionFactory, blobs: BlobStore, arrive
) -> None:
    async with sessions.begin() as session:
        protocol = make_protocol(presentations=7, target_ratings=50)
        await make_study(session, blobs, stimuli=stimuli, protocol=protocol)
    people = [await arrive() for _ in range(50)]
    await asyncio.gather(*(person.open(seed=seed) for seed, person in enumerate(people)))
    leased = [leased for _, leased in await counts(sessions)]
    assert sum(leased) == 50 * 7
    assert max(leased) - min(leased) <= 1
    await asyncio.gather(*(person.rate_all() for person in people))
    usable = [usable for usable, leased in await counts(sessions)]
    assert max(usable) - min(usable) <= 1
    assert sum(usable) == 50 * 7


async def test_nobody_sees_a_stimulus_twice_over_many_sittings(
    sessions: SessionFactory, blobs: BlobStore, arrive
) -> None:
    async with sessions.begin() as session:
        protocol = make_protocol(presentations=5, sittings=4, target_ratings=3)
        await make_study(session, blobs, stimuli=18, protocol=protocol)
    person = await arrive()
    lengths = []
    for seed in range(5):
        await person.open(seed=seed)
        lengths.append(await person.rate_all())
    # 18 stimuli in sittings of 5: the last one has 3, then nothing is left.
    assert lengths == [5, 5, 5, 3, 0]
    async with sessions.begin() as session:
        seen = await session.execute(
            select(Presentation.stimulus_id, func.count()).group_by(Presentation.stimulus_id)
        )
        assert {count for _, count in seen} == {1}
    assert (await person.step()).kind is StepKind.THANKS
    assert (await person.step()).may_continue is False


async def test_places_of_an_abandoned_sitting_reopen(
    sessions: SessionFactory, blobs: BlobStore, arrive
) -> None:
    async with sessions.begin() as session:
        protocol = make_protocol(presentations=6, target_ratings=1, lease_minutes=10)
        await make_study(session, blobs, stimuli=6, protocol=protocol)
    gone, next_one = await arrive(), await arrive()
    await gone.open()
    views = await gone.upcoming()
    await gone.rate(views[0].public_id)
    await next_one.open(now=NOW + timedelta(minutes=9))
    assert await next_one.upcoming() == [], "places are reserved while the lease lasts"
    step = await next_one.step(now=NOW + timedelta(minutes=9))
    assert (step.kind, step.may_continue) == (StepKind.THANKS, False)
    step = await next_one.step(now=NOW + timedelta(minutes=11))
    assert (step.kind, step.may_continue) == (StepKind.THANKS, True)
    later = NOW + timedelta(minutes=11)
    await next_one.open(now=later)
    assert await next_one.rate_all(now=later) == 5
    assert await counts(sessions) == [(1, 0)] * 6


async def test_an_answer_after_the_lease_is_kept_and_counted(
    sessions: SessionFactory, blobs: BlobStore, arrive
) -> None:
    async with sessions.begin() as session:
        await make_study(session, blobs, protocol=make_protocol(lease_minutes=10))
    person = await arrive()
    await person.open()
    view = (await person.upcoming())[0]
    later = NOW + timedelta(hours=2)
    async with sessions.begin() as session:
        assert await expire_sittings(session, study_id=1, now=later) == 1
    receipt = await person.rate(view.public_id, now=later)
    assert receipt.is_new
    assert sorted(await counts(sessions)) == [(0, 0)] * 5 + [(1, 0)]


async def test_who_comes_back_late_gets_a_fresh_sitting_without_what_they_rated(
    sessions: SessionFactory, blobs: BlobStore, arrive
) -> None:
    async with sessions.begin() as session:
        await make_study(session, blobs, protocol=make_protocol(lease_minutes=10))
    person = await arrive()
    await person.open()
    rated = (await person.upcoming())[0].public_id
    await person.rate(rated)
    later = NOW + timedelta(hours=2)
    assert (await person.step(now=later)).kind is StepKind.INSTRUCTIONS
    await person.open(now=later)
    views = await person.upcoming()
    assert len(views) == 5
    assert rated not in {view.public_id for view in views}
    assert await person.rate_all(now=later) == 5
    assert (await person.step(now=later)).kind is StepKind.THANKS


async def test_opening_twice_at_once_gives_one_sitting(
    sessions: SessionFactory, blobs: BlobStore, arrive
) -> None:
    async with sessions.begin() as session:
        await make_study(session, blobs)
    person = await arrive()
    await asyncio.gather(*(person.open(seed=seed) for seed in range(6)))
    async with sessions.begin() as session:
        active = select(func.count()).where(Sitting.state == SittingState.ACTIVE)
        assert await session.scalar(active) == 1
    assert [leased for _, leased in await counts(sessions)] == [1] * 6


async def test_leaving_early_reopens_places_at_once(
    sessions: SessionFactory, blobs: BlobStore, arrive
) -> None:
    from app.rating.sittings import leave_sitting

    async with sessions.begin() as session:
        await make_study(session, blobs)
    person = await arrive()
    await person.open()
    await person.rate((await person.upcoming())[0].public_id)
    async with sessions.begin() as session:
        await leave_sitting(session, slug="example", rater_id=person.rater_id, now=NOW)
    assert sorted(await counts(sessions)) == [(0, 0)] * 5 + [(1, 0)]
    step = await person.step()
    assert (step.kind, step.may_continue) == (StepKind.THANKS, True)


async def test_playlist_from_twenty_thousand_uses_least_rated_first(
    sessions: SessionFactory, blobs: BlobStore, arrive
) -> None:
    async with sessions.begin() as session:
        protocol = make_protocol(presentations=100, target_ratings=21)
        await make_study(session, blobs, stimuli=200, protocol=protocol)
        await session.execute(text("UPDATE stimulus SET usable_count = 1 WHERE id > 60"))
    person = await arrive()
    await person.open()
    async with sessions.begin() as session:
        chosen = set(await session.scalars(select(Presentation.stimulus_id)))
    assert set(range(1, 61)) <= chosen
    assert len(chosen) == 100
