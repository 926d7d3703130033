"""Answering: what is stored, what is refused, and what a repetition gets."""

import re
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from factories import make_study
from fastapi import FastAPI
from rater_browser import (
    BASE_URL,
    JSON,
    SCORES,
    RaterBrowser,
    count_ratings,
    presentation_in,
    stored_levels,
    token_of,
)
from sqlalchemy import select

from app.database.engine import SessionFactory
from app.database.tables import Rating
from app.database.tables.study import StudyState
from app.storage.blobs import BlobStore
from app.study.studies import change_state
from app.web.state import current_time


async def test_an_answer_is_stored_with_how_long_and_how_large_it_was_seen(
    rater: RaterBrowser, sessions: SessionFactory
) -> None:
    presentation = await rater.current()
    receipt = await rater.answer(
        presentation, dwell_ms="2345", shown_width_px="640", shown_height_px="480"
    )
    assert receipt.status_code == 200
    document = receipt.json()
    assert document["presentation"] == presentation
    assert document["scores"] == {"quality": "3.4", "alignment": "2.0"}
    assert (document["revision"], document["is_new"], document["next"]) == (1, True, "rate")
    assert (document["progress"]["rated"], document["progress"]["total"]) == (1, 6)
    async with sessions() as session:
        rating = (await session.scalars(select(Rating))).one()
    assert rating.levels == [34, 20]
    assert (rating.dwell_ms, rating.shown_width_px, rating.shown_height_px) == (2345, 640, 480)


async def test_the_plain_form_leads_to_the_next_picture(
    rater: RaterBrowser, sessions: SessionFactory
) -> None:
    presentation = presentation_in(await rater.look())
    answer = await rater.answer(presentation, {"quality": "4,5", "alignment": "0"}, as_script=False)
    assert (answer.status_code, answer.headers["location"]) == (303, rater.home)
    assert await stored_levels(sessions, presentation) == [[45, 0]]


async def test_when_the_receipt_is_sent_the_rating_is_committed(
    app: FastAPI, rater: RaterBrowser, sessions: SessionFactory
) -> None:
    """A browser that has been told must be able to rely on it, whatever happens next."""
    seen_at_response: list[int] = []

    async def watched(scope: Any, receive: Any, send: Callable[[Any], Awaitable[None]]) -> None:
        async def watching_send(message: Any) -> None:
            if message["type"] == "http.response.start" and scope["path"].endswith("/ratings"):
                seen_at_response.append(await count_ratings(sessions))
            await send(message)

        await app(scope, receive, watching_send)

    presentation = await rater.current()
    transport = httpx.ASGITransport(app=watched)
    async with httpx.AsyncClient(
        transport=transport, base_url=BASE_URL, cookies=rater.client.cookies
    ) as client:
        assert (await RaterBrowser(client, rater.slug).answer(presentation)).status_code == 200
    assert seen_at_response == [1]


@pytest.mark.parametrize(
    ("scores", "field", "sentence"),
    [
        ({"quality": "3.4"}, "alignment", "Please rate alignment."),
        ({"quality": " ", "alignment": "2"}, "quality", "Please rate quality."),
        ({}, "quality", "Please rate quality."),
        ({"quality": "banana", "alignment": "2"}, "quality", "“banana” is not a number"),
        ({"quality": "5.05", "alignment": "2"}, "quality", "outside the scale"),
        ({"quality": "3.45", "alignment": "2"}, "quality", "steps of 0.1"),
        ({"quality": "3", "alignment": "-0.1"}, "alignment", "outside the scale"),
        ({"quality": "NaN", "alignment": "2"}, "quality", "not a number"),
        ({"quality": "1e400", "alignment": "2"}, "quality", "not a number"),
    ],
)
async def test_an_answer_that_cannot_be_comes_back_with_what_was_typed(
    rater: RaterBrowser,
    sessions: SessionFactory,
    scores: dict[str, str],
    field: str,
    sentence: str,
) -> None:
    presentation = await rater.current()
    page = await rater.answer(presentation, scores, as_script=False)
    assert page.status_code == 422
    assert presentation_in(page.text) == presentation
    for key in SCORES:
        assert f'name="score_{key}" value="{scores.get(key, "").strip()}"' in page.text
    assert re.search(
        rf'<p class="problem" id="problem-{field}">[^<]*{re.escape(sentence)}', page.text
    )
    wrong = re.search(rf'<input[^>]*id="field-{field}"[^>]*>', page.text)
    assert wrong is not None
    assert 'aria-invalid="true" autofocus' in wrong.group()

    told = await rater.answer(presentation, scores)
    assert told.status_code == 422
    assert field in [problem["where"] for problem in told.json()["problems"]]
    assert await count_ratings(sessions) == 0
    assert await rater.current() == presentation


@pytest.mark.parametrize("forged", ["", "banana", str(uuid.UUID(int=7)), "1; DROP TABLE rating"])
async def test_a_forged_presentation_is_refused(
    rater: RaterBrowser, sessions: SessionFactory, forged: str
) -> None:
    answer = await rater.answer(forged)
    assert answer.status_code == 404
    assert "not part of your playlist" in answer.json()["detail"]
    assert await count_ratings(sessions) == 0


async def test_another_rater_s_presentation_is_refused(
    rater: RaterBrowser, other: RaterBrowser, sessions: SessionFactory
) -> None:
    theirs = await other.current()
    for as_script in (True, False):
        assert (await rater.answer(theirs, as_script=as_script)).status_code == 404
    earlier = await rater.client.get(f"{rater.home}/previous", params={"before": theirs})
    assert earlier.status_code == 404
    assert await count_ratings(sessions) == 0
    assert (await other.answer(theirs)).status_code == 200


