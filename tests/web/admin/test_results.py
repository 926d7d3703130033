import csv
import io

import httpx
import pytest
from dashboard import links_of, make_rated_study, make_run, submit, text_of
from factories import make_study
from sqlalchemy import select

from app.analysis.estimates import EstimateMethod
from app.analysis.intervals import IntervalMethod
from app.database.engine import SessionFactory
from app.database.tables import AnalysisRun, RunScore
from app.database.tables.results import RunState
from app.results.runs.background import execute_run
from app.results.runs.configuration import CHECK_NAMES, AnalysisConfiguration
from app.storage.blobs import BlobStore
from app.web.admin.analysis_form import CHECKS, INTERVALS, LEVELS
from app.web.state import current_time

PAGE = "/dashboard/studies/example/results"


@pytest.fixture
async def rated(sessions: SessionFactory, blobs: BlobStore) -> None:
    async with sessions.begin() as session:
        await make_rated_study(session, blobs)


@pytest.fixture
async def run_id(sessions: SessionFactory, rated: None) -> int:
    async with sessions.begin() as session:
        return await make_run(session)


async def find_run(sessions: SessionFactory) -> AnalysisRun | None:
    async with sessions() as session:
        return await session.scalar(select(AnalysisRun).order_by(AnalysisRun.id.desc()))


def test_the_form_offers_what_the_analysis_knows() -> None:
    assert set(CHECKS) == CHECK_NAMES
    assert set(INTERVALS) == {method.value for method in IntervalMethod}
    assert str(AnalysisConfiguration().level) in LEVELS


async def test_without_ratings_there_is_nothing_to_analyse(
    owner: httpx.AsyncClient, sessions: SessionFactory, blobs: BlobStore
) -> None:
    async with sessions.begin() as session:
        await make_study(session, blobs, stimuli=1)
    assert "Nothing to analyse yet" in (await owner.get(PAGE)).text
    assert (await owner.get(f"{PAGE}/stimuli")).status_code == 409


async def test_an_analysis_is_run_as_the_form_says(
    owner: httpx.AsyncClient, sessions: SessionFactory, rated: None
) -> None:
    page = (await owner.get(PAGE)).text
    for name in AnalysisConfiguration().rejecting:
        assert f'name="rejecting" value="{name}" checked' in page
    assert 'name="interval" value="sos-jeffreys" checked' in page
    for method in EstimateMethod:
        assert f'name="estimates" value="{method}" checked' in page
    fields = {
        "rejecting": ["variation"],
        "interval": "student-t",
        "level": "0.9",
        "weight.quality": "3",
        "weight.alignment": "1",
        "estimates": ["mos", "em"],
        "parts": ["factors"],
    }
    answer = await submit(owner, PAGE, fields)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{PAGE}/runs/1"
    run = await find_run(sessions)
    assert run is not None
    stored = run.configuration
    assert stored["rejecting"] == ["variation"]
    assert (stored["interval"], stored["level"]) == ("student-t", 0.9)
    assert stored["weights"] == {"quality": 3.0, "alignment": 1.0}
    assert (stored["estimates"], stored["parts"]) == (["mos", "em"], ["factors"])
    assert (run.created_by, run.state) == ("owner@lab.example", RunState.QUEUED)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"rejecting": ["banana"]}, "There is no check called banana"),
        ({"interval": "wide"}, "interval"),
        ({"level": "2"}, "level"),
        ({"weight.quality": "0", "weight.alignment": "0"}, "At least one dimension"),
        ({"weight.quality": "1"}, "Weights must name exactly"),
    ],
)
async def test_a_configuration_that_cannot_be_is_refused(
    owner: httpx.AsyncClient,
    sessions: SessionFactory,
    rated: None,
    fields: dict[str, object],
    sentence: str,
) -> None:
    good = {"rejecting": ["variation"], "interval": "student-t", "level": "0.95"}
    answer = await submit(owner, PAGE, good | fields)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert await find_run(sessions) is None


async def test_the_page_says_where_its_numbers_come_from(
    owner: httpx.AsyncClient, sessions: SessionFactory, run_id: int
) -> None:
    page = (await owner.get(PAGE)).text
    run = await find_run(sessions)
    assert run is not None
    assert run.fingerprint in page
    assert page.count(run.fingerprint[:12] + "</span>") >= 4, "beside every group of numbers"
    assert "scores/mos@1" in page
    assert "interval/sos-jeffreys@1" in page
    text = text_of(page)
    assert "Raters kept 3 of 4 Ratings kept 72 of 96 Pictures rated 24 of 24" in text


async def test_new_ratings_and_older_runs_are_pointed_out(
    owner: httpx.AsyncClient, sessions: SessionFactory, run_id: int
) -> None:
    one = "/dashboard/studies/example/raters/SAME22"
    await submit(owner, one, {"reason": "Never looks."}, to=f"{one}/exclude")
    assert "This run saw 96 usable ratings; there are 72 now." in (await owner.get(PAGE)).text
    async with sessions.begin() as session:
        await make_run(session)
    older = await owner.get(f"{PAGE}?run={run_id}")
    assert f"This is run {run_id}, not the newest one." in older.text
    assert (await owner.get(f"{PAGE}?run=999")).status_code == 404


