"""The page of metrics: empty, not compared, compared; a file checked, imported, taken out again."""

import re
from html import unescape

import httpx
import pytest
from dashboard import links_of, make_rated_study, make_run, submit, text_of
from factories import csrf_of, make_study
from metric_factory import list_image_ids, make_metric
from sqlalchemy import func, select, text

from app.database.engine import SessionFactory
from app.database.tables import MetricScore
from app.results.metrics.benchmark import evaluate_run
from app.results.metrics.queue import is_evaluating
from app.settings import Settings
from app.storage.blobs import BlobStore

PAGE = "/dashboard/studies/example/metrics"


@pytest.fixture
async def run_id(sessions: SessionFactory, blobs: BlobStore) -> int:
    """A study of 24 pictures whose quality rises with their number, analysed."""
    async with sessions.begin() as session:
        await make_rated_study(session, blobs)
        return await make_run(session)


@pytest.fixture
async def rows(sessions: SessionFactory, run_id: int) -> list[str]:
    """Lines of a file with a value of NIQE for every picture."""
    async with sessions() as session:
        return [f"{image_id},{i}" for i, image_id in enumerate(await list_image_ids(session))]


def csv_of(rows: list[str], header: str = "image_id,NIQE") -> bytes:
    return "\n".join([header, *rows]).encode()


async def send(
    owner: httpx.AsyncClient, content: bytes, name: str = "a.csv", **typed: str
) -> httpx.Response:
    files = {"file": (name, content)}
    return await submit(owner, PAGE, typed, to=f"{PAGE}/import", files=files)


async def agree(owner: httpx.AsyncClient, page: httpx.Response) -> httpx.Response:
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    hidden = {name: unescape(value) for name, value in hidden.items()}
    token = re.search(r'name="upload" value="([0-9a-f]{32})"', page.text)
    assert token
    return await owner.post(f"{PAGE}/import/confirm", data=hidden | {"upload": token[1]})


async def count(sessions: SessionFactory) -> int:
    async with sessions() as session:
        return await session.scalar(select(func.count()).select_from(MetricScore)) or 0


async def test_an_empty_page_says_what_metrics_are_and_how_to_begin(
    owner: httpx.AsyncClient, run_id: int
) -> None:
    said = text_of((await owner.get(PAGE)).text)
    assert "No predictions for these pictures yet" in said
    assert "beholder metrics run example" in said
    assert "Import predictions" in said
    assert "Making a “completely blind” image quality analyzer" in said


async def test_predictions_without_an_analysis_lead_to_one(
    owner: httpx.AsyncClient, sessions: SessionFactory, blobs: BlobStore
) -> None:
    async with sessions.begin() as session:
        await make_study(session, blobs, stimuli=3)
        await make_metric(session)
    page = await owner.get(PAGE)
    assert "Nothing to compare with yet" in page.text
    assert "/dashboard/studies/example/results" in links_of(page.text)


async def test_a_file_is_checked_then_imported_and_compared(
    owner: httpx.AsyncClient, sessions: SessionFactory, run_id: int, rows: list[str]
) -> None:
    checked = await send(owner, csv_of(rows), version="2", settings='{"crop": 224}')
    assert checked.status_code == 200
    said = text_of(checked.text)
    assert "Ready to import 1 metric for 24 pictures" in said
    assert "NIQE NIQE lower 24 24 0 0" in said
    assert await count(sessions) == 0
    done = await agree(owner, checked)
    assert done.status_code == 303
    assert await count(sessions) == 24
    async with sessions() as session:
        assert await is_evaluating(session, run_id=run_id)
    page = await owner.get(done.headers["location"])
    assert "24 predictions were imported." in page.text
    assert f"{PAGE}/state.json?run={run_id}" in page.text
    assert "version 2, crop 224" in text_of(page.text)
    assert (await owner.get(f"{PAGE}/state.json")).json() == {"evaluating": True}


async def test_mistakes_are_listed_and_the_form_comes_back_as_it_was(
    owner: httpx.AsyncClient, sessions: SessionFactory, rows: list[str]
) -> None:
    content = csv_of([*rows[:1], "999999,3", f"{rows[1].split(',')[0]},good"])
    answer = await send(owner, content, version="2 <b>", lower="ours")
    assert answer.status_code == 422
    said = text_of(answer.text)
    assert "3 mistakes in a.csv" in said
    assert "line 3: There is no picture “999999”." in said
    assert "line 4: “good” is not a number (NIQE)." in said
    assert "The options name “ours”, which is not in the file." in said
    assert 'value="2 &lt;b&gt;"' in answer.text
    assert await count(sessions) == 0


