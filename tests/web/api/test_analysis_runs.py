"""The API's analysis runs: scores by page and as CSV, raters with evidence."""

import csv
import io

import pytest
from factories import NOW
from panel import make_panel
from sqlalchemy import select

from app.database.tables import RunScore
from app.results.runs.configuration import AnalysisConfiguration, VariationSettings
from app.results.runs.execution import run_analysis

RUN = "/api/v1/analysis-runs/1"


@pytest.fixture
async def panel(sessions, blobs):
    """A study of five pictures, analysed: two lively raters and one who always answers the same."""
    setup = AnalysisConfiguration(variation=VariationSettings(min_ratings=5))
    async with sessions.begin() as session:
        made = await make_panel(session, blobs, stimuli=5)
        for shift in (0, 2):
            await made.add_rater(
                {s: (10 * i, 48 - 10 * i + shift) for i, s in enumerate(made.stimuli)}
            )
        await made.add_rater(dict.fromkeys(made.stimuli, (25, 25)), code="bored")
        await run_analysis(session, slug=made.slug, configuration=setup, actor="o", now=NOW)
    return made


async def test_pages_of_scores_agree_with_what_is_stored(viewer_program, sessions, panel):
    items, after, pages = [], 0, 0
    while after is not None:
        page = (
            await viewer_program.get(f"{RUN}/scores", params={"after": after, "limit": 2})
        ).json()
        items += page["items"]
        after, pages = page["next_after"], pages + 1
    assert pages == 3
    assert [item["stimulus_id"] for item in items] == panel.stimuli
    async with sessions() as session:
        stored = {
            (row.stimulus_id, row.dimension): row
            for row in await session.scalars(select(RunScore).where(RunScore.run_id == 1))
        }
    for item in items:
        assert set(item["scores"]) == {"quality", "alignment", "overall"}
        for dimension, score in item["scores"].items():
            row = stored[item["stimulus_id"], dimension]
            for field, value in score.items():
                assert getattr(row, field) == value


async def test_the_last_page_says_that_it_is_the_last(viewer_program, panel):
    whole = (await viewer_program.get(f"{RUN}/scores", params={"limit": 5})).json()
    assert (len(whole["items"]), whole["next_after"]) == (5, None)


async def test_impossible_pages_are_refused(viewer_program, panel):
    for query in ("limit=0", "limit=2001", "after=-1", f"after={10**30}", "after=banana"):
        assert (await viewer_program.get(f"{RUN}/scores?{query}")).status_code == 422, query


async def test_csv_and_json_say_the_same(viewer_program, panel):
    answer = await viewer_program.get(f"{RUN}/scores.csv")
    assert 'filename="scores-run-1.csv"' in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    items = (await viewer_program.get(f"{RUN}/scores")).json()["items"]
    for row, item in zip(rows, items, strict=True):
        assert row["name"] == item["name"]
        assert float(row["overall_z_mos"]) == item["scores"]["overall"]["z_mos"]


async def test_agiqa3k_columns_by_choice_of_mos(viewer_program, panel):
    async def first(score):
        answer = await viewer_program.get(f"{RUN}/agiqa3k.csv", params={"score": score})
        return next(csv.DictReader(io.StringIO(answer.text, newline="")))

    assert float((await first("raw"))["mos_quality"]) == 0.0
    assert 0 < float((await first("z"))["mos_quality"]) < 50
    wrong = await viewer_program.get(f"{RUN}/agiqa3k.csv", params={"score": "best"})
    assert wrong.status_code == 422


async def test_raters_come_with_reasons(viewer_program, panel):
    raters = (await viewer_program.get(f"{RUN}/raters")).json()
    assert [rater["verdict"] for rater in raters] == ["rejected", "kept", "kept"]
    assert raters[0]["public_code"] == "bored"
    assert "same score to all 5" in raters[0]["grounds"][0]
    assert raters[1]["grounds"] == []
    checks = {check["check"] for check in raters[1]["evidence"]["checks"]}
    assert {"bt500", "agreement", "variation", "controls", "pace"} <= checks


async def test_there_is_no_such_run(viewer_program):
    for tail in ("", "/scores", "/scores.csv", "/agiqa3k.csv", "/raters"):
        answer = await viewer_program.get(f"/api/v1/analysis-runs/999{tail}")
        assert answer.status_code == 404, tail
        assert "no analysis run" in answer.json()["detail"]


async def test_what_cannot_be_a_number_of_a_run_leads_nowhere(viewer_program):
    for run_id in ("0", "-1", "banana", str(10**30)):
        answer = await viewer_program.get(f"/api/v1/analysis-runs/{run_id}")
        assert answer.status_code == 404, run_id
