"""Withdrawal erases a person's ratings and data, reopens their places and leaves a count."""

import asyncio

import pytest
from factories import NOW, make_study
from sqlalchemy import func, select

from app.database.tables import AuditEvent, Presentation, Rater, Rating, Stimulus
from app.database.tables.rating import RaterStatus
from app.errors import Forbidden
from app.rating.sitting_state import StepKind
from app.rating.withdrawal import withdraw


async def test_withdrawal_erases_one_person_and_nobody_else(sessions, blobs, arrive) -> None:
    async with sessions.begin() as session:
        await make_study(session, blobs)
    leaving, staying = await arrive(external_id="p-1"), await arrive()
    for person in (leaving, staying):
        await person.open()
    views = await leaving.upcoming()
    for view in views[:3]:
        await leaving.rate(view.public_id)
    await leaving.rate(views[0].public_id, {"quality": "0", "alignment": "0"}, revision=2)
    await staying.rate_all()
    async with sessions.begin() as session:
        erased = await withdraw(session, slug="example", rater_id=leaving.rater_id, now=NOW)
        assert erased == 3
    async with sessions.begin() as session:
        assert await session.scalar(select(func.count()).select_from(Rating)) == 6
        rater = await session.scalar(select(Rater).where(Rater.public_id == leaving.rater_id))
        assert (rater.status, rater.external_id, rater.erased_rating_count) == (
            RaterStatus.WITHDRAWN,
            None,
            3,
        )
        mine = select(func.count()).where(Presentation.rater_id == rater.id)
        assert await session.scalar(mine) == 0
        counts = await session.execute(select(Stimulus.usable_count, Stimulus.leased_count))
        assert {tuple(row) for row in counts} == {(1, 0)}
        event = select(AuditEvent.detail).where(AuditEvent.action == "rater_withdrew")
        assert await session.scalar(event) == {"study": "example", "ratings_erased": 3}
    assert (await leaving.step()).kind is StepKind.UNAVAILABLE
    with pytest.raises(Forbidden):
        await leaving.rate(views[4].public_id)
    async with sessions.begin() as session:
        again = await withdraw(session, slug="example", rater_id=leaving.rater_id, now=NOW)
        assert again == 0


async def test_two_clicks_at_once_erase_once_and_keep_the_count(sessions, blobs, arrive) -> None:
    async with sessions.begin() as session:
        await make_study(session, blobs)
    person = await arrive()
    await person.open()
    for view in (await person.upcoming())[:3]:
        await person.rate(view.public_id)

    async def click() -> int:
        async with sessions.begin() as session:
            return await withdraw(session, slug="example", rater_id=person.rater_id, now=NOW)

    assert sorted(await asyncio.gather(*(click() for _ in range(4)))) == [0, 0, 0, 3]
    async with sessions.begin() as session:
        assert await session.scalar(select(Rater.erased_rating_count)) == 3
        events = select(func.count()).where(AuditEvent.action == "rater_withdrew")
        assert await session.scalar(events) == 1


async def test_whoever_withdraws_while_a_sitting_opens_gets_none(sessions, blobs, arrive) -> None:
    async with sessions.begin() as session:
        await make_study(session, blobs)
    person = await arrive()
    async with sessions() as session, session.begin():
        await withdraw(session, slug="example", rater_id=person.rater_id, now=NOW)
        opening = asyncio.create_task(person.open())
        await asyncio.sleep(0.2)
        assert not opening.done()
    with pytest.raises(Forbidden):
        await opening
    async with sessions.begin() as session:
        assert await session.scalar(select(func.count()).select_from(Presentation)) == 0