@pytest.mark.parametrize(
    ("content", "typed", "said"),
    [
        (b"", {}, "names no column"),
        (b"\x89PNG\r\n\x1a\n\0\0", {}, "not valid UTF-8"),
        (b"image,NIQE\na,1", {"settings": "{"}, "Settings are a JSON object"),
        (b"image,NIQE\na,1", {"version": "x" * 101}, "A version is a text"),
    ],
)
async def test_what_cannot_be_read_is_said(
    owner: httpx.AsyncClient, run_id: int, content: bytes, typed: dict[str, str], said: str
) -> None:
    answer = await send(owner, content, **typed)
    assert answer.status_code == 422
    assert said in text_of(answer.text)


async def test_a_form_without_a_file_is_refused(owner: httpx.AsyncClient, run_id: int) -> None:
    answer = await submit(owner, PAGE, {}, to=f"{PAGE}/import")
    assert answer.status_code == 422
    assert "Please choose a CSV file first." in answer.text


async def test_an_upload_that_is_gone_is_said(owner: httpx.AsyncClient, run_id: int) -> None:
    answer = await submit(owner, PAGE, {"upload": "0" * 32}, to=f"{PAGE}/import/confirm")
    assert answer.status_code == 404
    assert "This upload is gone" in answer.text


async def test_other_values_are_replaced_only_when_ticked(
    owner: httpx.AsyncClient, sessions: SessionFactory, rows: list[str]
) -> None:
    await agree(owner, await send(owner, csv_of(rows)))
    changed = csv_of([f"{rows[0].split(',')[0]},77"])
    refused = await send(owner, changed)
    assert refused.status_code == 422
    assert "has other values for one of these pictures already" in text_of(refused.text)
    assert (await agree(owner, await send(owner, changed, replace="yes"))).status_code == 303
    async with sessions() as session:
        assert 77.0 in list(await session.scalars(select(MetricScore.value)))


async def test_the_leaderboard_shows_every_number_with_its_method(
    owner: httpx.AsyncClient, sessions: SessionFactory, run_id: int
) -> None:
    async with sessions.begin() as session:
        await make_metric(session, "musiq", noise=0.5)
        wrong = await make_metric(session, "niqe", higher_is_better=False, noise=3, seed=2)
        await make_metric(session, "ours", noise=70, seed=3)
    page = await owner.get(PAGE)
    assert "Not compared yet" in page.text
    document = await evaluate_run(sessions, run_id=run_id)
    page = await owner.get(PAGE)
    said = text_of(page.text)
    found = document["dimensions"][0]["rows"][0]["correlations"]["srcc"]
    assert f"MUSIQ higher is better, judges quality among the best {found:.3f}" in said
    assert "runs the wrong way" in said
    assert "MUSIQ" in said.split("Which differences are real")[1]
    assert "is better than" in said
    for method in ("metrics/srcc", "metrics/krcc", "metrics/krasula-auc", "metrics/holm"):
        assert f'href="/dashboard/methods#{method}"' in page.text
    chart = f"/dashboard/studies/example/results/{run_id}/charts/metric-ranking-quality"
    assert f'data-chart="{chart}.json"' in page.text
    assert (await owner.get(f"{chart}.json")).json()["layer"]
    scatter = f"{chart.rsplit('/', 1)[0]}/metric-scatter-{wrong}-alignment"
    drawn = await owner.get(f"{scatter}.svg")
    assert drawn.headers["content-type"].startswith("image/svg+xml")
    assert (await owner.get(f"{chart.replace('ranking', 'nothing')}.json")).status_code == 404


async def test_other_dimensions_runs_and_metrics_can_be_chosen(
    owner: httpx.AsyncClient, sessions: SessionFactory, run_id: int
) -> None:
    async with sessions.begin() as session:
        metric_id = await make_metric(session, "musiq")
        await make_metric(session, "niqe", higher_is_better=False, falling=True)
    await evaluate_run(sessions, run_id=run_id)
    query = f"?run={run_id}&dimension=alignment&metric=musiq@{metric_id}"
    said = text_of((await owner.get(PAGE + query)).text)
    assert "Alignment 2 metrics against the raw MOS" in said
    assert "MUSIQ, picture by picture" in said
    assert (await owner.get(f"{PAGE}?dimension=beauty")).status_code == 422
    assert (await owner.get(f"{PAGE}?run=999")).status_code == 404
    assert (await owner.get(f"{PAGE}?metric=nothing")).status_code == 200


