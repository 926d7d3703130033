"""The pages of a run's report: screening, methods side by side, reliability, factors."""

import httpx
import pytest
from dashboard import make_full_run, make_rated_study, make_run, text_of
from sqlalchemy import select, update

from app.database.engine import SessionFactory
from app.database.tables import Rater, RunRater, RunSection
from app.database.tables.rating import RaterStatus
from app.results.runs.parts import FAILED
from app.results.runs.sections import load_sections
from app.results.runs.sensitivity import list_rater_sensitivities
from app.storage.blobs import BlobStore

RESULTS = "/dashboard/studies/example/results"
REPORT = ("methods", "reliability", "factors")


@pytest.fixture
async def run_id(sessions: SessionFactory, blobs: BlobStore) -> int:
    async with sessions.begin() as session:
        await make_rated_study(session, blobs)
        return await make_full_run(session)


async def test_the_screening_table_says_everything_in_words(
    owner: httpx.AsyncClient, run_id: int
) -> None:
    page = await owner.get(f"{RESULTS}/screening")
    text = text_of(page.text)
    assert "variation rejects 1 3 0" in text, "one fails, three pass"
    assert "BT.500 shown only" in text
    assert "rules with their usual parameters" in text
    assert "Would reject 1 of 4 raters" in text
    assert 'href="/dashboard/studies/example/raters/SAME22"' in page.text
    row = text.split("SAME22")[1].split("GOOD2A")[0]
    assert "rejected 24" in row
    assert "✕ failed" in row
    assert "Gave the same score to all 24 stimuli." in row
    assert "✓ passed" in text
    assert "– could not be made" in text


async def test_the_screening_table_can_be_narrowed(owner: httpx.AsyncClient, run_id: int) -> None:
    proposed = (await owner.get(f"{RESULTS}/screening?standing=proposed")).text
    assert "SAME22" in proposed
    assert "GOOD2A" not in proposed
    none = await owner.get(f"{RESULTS}/screening?standing=overruled")
    assert "No rater is proposed, kept by a person." in none.text
    assert (await owner.get(f"{RESULTS}/screening?standing=banana")).status_code == 422


async def test_methods_stand_side_by_side_with_the_pictures_they_move(
    owner: httpx.AsyncClient, sessions: SessionFactory, run_id: int
) -> None:
    async with sessions() as session:
        section = (await load_sections(session, run_id=run_id))["sensitivity"]
        raters = await list_rater_sensitivities(session, run_id=run_id)
    page = (await owner.get(f"{RESULTS}/methods?dimension=quality")).text
    for method in section["methods"]:
        assert method["title"].replace("'", "&#39;") in page
    for sentence in section["advice"]:
        assert sentence.replace("'", "&#39;") in page
    sizes = [abs(rater.document["columns"]["overall"]["value_change"]) for rater in raters]
    assert sizes == sorted(sizes, reverse=True), "the largest change first"
    assert page.count("/dashboard/studies/example/raters/") == len(raters) == 4
    assert page.count("/thumbnail") >= len(raters)
    assert f"{RESULTS}/{run_id}/charts/spread-quality.json" in page
    assert (await owner.get(f"{RESULTS}/methods?dimension=taste")).status_code == 422


async def test_nothing_is_said_of_a_rater_who_withdrew(
    owner: httpx.AsyncClient, sessions: SessionFactory, run_id: int
) -> None:
    async with sessions.begin() as session:
        await session.execute(
            update(Rater).where(Rater.public_code == "SAME22").values(status=RaterStatus.WITHDRAWN)
        )
        same = await session.scalar(select(Rater.id).where(Rater.public_code == "SAME22"))
        await session.execute(
            update(RunRater).where(RunRater.rater_id == same).values(evidence={}, n=0)
        )
    assert "SAME22" not in (await owner.get(f"{RESULTS}/methods")).text
    assert "Gave the same score" not in (await owner.get(f"{RESULTS}/screening")).text
    assert "SAME22" not in (await owner.get(f"{RESULTS}/{run_id}/run.json")).text


async def test_reliability_says_what_each_number_means(
    owner: httpx.AsyncClient, sessions: SessionFactory, run_id: int
) -> None:
    async with sessions() as session:
        section = (await load_sections(session, run_id=run_id))["reliability"]
    text = text_of((await owner.get(f"{RESULTS}/reliability")).text)
    for name in ("Krippendorff’s α", "ICC of one rater", "Split-half", "Noise ceiling", "halo"):
        assert name in text
    for column in section["columns"]:
        assert column["alpha"]["sentence"] in text
    assert section["pairs"][0]["sentence"] in text


async def test_factors_show_generators_and_what_they_explain(
    owner: httpx.AsyncClient, run_id: int
) -> None:
    page = await owner.get(f"{RESULTS}/factors?dimension=quality")
    text = text_of(page.text)
    for words in ("What explains the scores", "model-a", "model-b", "Prompt length"):
        assert words in text
    chart = (await owner.get(f"{RESULTS}/{run_id}/charts/factors-quality.json")).json()
    assert chart["$schema"].startswith("https://vega.github.io/schema/vega-lite/")
    missing = await owner.get(f"{RESULTS}/{run_id}/charts/factors-taste.json")
    assert missing.status_code == 404


async def test_a_part_that_is_not_there_is_said_to_be_missing(
    owner: httpx.AsyncClient, sessions: SessionFactory, run_id: int
) -> None:
    async with sessions.begin() as session:
        await make_run(session)
    for name in REPORT:
        page = await owner.get(f"{RESULTS}/{name}")
        assert (page.status_code, "Not part of this run" in page.text) == (200, True), name
        older = await owner.get(f"{RESULTS}/{name}?run={run_id}")
        assert f"This is run {run_id}, not the newest one." in older.text
        assert f"{RESULTS}/screening?run={run_id}" in older.text, "the way stays with the run"


async def test_a_part_that_could_not_be_computed_is_said_so(
    owner: httpx.AsyncClient, sessions: SessionFactory, run_id: int
) -> None:
    async with sessions.begin() as session:
        await session.execute(update(RunSection).values(document=dict(FAILED)))
    for name in REPORT:
        page = await owner.get(f"{RESULTS}/{name}")
        assert page.status_code == 200, name
        assert "This part could not be computed." in page.text


async def test_a_picture_shows_its_score_by_every_method(
    owner: httpx.AsyncClient, run_id: int
) -> None:
    page = text_of((await owner.get("/dashboard/pool/images/1")).text)
    assert "By every method" in page
    assert "Recovered MOS, random quality (EM)" in page
