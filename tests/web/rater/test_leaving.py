"""Leaving early keeps what was rated; withdrawing erases it."""

from factories import csrf_of
from rater_browser import RaterBrowser, count_ratings
from sqlalchemy import func, select

from app.database.engine import SessionFactory
from app.database.tables import Rater, Stimulus
from app.database.tables.rating import RaterStatus


async def _leases(sessions: SessionFactory) -> int:
    async with sessions() as session:
        return await session.scalar(select(func.sum(Stimulus.leased_count))) or 0


async def test_leaving_keeps_the_ratings_and_gives_the_other_places_back(
    rater: RaterBrowser, sessions: SessionFactory
) -> None:
    await rater.answer(await rater.current())
    assert await _leases(sessions) == 5
    assert (await rater.press("/leave")).status_code == 303
    assert "Thank you" in await rater.look()
    assert await count_ratings(sessions) == 1
    assert await _leases(sessions) == 0


async def test_withdrawing_is_explained_then_erases_and_says_so(
    rater: RaterBrowser, sessions: SessionFactory
) -> None:
    presentation = await rater.current()
    await rater.answer(presentation)
    page = await rater.client.get(f"{rater.home}/withdraw")
    assert "All your ratings in this study are erased" in page.text
    assert await count_ratings(sessions) == 1
    answer = await rater.client.post(f"{rater.home}/withdraw", data={"csrf": csrf_of(page.text)})
    assert (answer.status_code, answer.headers["location"]) == (303, rater.home)
    assert "You have withdrawn" in await rater.look()
    assert await count_ratings(sessions) == 0
    async with sessions() as session:
        rater_row = (await session.scalars(select(Rater))).one()
    assert (rater_row.status, rater_row.erased_rating_count) == (RaterStatus.WITHDRAWN, 1)
    assert (await rater.client.get(f"{rater.home}/upcoming")).status_code == 403
