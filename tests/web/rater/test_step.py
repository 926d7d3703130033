"""One address per study: what it shows follows from the server's state alone."""

from datetime import UTC, datetime, timedelta

import pytest
from factories import make_protocol, make_study
from fastapi import FastAPI
from rater_browser import RaterBrowser, open_browser, presentation_in

from app.database.engine import SessionFactory
from app.storage.blobs import BlobStore
from app.study.protocol import ACR_5
from app.web.state import current_time


async def test_reload_shows_the_same_picture(rater: RaterBrowser) -> None:
    shown = presentation_in(await rater.look())
    assert presentation_in(await rater.look()) == shown
    await rater.answer(shown, as_script=False)
    assert presentation_in(await rater.look()) != shown


async def test_nothing_is_preselected_on_either_scale(
    app: FastAPI, sessions: SessionFactory, blobs: BlobStore, rater: RaterBrowser
) -> None:
    page = await rater.look()
    assert 'name="score_quality" value=""' in page
    assert 'name="score_alignment" value=""' in page
    async with sessions.begin() as session:
        await make_study(session, blobs, slug="words", protocol=make_protocol(scale=ACR_5))
    async with open_browser(app, "words") as browser:
        page = await (await (await browser.join()).start()).look()
    assert page.count('type="radio"') == 10
    assert " checked" not in page.replace('type="checkbox" checked', "")


async def test_training_is_announced_and_not_counted(
    app: FastAPI, sessions: SessionFactory, blobs: BlobStore
) -> None:
    async with sessions.begin() as session:
        protocol = make_protocol(training=2, presentations=3)
        await make_study(session, blobs, slug="trained", protocol=protocol)
    async with open_browser(app, "trained") as browser:
        await (await browser.join()).start()
        page = await browser.look()
        assert "Practice 1 of 2" in page
        assert "not counted" in page
        for _ in range(2):
            await browser.answer(await browser.current())
        page = await browser.look()
        assert "Picture 1 of 3" in page
        assert "Practice is over" in page


async def test_a_break_is_kept_as_long_as_the_protocol_asks(
    app: FastAPI, sessions: SessionFactory, blobs: BlobStore
) -> None:
    async with sessions.begin() as session:
        protocol = make_protocol(break_every_minutes=10, break_seconds=60)
        await make_study(session, blobs, slug="paused", protocol=protocol)
    start = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

    def set_clock(minutes: float) -> None:
        app.dependency_overrides[current_time] = lambda: start + timedelta(minutes=minutes)

    set_clock(0)
    async with open_browser(app, "paused") as browser:
        await (await browser.join()).start()
        await browser.answer(await browser.current())
        set_clock(10)
        page = await browser.look()
        assert "Time for a break" in page
        assert 'data-countdown="60"' in page
        assert '<meta http-equiv="refresh" content="61">' in page
        early = await browser.press("/break/end")
        assert early.status_code == 409
        assert "The break is not over yet" in early.text
        set_clock(11)
        assert "data-countdown" not in await browser.look()
        assert (await browser.press("/break/end")).status_code == 303
        assert presentation_in(await browser.look())


async def test_the_end_shows_thanks_and_the_rater_s_code(rater: RaterBrowser) -> None:
    await rater.rate_all()
    page = await rater.look()
    assert "Thank you" in page
    assert 'class="code-text"' in page
    assert "Rate more pictures" not in page


async def test_another_sitting_is_offered_where_the_protocol_allows_one(
    app: FastAPI, sessions: SessionFactory, blobs: BlobStore
) -> None:
    async with sessions.begin() as session:
        protocol = make_protocol(presentations=2, sittings=2)
        await make_study(session, blobs, slug="twice", protocol=protocol)
    async with open_browser(app, "twice") as browser:
        await (await browser.join()).start()
        first = await browser.rate_all()
        assert "Rate more pictures" in await browser.look()
        await browser.start()
        second = await browser.rate_all()
        assert len(first) == len(second) == 2
        assert not set(first) & set(second)
        assert "Rate more pictures" not in await browser.look()


@pytest.mark.parametrize("form", ["consent", "start", "ratings", "break/end", "leave"])
async def test_the_address_of_a_form_leads_back_to_the_step(
    stranger: RaterBrowser, form: str
) -> None:
    answer = await stranger.client.get(f"{stranger.home}/{form}")
    assert answer.status_code == 303
    assert answer.headers["location"] == stranger.home