@pytest.mark.parametrize("revision", ["", "0", "-1", "2", "banana", "99999"])
async def test_a_forged_revision_is_refused(
    rater: RaterBrowser, sessions: SessionFactory, revision: str
) -> None:
    answer = await rater.answer(await rater.current(), revision=revision)
    assert answer.status_code in {409, 422}
    assert await count_ratings(sessions) == 0


async def test_sending_twice_gets_the_first_receipt(
    rater: RaterBrowser, sessions: SessionFactory
) -> None:
    presentation = await rater.current()
    first = (await rater.answer(presentation)).json()
    again = (await rater.answer(presentation, {"quality": "0", "alignment": "0"})).json()
    assert (first["is_new"], again["is_new"]) == (True, False)
    assert again["scores"] == first["scores"]
    assert await stored_levels(sessions, presentation) == [[34, 20]]


async def test_a_replay_after_the_end_changes_nothing(
    rater: RaterBrowser, sessions: SessionFactory
) -> None:
    last = (await rater.rate_all())[-1]
    replay = await rater.answer(last, {"quality": "0", "alignment": "0"})
    assert (replay.status_code, replay.json()["is_new"], replay.json()["next"]) == (
        200,
        False,
        "thanks",
    )
    late = await rater.answer(last, {"quality": "0", "alignment": "0"}, revision=2)
    assert late.status_code == 409
    assert "sitting is finished" in late.json()["detail"]
    assert await stored_levels(sessions, last) == [[34, 20]]


async def test_an_earlier_answer_can_be_corrected_and_the_first_is_kept(
    rater: RaterBrowser, sessions: SessionFactory
) -> None:
    presentation = await rater.current()
    await rater.answer(presentation)
    now = presentation_in(await rater.look())
    page = await rater.client.get(f"{rater.home}/previous", params={"before": now})
    assert presentation_in(page.text) == presentation
    assert 'name="score_quality" value="3.4"' in page.text
    assert 'name="revision" value="2"' in page.text
    view = (await rater.client.get(f"{rater.home}/previous", headers=JSON)).json()
    assert (view["id"], view["revision"]) == (presentation, 1)
    corrected = await rater.answer(
        presentation, {"quality": "1", "alignment": "1"}, revision=2, as_script=False
    )
    assert corrected.status_code == 303
    assert await stored_levels(sessions, presentation) == [[34, 20], [10, 10]]
    assert presentation_in(await rater.look()) == now


async def test_before_the_first_answer_there_is_nothing_to_go_back_to(rater: RaterBrowser) -> None:
    page = await rater.client.get(f"{rater.home}/previous")
    assert (page.status_code, page.headers["location"]) == (303, rater.home)
    told = await rater.client.get(f"{rater.home}/previous", headers=JSON)
    assert told.status_code == 404


async def test_the_next_pictures_are_known_ahead_in_order(rater: RaterBrowser) -> None:
    views = await rater.upcoming()
    assert [view["position"] for view in views] == [1, 2, 3, 4]
    assert views[0]["id"] == presentation_in(await rater.look())
    await rater.answer(views[0]["id"])
    assert [view["id"] for view in await rater.upcoming()][:3] == [v["id"] for v in views[1:]]


async def test_a_stranger_can_neither_answer_nor_look_ahead(
    rater: RaterBrowser, stranger: RaterBrowser, sessions: SessionFactory
) -> None:
    presentation = await rater.current()
    assert (await stranger.answer(presentation)).status_code == 403
    for path in ("upcoming", "previous", f"pictures/{presentation}", "withdraw"):
        assert (await stranger.client.get(f"{stranger.home}/{path}")).status_code == 403
    assert await count_ratings(sessions) == 0


async def test_a_rater_of_one_study_is_nobody_in_another(
    rater: RaterBrowser, sessions: SessionFactory, blobs: BlobStore
) -> None:
    async with sessions.begin() as session:
        await make_study(session, blobs, slug="elsewhere")
    cookie = rater.client.cookies["beholder_rater"]
    rater.client.cookies.set("beholder_rater", cookie, domain="127.0.0.1", path="/rate/elsewhere")
    answer = await rater.client.get("/rate/elsewhere/upcoming")
    assert answer.status_code == 403


@pytest.mark.parametrize("path", ["/ratings", "/start", "/leave", "/withdraw", "/break/end"])
async def test_a_form_that_is_not_our_own_is_refused(
    rater: RaterBrowser, sessions: SessionFactory, path: str
) -> None:
    presentation = await rater.current()
    fields = {"presentation": presentation, "revision": "1", "score_quality": "1"}
    without = await rater.client.post(f"{rater.home}{path}", data=fields)
    assert without.status_code == 403
    token = token_of(await rater.look())
    foreign = await rater.client.post(
        f"{rater.home}{path}",
        data=fields | {"csrf": token},
        headers={"Origin": "https://elsewhere.example"},
    )
    assert foreign.status_code == 403
    assert await count_ratings(sessions) == 0
    assert await rater.current() == presentation


async def test_a_closed_study_takes_no_more_answers(
    app: FastAPI, rater: RaterBrowser, sessions: SessionFactory
) -> None:
    presentation = await rater.current()
    token = token_of(await rater.look())
    async with sessions.begin() as session:
        now = current_time()
        await change_state(session, slug=rater.slug, to=StudyState.CLOSED, now=now, actor="test")
    fields = {f"score_{key}": text for key, text in SCORES.items()}
    answer = await rater.client.post(
        f"{rater.home}/ratings",
        data={"csrf": token, "presentation": presentation, "revision": "1", **fields},
    )
    assert answer.status_code == 409
    assert "closed" in answer.text
    assert await count_ratings(sessions) == 0
