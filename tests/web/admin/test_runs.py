"""Runs in the dashboard: asked for, watched, tried again, given up, compared."""

import httpx
import pytest
from dashboard import LITTLE, make_rated_study, make_run, submit, text_of
from factories import NOW, make_study
from sqlalchemy import update

from app.database.engine import SessionFactory
from app.database.tables import AnalysisRun
from app.database.tables.results import RunState
from app.results.runs.background import execute_run
from app.results.runs.configuration import AnalysisConfiguration
from app.results.runs.queue import queue_run
from app.settings import Settings
from app.storage.blobs import BlobStore
from app.web.state import current_time

RESULTS = "/dashboard/studies/example/results"
FIELDS = {"rejecting": ["variation"], "interval": "student-t", "level": "0.95"}


@pytest.fixture
async def rated(sessions: SessionFactory, blobs: BlobStore) -> None:
    async with sessions.begin() as session:
        await make_rated_study(session, blobs)


async def make_queued(sessions: SessionFactory) -> int:
    async with sessions.begin() as session:
        return await queue_run(
            session, slug="example", configuration=LITTLE, actor="o@lab.example", now=NOW
        )


async def set_run(sessions: SessionFactory, **values: object) -> None:
    async with sessions.begin() as session:
        await session.execute(update(AnalysisRun).values(values))


async def test_a_run_is_asked_for_and_watched(
    owner: httpx.AsyncClient, sessions: SessionFactory, rated: None
) -> None:
    answer = await submit(owner, RESULTS, FIELDS)
    page = answer.headers["location"]
    assert page == f"{RESULTS}/runs/1"
    shown = await owner.get(page)
    assert "Waiting for its turn" in shown.text
    assert '<noscript><meta http-equiv="refresh"' in shown.text, "it works without scripts"
    await set_run(
        sessions,
        state=RunState.RUNNING,
        progress={"step": "screen", "done": 1, "of": 4, "attempt": 1},
    )
    state = (await owner.get(f"{page}/state.json")).json()
    assert state == {
        "state": "running",
        "words": "Screening the raters and averaging the scores",
        "done": 1,
        "of": 4,
    }
    assert 'max="4" value="1"' in (await owner.get(page)).text
    await execute_run(sessions, run_id=1, clock=current_time)
    assert (await owner.get(f"{page}/state.json")).json()["state"] == "done"
    done = await owner.get(page)
    assert done.headers["location"] == f"{RESULTS}?run=1&note=run-done"
    assert "The analysis is done and stored." in (await owner.get(done.headers["location"])).text


async def test_results_are_not_looked_for_in_a_run_that_is_not_done(
    owner: httpx.AsyncClient, sessions: SessionFactory, rated: None
) -> None:
    run_id = await make_queued(sessions)
    listed = await owner.get(RESULTS)
    assert f"Run {run_id}" in listed.text
    for path in ("", "/stimuli", "/screening", "/methods", "/reliability", "/factors"):
        answer = await owner.get(f"{RESULTS}{path}?run={run_id}")
        assert answer.status_code == 409, path
        assert "has no results yet: it is queued" in answer.text
    assert (await owner.get(f"{RESULTS}/{run_id}/scores.csv")).status_code == 409
    async with sessions.begin() as session:
        done = await make_run(session)
    assert f"Run {done}" in (await owner.get(RESULTS)).text
    await make_queued(sessions)
    assert f"Run {done} " in text_of((await owner.get(RESULTS)).text), "the newest with results"


async def test_a_failed_run_says_why_and_can_be_tried_again(
    owner: httpx.AsyncClient, sessions: SessionFactory, rated: None
) -> None:
    run_id = await make_queued(sessions)
    problem = {"where": "SAME22", "sentence": "Gave the same score to all <stimuli>."}
    error = {"sentence": "Screening rejects every rater.", "problems": [problem]}
    await set_run(sessions, state=RunState.FAILED, error=error)
    page = f"{RESULTS}/runs/{run_id}"
    shown = (await owner.get(page)).text
    assert "Screening rejects every rater." in shown
    assert "to all &lt;stimuli&gt;." in shown
    assert "http-equiv" not in shown
    assert "Screening rejects every rater." in (await owner.get(f"{RESULTS}/runs")).text
    answer = await submit(owner, page, {}, to=f"{page}/retry")
    assert answer.headers["location"] == page
    assert (await submit(owner, page, {}, to=f"{page}/retry")).status_code == 409
    await execute_run(sessions, run_id=run_id, clock=current_time)
    assert (await owner.get(f"{RESULTS}?run={run_id}")).status_code == 200