async def test_the_table_can_be_put_in_the_order_of_any_column(
    owner: httpx.AsyncClient, sessions: SessionFactory, run_id: int
) -> None:
    async with sessions() as session:
        expected = (
            await session.scalars(
                select(RunScore.mos)
                .where(RunScore.run_id == run_id, RunScore.dimension == "quality")
                .order_by(RunScore.mos, RunScore.stimulus_id)
            )
        ).all()
    address = f"{PAGE}/stimuli?dimension=quality&column=mos&ascending=true"
    page = (await owner.get(address)).text
    assert 'aria-sort="ascending"' in page
    shown = [row.split('class="num first">')[1][:4] for row in page.split("<tr>")[3:]]
    assert shown == [f"{mos:.2f}" for mos in expected]
    for column in ("mos", "sos", "n", "z_mos"):
        answer = await owner.get(f"{PAGE}/stimuli?dimension=overall&column={column}")
        assert 'aria-sort="descending"' in answer.text
    assert (await owner.get(f"{PAGE}/stimuli?dimension=taste")).status_code == 422
    assert (await owner.get(f"{PAGE}/stimuli?column=banana")).status_code == 422


async def test_the_table_can_be_narrowed_to_a_generator(
    owner: httpx.AsyncClient, run_id: int
) -> None:
    page = await owner.get(f"{PAGE}/stimuli?generator=model-b")
    assert page.text.count("/thumbnail") == 12
    assert "12 pictures" in page.text


async def test_every_download_of_the_page_has_what_it_says(
    owner: httpx.AsyncClient, run_id: int
) -> None:
    page = (await owner.get(PAGE)).text
    endings = {"csv", "json", "parquet", "zip"}
    files = [link for link in links_of(page) if link.rpartition(".")[2] in endings]
    files += [link for link in links_of(page) if "agiqa3k" in link]
    assert len(files) >= 5 * 3 + 3
    for link in files:
        answer = await owner.get(link.replace("&amp;", "&"))
        assert answer.status_code == 200, link
        assert "attachment" in answer.headers["content-disposition"]
    scores = await owner.get(f"{PAGE}/{run_id}/scores.csv")
    rows = list(csv.DictReader(io.StringIO(scores.text)))
    assert len(rows) == 24
    assert {row["run_id"] for row in rows} == {str(run_id)}
    ratings = await owner.get("/dashboard/studies/example/ratings.csv")
    assert len(list(csv.DictReader(io.StringIO(ratings.text)))) == 96
    assert "GOOD2A" not in ratings.text, "raters are under pseudonyms"
    run = (await owner.get(f"{PAGE}/{run_id}/run.json")).json()
    assert run["summary"]["kept"] == 3


async def test_the_charts_are_specifications_and_files(
    owner: httpx.AsyncClient, run_id: int
) -> None:
    charts = f"{PAGE}/{run_id}/charts"
    page = (await owner.get(PAGE)).text
    for name in ("distribution-quality", "distribution-overall", "points", "generators"):
        assert f'data-chart="{charts}/{name}.json"' in page
        specification = (await owner.get(f"{charts}/{name}.json")).json()
        assert specification["$schema"].startswith("https://vega.github.io/schema/vega-lite/")
    points = (await owner.get(f"{charts}/points.json")).json()
    assert len(points["data"]["values"]) == 24
    svg = await owner.get(f"{charts}/points.svg")
    assert svg.headers["content-type"] == "image/svg+xml"
    assert svg.text.startswith("<svg")
    assert (await owner.get(f"{charts}/taste.json")).status_code == 404
    assert (await owner.get(f"{charts}/points.gif")).status_code == 404


async def test_the_script_of_the_charts_is_fetched_once(owner: httpx.AsyncClient) -> None:
    first = await owner.get("/dashboard/charts.js")
    assert first.headers["content-type"].startswith("text/javascript")
    again = await owner.get(
        "/dashboard/charts.js", headers={"if-none-match": first.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")


async def test_a_run_of_one_study_is_not_shown_as_another_s(
    owner: httpx.AsyncClient, sessions: SessionFactory, blobs: BlobStore, run_id: int
) -> None:
    async with sessions.begin() as session:
        await make_study(session, blobs, slug="other", stimuli=1)
    other = f"/dashboard/studies/other/results/{run_id}"
    for path in ("/scores.csv", "/raters.csv", "/run.json", "/agiqa3k.csv", "/charts/points.json"):
        assert (await owner.get(other + path)).status_code == 404, path


async def test_an_analysis_that_rejects_everybody_says_whom_and_why(
    owner: httpx.AsyncClient, sessions: SessionFactory, blobs: BlobStore, rated: None
) -> None:
    for code in ("GOOD2A", "GOOD3A", "GOOD4A"):
        one = f"/dashboard/studies/example/raters/{code}"
        await submit(owner, one, {"reason": "For this test."}, to=f"{one}/exclude")
    fields = {"rejecting": ["variation"], "interval": "student-t", "level": "0.95"}
    answer = await submit(owner, PAGE, fields)
    assert answer.status_code == 303
    await execute_run(sessions, run_id=1, clock=current_time)
    failed = await owner.get(answer.headers["location"])
    assert "Screening rejects every rater" in failed.text
    assert "SAME22 : Gave the same score" in text_of(failed.text)
    assert "Try again" in failed.text
