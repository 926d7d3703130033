"""The API's studies: where they stand, analysing them, their ratings."""

import csv
import io

import pytest
from panel import make_panel

from app.results.runs.background import execute_run
from app.web.state import current_time

STUDY = "/api/v1/studies/example"
LITTLE = {"estimates": [], "parts": []}


@pytest.fixture
async def panel(sessions, blobs):
    """A study with two raters of three pictures."""
    async with sessions.begin() as session:
        made = await make_panel(session, blobs, stimuli=3)
        for shift in (0, 5):
            await made.add_rater({s: (10 * i + shift, 20) for i, s in enumerate(made.stimuli)})
    return made


async def test_a_stranger_gets_nothing(client):
    document = (await client.get("/api/v1/openapi.json")).json()
    for path, operations in document["paths"].items():
        if not path.startswith("/api/v1/"):
            continue
        address = path.format(slug="example", run_id=1, form="csv")
        for method in operations:
            for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic eDp5"}):
                answer = await client.request(method, address, headers=headers)
                assert answer.status_code == 401, address
                assert answer.headers["www-authenticate"] == "Bearer"
                assert "API token" in answer.json()["detail"]


async def test_a_browser_session_is_no_token(owner):
    assert (await owner.get("/api/v1/studies")).status_code == 401


async def test_studies_are_listed_with_their_progress(viewer_program, panel):
    (study,) = (await viewer_program.get("/api/v1/studies")).json()
    assert (study["slug"], study["state"], study["main_stimuli"]) == ("example", "open", 3)
    assert study["raters"] == {"completed": 2}


async def test_one_study_has_its_protocol(viewer_program, owner_program, sessions, panel):
    study = (await viewer_program.get(STUDY)).json()
    assert [d["key"] for d in study["protocol"]["dimensions"]] == ["quality", "alignment"]
    assert study["latest_run_id"] is None
    run = (await owner_program.post(f"{STUDY}/analysis-runs", json=LITTLE)).json()
    assert (await viewer_program.get(STUDY)).json()["latest_run_id"] is None, "it is not done"
    await execute_run(sessions, run_id=run["id"], clock=current_time)
    assert (await viewer_program.get(STUDY)).json()["latest_run_id"] == run["id"]
    missing = await viewer_program.get("/api/v1/studies/nowhere")
    assert missing.status_code == 404
    assert missing.headers["content-type"] == "application/problem+json"


async def test_an_owner_analyses_with_the_defaults(owner_program, sessions, panel):
    answer = await owner_program.post(f"{STUDY}/analysis-runs")
    assert answer.status_code == 202
    asked = answer.json()
    assert (asked["state"], asked["summary"], asked["fingerprint"]) == ("queued", None, None)
    address = answer.headers["location"]
    assert (await owner_program.get(address)).json() == asked
    assert (await owner_program.get(f"{address}/scores")).status_code == 409
    await execute_run(sessions, run_id=asked["id"], clock=current_time)
    run = (await owner_program.get(address)).json()
    assert (run["state"], run["progress"], run["error"]) == ("done", None, None)
    assert run["summary"]["ratings"] == 6
    assert [d["key"] for d in run["summary"]["dimensions"]] == ["quality", "alignment", "overall"]
    assert run["configuration"]["weights"] == {"quality": 1.0, "alignment": 1.0}
    assert run["created_by"] == "owner@lab.example"
    assert len(run["fingerprint"]) == 64


async def test_the_body_is_the_configuration(owner_program, panel):
    body = {"level": 0.9, "rejecting": [], "interval": "student-t"}
    run = (await owner_program.post(f"{STUDY}/analysis-runs", json=body)).json()
    assert run["configuration"]["level"] == 0.9
    assert run["configuration"]["rejecting"] == []
    listed = (await owner_program.get(f"{STUDY}/analysis-runs")).json()
    assert [entry["id"] for entry in listed] == [run["id"]]


async def test_a_wrong_configuration_is_refused_in_a_sentence(owner_program, panel):
    for body in (
        {"level": 2},
        {"rejecting": ["astrology"]},
        {"unknown": 1},
        {"weights": {"beauty": 1}},
        [],
        "banana",
    ):
        answer = await owner_program.post(f"{STUDY}/analysis-runs", json=body)
        assert answer.status_code == 422, body
        assert answer.json()["detail"]
    assert (await owner_program.get(f"{STUDY}/analysis-runs")).json() == []


async def test_a_viewer_looks_but_does_not_analyse(viewer_program, panel):
    assert (await viewer_program.get(f"{STUDY}/analysis-runs")).json() == []
    answer = await viewer_program.post(f"{STUDY}/analysis-runs")
    assert answer.status_code == 403
    assert "change nothing" in answer.json()["detail"]
    assert (await viewer_program.get(f"{STUDY}/analysis-runs")).json() == []


async def test_nothing_to_analyse_is_a_conflict(owner_program, sessions, blobs):
    async with sessions.begin() as session:
        await make_panel(session, blobs)
    answer = await owner_program.post(f"{STUDY}/analysis-runs")
    assert (answer.status_code, answer.json()["title"]) == (409, "AnalysisImpossible")


async def test_ratings_and_stimuli_are_downloaded(viewer_program, panel):
    answer = await viewer_program.get(f"{STUDY}/ratings.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="example-ratings.csv"' in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert len(rows) == 6
    assert {row["phase"] for row in rows} == {"main"}
    stimuli = await viewer_program.get(f"{STUDY}/stimuli.csv")
    assert len(stimuli.text.splitlines()) == 4
    assert (await viewer_program.get("/api/v1/studies/nowhere/ratings.csv")).status_code == 404


async def test_the_interface_documents_itself(client):
    document = (await client.get("/api/v1/openapi.json")).json()
    paths = {path: set(methods) for path, methods in document["paths"].items()}
    assert paths["/api/v1/studies/{slug}/analysis-runs"] == {"get", "post"}
    operations = [
        operation
        for path, methods in document["paths"].items()
        if path.startswith("/api/v1/")
        for operation in methods.values()
    ]
    assert len(operations) >= 14
    for operation in operations:
        assert operation["summary"]
        assert operation["description"]
        assert operation["security"] == [{"HTTPBearer": []}]
        assert {"401", "404"} <= set(operation["responses"])