async def test_a_run_without_results_can_be_given_up(
    owner: httpx.AsyncClient, sessions: SessionFactory, rated: None
) -> None:
    run_id = await make_queued(sessions)
    page = f"{RESULTS}/runs/{run_id}"
    answer = await submit(owner, page, {}, to=f"{page}/discard")
    assert answer.headers["location"] == f"{RESULTS}/runs?note=run-discarded"
    assert (await owner.get(page)).status_code == 404
    assert (await owner.get(f"{page}/state.json")).status_code == 404
    async with sessions.begin() as session:
        done = await make_run(session)
    refused = await submit(owner, RESULTS, {}, to=f"{RESULTS}/runs/{done}/discard")
    assert refused.status_code == 409


async def test_a_run_of_another_study_is_not_there(
    owner: httpx.AsyncClient, sessions: SessionFactory, blobs: BlobStore, rated: None
) -> None:
    run_id = await make_queued(sessions)
    async with sessions.begin() as session:
        await make_study(session, blobs, slug="other", stimuli=1)
    other = f"/dashboard/studies/other/results/runs/{run_id}"
    assert (await owner.get(other)).status_code == 404
    for deed in ("retry", "discard"):
        assert (await submit(owner, RESULTS, {}, to=f"{other}/{deed}")).status_code == 404


async def test_two_runs_are_compared(
    owner: httpx.AsyncClient, sessions: SessionFactory, rated: None
) -> None:
    none = await owner.get(f"{RESULTS}/compare")
    assert (none.status_code, "no two finished runs" in none.text) == (409, True)
    async with sessions.begin() as session:
        one = await make_run(session)
        nobody = AnalysisConfiguration(rejecting=(), estimates=(), parts=())
        other = await make_run(session, configuration=nobody)
    listed = (await owner.get(f"{RESULTS}/runs")).text
    assert f'name="a" value="{one}" checked' in listed
    assert f'name="b" value="{other}" checked' in listed
    page = await owner.get(f"{RESULTS}/compare?a={one}&b={other}")
    text = text_of(page.text)
    assert "Rejecting by agreement, pace, variation nothing" in text.replace("controls, ", "")
    assert "SAME22 rejected kept" in text
    assert "different fingerprints" not in text
    assert f'data-chart="{RESULTS}/{one}/charts/against-{other}-quality.json"' in page.text
    chart = (await owner.get(f"{RESULTS}/{one}/charts/against-{other}-quality.json")).json()
    assert chart["height"]
    assert (await owner.get(f"{RESULTS}/{one}/charts/against-999-quality.json")).status_code == 404
    same = await owner.get(f"{RESULTS}/compare?a={one}&b={one}")
    assert (same.status_code, "two different runs" in same.text) == (422, True)
    assert (await owner.get(f"{RESULTS}/compare?a={one}&b=999")).status_code == 404


async def test_other_ratings_are_pointed_out(
    owner: httpx.AsyncClient, sessions: SessionFactory, rated: None
) -> None:
    async with sessions.begin() as session:
        await make_run(session)
    one = "/dashboard/studies/example/raters/GOOD2A"
    await submit(owner, one, {"reason": "For this test."}, to=f"{one}/exclude")
    async with sessions.begin() as session:
        await make_run(session)
    text = text_of((await owner.get(f"{RESULTS}/compare")).text)
    assert "different fingerprints" in text
    assert "GOOD2A kept not in it" in text


async def test_with_a_worker_small_studies_are_done_before_the_page_comes(
    settings: Settings, database_url: str, owner: httpx.AsyncClient, rated: None
) -> None:
    from app.main import create_app

    served = create_app(settings.model_copy(update={"analysis_worker": True}), database_url)
    async with served.router.lifespan_context(served):
        transport = httpx.ASGITransport(app=served, raise_app_exceptions=False)
        async with httpx.AsyncClient(
            transport=transport, base_url=owner.base_url, cookies=owner.cookies
        ) as client:
            await submit(client, RESULTS, FIELDS)  # the worker may still be starting
            answer = await submit(client, RESULTS, FIELDS)
    assert answer.headers["location"] == f"{RESULTS}?note=run-done"
