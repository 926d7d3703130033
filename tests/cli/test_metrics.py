"""The commands of metrics, as a person types them."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from dashboard import make_rated_study, make_run
from metric_factory import list_image_ids, make_metric
from sqlalchemy import func, select
from typer.testing import CliRunner

from app.cli import cli
from app.cli import metrics as commands
from app.database.engine import SessionFactory
from app.database.tables import MetricScore
from app.errors import ImportRefused, InvalidInput, NotFound
from app.settings import get_settings
from app.storage.blobs import BlobStore

Run = Callable[..., Awaitable[str]]


@pytest.fixture
def run(
    database_url: str, sessions: SessionFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Run]:
    """Runs `beholder metrics …` on the test database; status 0 expected."""
    monkeypatch.setenv("BEHOLDER_DATABASE_URL", database_url)
    monkeypatch.setenv("BEHOLDER_DATA_FOLDER", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr("app.cli.metrics.configure_logging", lambda settings, quiet: None)
    get_settings.cache_clear()

    async def run(*words: str | Path) -> str:
        arguments = ["metrics", *(str(word) for word in words)]
        done = await asyncio.to_thread(CliRunner().invoke, cli, arguments)
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.output

    yield run
    get_settings.cache_clear()


@pytest.fixture
async def study(sessions: SessionFactory, blobs: BlobStore) -> None:
    """A study of 24 pictures whose quality rises with their number, analysed."""
    async with sessions.begin() as session:
        await make_rated_study(session, blobs)
        await make_run(session)


@pytest.fixture
async def file(sessions: SessionFactory, study: None, tmp_path: Path) -> Path:
    """A file with a metric of one's own for every picture."""
    async with sessions() as session:
        image_ids = await list_image_ids(session)
    path = tmp_path / "ours.csv"
    lines = [f"{image_id},ours,{-i}" for i, image_id in enumerate(image_ids)]
    path.write_text("\n".join(["image_id,metric,value", *lines]))
    return path


async def count(sessions: SessionFactory) -> int:
    async with sessions() as session:
        return await session.scalar(select(func.count()).select_from(MetricScore)) or 0


async def test_known_metrics_are_listed_with_those_that_have_predictions(
    run: Run, sessions: SessionFactory, study: None
) -> None:
    said = await run("list")
    assert "HPS v2" in said
    assert "No metric has predictions yet." in said
    async with sessions.begin() as session:
        await make_metric(session, "[ours]", version="2")
    assert "[ours]" in await run("list")


async def test_a_file_is_tried_imported_reported_and_removed(
    run: Run, sessions: SessionFactory, file: Path
) -> None:
    options = ("--lower-is-better", "ours", "--version", "1", "--study", "example")
    assert "nothing was imported" in await run("import", file, *options, "--dry-run")
    assert await count(sessions) == 0
    said = await run("import", file, *options)
    assert "24 pictures, 0 empty cells." in said
    assert await count(sessions) == 24
    report = await run("report", "example")
    # In 80 columns no number is cut short.
    assert "0.…" not in report
    assert "24 pictures of 24 prompts" in report
    assert "ours" in report
    said = await run("report", "example", "--json")
    document = json.loads(said[said.index("{\n") :])  # the log is not quiet in tests
    assert document["run"] == 1
    assert document["dimensions"][0]["rows"][0]["correlations"]["srcc"] == pytest.approx(-1)
    assert "removed with 24 predictions" in await run("remove", "ours", "--yes")
    assert await count(sessions) == 0


async def test_a_direction_that_is_missing_is_asked_for(run: Run, file: Path) -> None:
    with pytest.raises(ImportRefused) as refused:
        await run("import", file)
    assert "whether higher or lower values are better" in refused.value.problems[0].sentence


async def test_what_is_removed_must_be_one_metric(
    run: Run, sessions: SessionFactory, study: None
) -> None:
    async with sessions.begin() as session:
        first = await make_metric(session, "niqe", version="a")
        await make_metric(session, "niqe", version="b")
    with pytest.raises(InvalidInput, match="several of NIQE"):
        await run("remove", "NIQE", "--yes")
    with pytest.raises(NotFound):
        await run("remove", "musiq", "--yes")
    await run("remove", str(first), "--yes")
    assert await count(sessions) == 24


async def test_metrics_are_compared_in_words(
    run: Run, sessions: SessionFactory, study: None
) -> None:
    async with sessions.begin() as session:
        await make_metric(session, "musiq", noise=0.5)
        await make_metric(session, "niqe", higher_is_better=False, noise=70, seed=2)
    said = " ".join((await run("report", "example")).split())
    assert "MUSIQ is better than NIQE." in said
    assert "among the best" in said


async def test_computing_becomes_a_process_of_the_worker(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[list[str]] = []
    monkeypatch.setattr(commands.os, "execv", lambda path, words: called.append(words))
    await run("run", "example", "--metric", "piqe", "--metric", "niqe", "--device", "cpu")
    words = ["--metric", "piqe", "--metric", "niqe", "--device", "cpu", "--", "example"]
    assert called == [[sys.executable, "-m", "worker.metrics", *words]]