async def test_changed_predictions_ask_for_another_comparison(
    owner: httpx.AsyncClient, sessions: SessionFactory, run_id: int
) -> None:
    async with sessions.begin() as session:
        await make_metric(session, "musiq")
    await evaluate_run(sessions, run_id=run_id)
    assert "have changed since" not in (await owner.get(PAGE)).text
    async with sessions.begin() as session:
        await make_metric(session, "liqe")
    assert (
        "The predictions have changed since this comparison was made."
        in (await owner.get(PAGE)).text
    )
    answer = await submit(owner, PAGE, {"run": str(run_id)}, to=f"{PAGE}/evaluate")
    assert answer.status_code == 303
    async with sessions() as session:
        assert await is_evaluating(session, run_id=run_id)


async def test_there_must_be_something_to_compare(owner: httpx.AsyncClient, run_id: int) -> None:
    answer = await submit(owner, PAGE, {}, to=f"{PAGE}/evaluate")
    assert answer.status_code == 409
    assert "No metric has a prediction" in answer.text
    answer = await submit(owner, PAGE, {"run": "x"}, to=f"{PAGE}/evaluate")
    assert answer.status_code == 422


async def test_a_metric_is_removed_with_its_predictions(
    owner: httpx.AsyncClient, sessions: SessionFactory, run_id: int
) -> None:
    async with sessions.begin() as session:
        metric_id = await make_metric(session, "musiq")
    answer = await submit(owner, PAGE, {"metric": str(metric_id)}, to=f"{PAGE}/remove")
    assert answer.status_code == 303
    page = await owner.get(answer.headers["location"])
    assert "The metric was removed with 24 predictions." in page.text
    assert await count(sessions) == 0
    for metric in (str(metric_id), "", "x", "9" * 30):
        answer = await submit(owner, PAGE, {"metric": metric}, to=f"{PAGE}/remove")
        assert answer.status_code in {404, 422}, metric


async def test_numbers_and_predictions_can_be_downloaded(
    owner: httpx.AsyncClient, sessions: SessionFactory, run_id: int
) -> None:
    empty = await owner.get(f"{PAGE}/leaderboard.csv")
    assert len(empty.text.splitlines()) == 1
    async with sessions.begin() as session:
        await make_metric(session, "musiq")
    await evaluate_run(sessions, run_id=run_id)
    board = await owner.get(f"{PAGE}/leaderboard.csv")
    assert len(board.text.splitlines()) == 1 + 3 * (1 + 2)
    predictions = await owner.get(f"{PAGE}/predictions.csv")
    assert predictions.text.splitlines()[0] == "name,image_id,MUSIQ"
    again = await send(owner, predictions.content)
    assert again.status_code == 200
    assert "MUSIQ MUSIQ higher 24 0 24 0" in text_of(again.text)


async def test_a_viewer_reads_and_changes_nothing(
    viewer: httpx.AsyncClient, sessions: SessionFactory, run_id: int
) -> None:
    async with sessions.begin() as session:
        metric_id = await make_metric(session, "musiq")
    page = await viewer.get(PAGE)
    assert "An owner can start the comparison." in page.text
    assert "Import predictions" not in page.text
    assert "danger" not in page.text
    token = csrf_of(page.text)
    for path in ("import", "import/confirm", "evaluate", "remove"):
        data = {"csrf": token, "metric": str(metric_id)}
        assert (await viewer.post(f"{PAGE}/{path}", data=data)).status_code == 403, path
    assert await count(sessions) == 24


async def test_names_of_metrics_are_never_markup(
    owner: httpx.AsyncClient, sessions: SessionFactory, run_id: int, settings: Settings
) -> None:
    async with sessions.begin() as session:
        await make_metric(session, "<script>alert(1)</script>")
    await evaluate_run(sessions, run_id=run_id)
    assert "<script>alert" not in (await owner.get(PAGE)).text


async def test_an_evaluation_that_failed_says_so(
    owner: httpx.AsyncClient, sessions: SessionFactory, run_id: int
) -> None:
    async with sessions.begin() as session:
        await make_metric(session, "musiq")
    await evaluate_run(sessions, run_id=run_id)
    async with sessions.begin() as session:
        await session.execute(
            text('UPDATE run_section SET document = document || \'{"failed": "It broke."}\'')
        )
    page = await owner.get(PAGE)
    assert "The comparison failed" in page.text
    assert "It broke." in page.text
