"""Arriving: the link, the consent text, the instructions, the start."""

import httpx
import pytest
from factories import make_study
from fastapi import FastAPI
from rater_browser import RaterBrowser, open_browser, presentation_in
from sqlalchemy import select

from app.database.engine import SessionFactory
from app.database.tables import Rater, Sitting
from app.database.tables.study import StudyState
from app.storage.blobs import BlobStore


async def _raters(sessions: SessionFactory) -> list[Rater]:
    async with sessions() as session:
        return list(await session.scalars(select(Rater)))


async def _sittings(sessions: SessionFactory) -> list[Sitting]:
    async with sessions() as session:
        return list(await session.scalars(select(Sitting)))


async def test_the_link_leads_from_consent_over_instructions_to_a_picture(
    stranger: RaterBrowser,
) -> None:
    assert "You are invited to rate pictures" in await stranger.look()
    await stranger.join()
    assert "How it works" in await stranger.look()
    await stranger.start()
    assert presentation_in(await stranger.look())


async def test_source_and_participant_id_of_the_link_are_kept(
    stranger: RaterBrowser, sessions: SessionFactory
) -> None:
    page = await stranger.client.get(f"{stranger.home}?source=panel-b&id=P%2F17")
    assert 'name="source" value="panel-b"' in page.text
    assert 'name="id" value="P/17"' in page.text
    await stranger.join(source="panel-b", external_id="P/17")
    (rater,) = await _raters(sessions)
    assert (rater.recruitment_source, rater.external_id) == ("panel-b", "P/17")
    assert rater.consent_version == "1"


async def test_a_participant_id_does_not_let_anybody_into_its_owner_s_sitting(
    app: FastAPI, stranger: RaterBrowser, sessions: SessionFactory
) -> None:
    await stranger.join(source="panel", external_id="P17")
    async with open_browser(app) as thief:
        answer = await thief.press("/consent", consent_version="1", source="panel", id="P17")
        assert answer.status_code == 409
        assert "already joined" in answer.text
        assert "You are invited" in await thief.look()
    assert len(await _raters(sessions)) == 1


async def test_an_outdated_consent_text_is_shown_again(
    stranger: RaterBrowser, sessions: SessionFactory
) -> None:
    answer = await stranger.press("/consent", consent_version="0", source="panel", id="P1")
    assert answer.status_code == 422
    assert "The consent text has changed" in answer.text
    assert 'name="id" value="P1"' in answer.text
    assert await _raters(sessions) == []


@pytest.mark.parametrize("source", ["../x", "A b", "x" * 41])
async def test_a_damaged_link_is_refused(stranger: RaterBrowser, source: str) -> None:
    page = await stranger.client.get(stranger.home, params={"source": source})
    assert page.status_code == 422
    answer = await stranger.press("/consent", consent_version="1", source=source)
    assert answer.status_code == 422


async def test_agreeing_twice_joins_once(stranger: RaterBrowser, sessions: SessionFactory) -> None:
    first = await stranger.client.get(stranger.home)
    token = first.text.split('name="csrf" value="')[1][:64]
    form = {"csrf": token, "consent_version": "1", "source": "link", "id": ""}
    for _ in range(2):
        answer = await stranger.client.post(f"{stranger.home}/consent", data=form)
        assert answer.status_code == 303
    assert len(await _raters(sessions)) == 1


async def test_the_window_is_noted_and_nonsense_left_out(
    stranger: RaterBrowser, sessions: SessionFactory
) -> None:
    await stranger.join()
    await stranger.press(
        "/start",
        viewport_width_px="1280",
        pixel_ratio="1.25",
        colour_depth="banana",
        zoom="nan",
        screen_width_px="-5",
        surprise="7",
    )
    (sitting,) = await _sittings(sessions)
    assert sitting.environment == {"viewport_width_px": 1280, "pixel_ratio": 1.25}


async def test_starting_twice_opens_one_sitting(
    rater: RaterBrowser, sessions: SessionFactory
) -> None:
    before = await rater.current()
    await rater.start()
    assert len(await _sittings(sessions)) == 1
    assert await rater.current() == before


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (StudyState.DRAFT, "has not started yet"),
        (StudyState.PAUSED, "is paused"),
        (StudyState.CLOSED, "is closed"),
    ],
)
async def test_a_study_that_is_not_open_says_why(
    app: FastAPI,
    sessions: SessionFactory,
    blobs: BlobStore,
    state: StudyState,
    sentence: str,
) -> None:
    async with sessions.begin() as session:
        await make_study(session, blobs, slug="later", state=state)
    async with open_browser(app, "later") as browser:
        assert sentence in await browser.look()


async def test_there_is_no_page_for_a_study_that_does_not_exist(client: httpx.AsyncClient) -> None:
    assert (await client.get("/rate/nowhere")).status_code == 404
