"""The API's metrics: the catalogue, predictions in and out, evaluations."""

import csv
import io

import pytest
from dashboard import make_rated_study, make_run
from metric_factory import list_image_ids, make_metric
from sqlalchemy import func, select

from app.database.tables import MetricScore
from app.results.metrics.benchmark import evaluate_run
from app.results.metrics.queue import is_evaluating

STUDY = "/api/v1/studies/example"
RUN = "/api/v1/analysis-runs/1/metrics"


@pytest.fixture
async def run_id(sessions, blobs):
    """A study of 24 pictures whose quality rises with their number, analysed."""
    async with sessions.begin() as session:
        await make_rated_study(session, blobs)
        return await make_run(session)


@pytest.fixture
async def content(sessions, run_id):
    """A file with a value of a known metric and of one's own for every picture."""
    async with sessions() as session:
        image_ids = await list_image_ids(session)
    lines = [f"{image_id},{i},{-i}" for i, image_id in enumerate(image_ids)]
    return "\n".join(["image_id,MUSIQ,ours", *lines]).encode()


async def count(sessions):
    async with sessions() as session:
        return await session.scalar(select(func.count()).select_from(MetricScore))


async def test_the_catalogue_is_told_with_sources(viewer_program):
    known = (await viewer_program.get("/api/v1/metrics")).json()
    assert len(known) >= 16
    niqe = next(entry for entry in known if entry["key"] == "niqe")
    assert (niqe["higher_is_better"], niqe["measures"], niqe["year"]) == (False, "quality", 2013)


async def test_predictions_go_in_and_come_out(
    owner_program, viewer_program, sessions, run_id, content
):
    query = {"lower_is_better": ["ours"], "version": "3", "settings": '{"crop": 224}'}
    tried = await owner_program.post(
        f"{STUDY}/predictions", params=query | {"dry_run": True}, content=content
    )
    assert tried.status_code == 200, tried.text
    assert tried.json()["metrics"][0]["added"] == 24
    assert await count(sessions) == 0
    done = await owner_program.post(f"{STUDY}/predictions", params=query, content=content)
    assert done.json()["dry_run"] is False
    assert await count(sessions) == 48
    metrics = (await viewer_program.get(f"{STUDY}/metrics")).json()
    assert [(m["key"], m["version"], m["settings"]) for m in metrics] == [
        ("musiq", "3", {"crop": 224}),
        ("ours", "3", {"crop": 224}),
    ]
    assert [m["higher_is_better"] for m in metrics] == [True, False]
    answer = await viewer_program.get(f"{STUDY}/predictions.csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [float(row["ours"]) for row in rows] == [float(-i) for i in range(24)]
    async with sessions() as session:
        assert await is_evaluating(session, run_id=run_id)


async def test_a_file_with_mistakes_is_refused_whole(owner_program, sessions, content):
    answer = await owner_program.post(f"{STUDY}/predictions", content=content + b"\n999999,1,2")
    assert answer.status_code == 422
    problems = answer.json()["problems"]
    assert {problem["where"] for problem in problems} == {"line 1", "line 26"}
    assert await count(sessions) == 0


@pytest.mark.parametrize("query", [{"settings": "["}, {"version": "x" * 101}, {"replace": "so"}])
async def test_options_that_cannot_be_used_are_refused(owner_program, content, query):
    answer = await owner_program.post(f"{STUDY}/predictions", params=query, content=content)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_viewer_changes_nothing(viewer_program, sessions, content):
    for address in (f"{STUDY}/predictions", RUN):
        assert (await viewer_program.post(address, content=content)).status_code == 403, address
    assert await count(sessions) == 0


async def test_an_evaluation_is_asked_for_and_read(owner_program, viewer_program, sessions, run_id):
    assert (await viewer_program.get(RUN)).status_code == 409
    assert (await owner_program.post(RUN)).status_code == 409
    async with sessions.begin() as session:
        await make_metric(session, "musiq")
    accepted = await owner_program.post(RUN)
    assert (accepted.status_code, accepted.json()["is_evaluating"]) == (202, True)
    document = await evaluate_run(sessions, run_id=run_id)
    answer = (await viewer_program.get(RUN)).json()
    assert answer["is_current"]
    assert answer["dimensions"] == document["dimensions"]
    table = await viewer_program.get(f"{RUN}.csv")
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert float(rows[0]["srcc"]) == answer["dimensions"][0]["rows"][0]["correlations"]["srcc"]


async def test_what_is_not_there_is_said(owner_program, run_id):
    for method, address in (
        ("GET", "/api/v1/studies/nowhere/metrics"),
        ("GET", "/api/v1/studies/nowhere/predictions.csv"),
        ("POST", "/api/v1/studies/nowhere/predictions"),
        ("GET", "/api/v1/analysis-runs/999/metrics"),
        ("GET", "/api/v1/analysis-runs/999/metrics.csv"),
        ("POST", "/api/v1/analysis-runs/999/metrics"),
    ):
        answer = await owner_program.request(method, address)
        assert answer.status_code == 404, address
