"""Computing metrics for a study: real pictures, stored at once, going on where it was."""

import asyncio
import io
import os
import sys

import numpy as np
import pytest
from factories import make_study
from PIL import Image as PillowImage
from sklearn.datasets import load_sample_image
from sqlalchemy import select

from app.database.engine import SessionFactory
from app.database.tables import AuditEvent, Image, Metric, MetricScore
from app.database.tables.metrics import MetricOrigin
from app.errors import NotFound
from app.pool.metric_catalogue import MetricEntry, load_metric_catalogue
from app.pool.metric_predictions import UnscoredPicture
from app.settings import PROJECT_FOLDER, Settings, get_settings
from app.storage.blobs import BlobStore
from app.storage.pictures import store_picture
from worker.metrics import __main__ as command
from worker.metrics import run
from worker.metrics.base import PictureUnscorable, Pixels, Predictor
from worker.metrics.pictures import SURROUND, load_pixels
from worker.metrics.piqe import piqe
from worker.metrics.registry import open_predictor
from worker.metrics.run import Bench, Outcome, run_metrics

CATALOGUE = load_metric_catalogue()


class Brightness:
    """A metric of the test's own; a dark picture has no score."""

    version = "test 1"
    settings = {"space": "RGB"}  # noqa: RUF012  # as the protocol has it

    def __init__(self) -> None:
        self.seen: list[str] = []

    def predict(self, picture: Pixels, prompt: str) -> float:
        self.seen.append(prompt)
        if picture.max() < 50:
            raise PictureUnscorable("The picture is too dark.")
        return float(picture.mean())


def make_bench(
    sessions: SessionFactory, blobs: BlobStore, predictor: Predictor | None = None
) -> Bench:
    def find(entry: MetricEntry) -> Predictor:
        return predictor or open_predictor(entry)

    return Bench(
        sessions=sessions,
        blobs=blobs,
        open_predictor=find,
        is_stopping=lambda: False,
        report=lambda entry, done, of: None,
    )


def entries(*keys: str) -> list[MetricEntry]:
    return [CATALOGUE[key] for key in keys]


@pytest.fixture
async def study(sessions: SessionFactory, blobs: BlobStore) -> list[int]:
    """Two photographs and a picture of one colour, in a study."""
    photographs = []
    for name in ("china", "flower"):
        buffer = io.BytesIO()
        PillowImage.fromarray(load_sample_image(f"{name}.jpg")).save(buffer, "PNG")
        photographs.append(store_picture(blobs, buffer.getvalue()))
    async with sessions.begin() as session:
        await make_study(session, blobs, stimuli=3)
        images = list(await session.scalars(select(Image).order_by(Image.id)))
        for image, picture in zip(images, photographs, strict=False):
            image.display_sha256 = picture.display_sha256
        return [image.id for image in images]


async def scores_of(sessions: SessionFactory, key: str) -> dict[int, float]:
    async with sessions() as session:
        query = select(MetricScore.image_id, MetricScore.value).join(
            Metric, Metric.id == MetricScore.metric_id
        )
        return dict((await session.execute(query.where(Metric.key == key))).all())


async def test_piqe_is_computed_on_real_pictures(
    sessions: SessionFactory, blobs: BlobStore, study: list[int]
) -> None:
    (outcome,) = await run_metrics(
        make_bench(sessions, blobs), slug="example", entries=entries("piqe")
    )
    assert (outcome.computed, outcome.there, outcome.failed, outcome.why) == (3, 0, 0, "")
    scores = await scores_of(sessions, "piqe")
    assert scores[study[0]] == pytest.approx(50.016, abs=0.001)
    assert scores[study[1]] == pytest.approx(28.331, abs=0.001)
    assert scores[study[2]] == 100.0
    async with sessions() as session:
        metric = (await session.scalars(select(Metric))).one()
        assert (metric.version, metric.origin) == ("beholder piqe@1", MetricOrigin.COMPUTED)
        assert not metric.higher_is_better
        actions = await session.scalars(select(AuditEvent.action))
        assert "metric_computed" in list(actions)


async def test_what_is_computed_is_not_computed_again(
    sessions: SessionFactory, blobs: BlobStore, study: list[int]
) -> None:
    bench = make_bench(sessions, blobs)
    await run_metrics(bench, slug="example", entries=entries("piqe"))
    async with sessions.begin() as session:
        await session.execute(
            MetricScore.__table__.delete().where(MetricScore.image_id == study[1])
        )
    (outcome,) = await run_metrics(bench, slug="example", entries=entries("piqe"))
    assert (outcome.computed, outcome.there) == (1, 2)


async def test_a_metric_that_cannot_be_opened_stops_no_other(
    sessions: SessionFactory, blobs: BlobStore, study: list[int]
) -> None:
    outcomes = await run_metrics(
        make_bench(sessions, blobs), slug="example", entries=entries("imagereward", "piqe")
    )
    assert [outcome.computed for outcome in outcomes] == [0, 3]
    assert "import its predictions" in outcomes[0].why
    assert outcomes[0].failed == 3


async def test_pictures_without_a_score_are_counted_with_the_reason(
    sessions: SessionFactory, blobs: BlobStore, study: list[int]
) -> None:
    dark = store_picture(blobs, _png(np.full((20, 20, 3), 9, dtype=np.uint8)))
    async with sessions.begin() as session:
        image = await session.get_one(Image, study[2])
        image.display_sha256 = dark.display_sha256
        image = await session.get_one(Image, study[1])
        image.display_sha256 = "0" * 64
    metric = Brightness()
    (outcome,) = await run_metrics(
        make_bench(sessions, blobs, metric), slug="example", entries=entries("musiq")
    )
    assert (outcome.computed, outcome.failed) == (1, 2)
    assert outcome.why in {
        "The picture is too dark.",
        "The picture cannot be read: The bytes of this picture are missing from the store.",
    }
    assert len(metric.seen) == 2
    assert all(prompt.startswith("a picture number") for prompt in metric.seen)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
async def test_what_is_not_a_number_is_not_stored(
    sessions: SessionFactory, blobs: BlobStore, study: list[int], value: float
) -> None:
    class Broken(Brightness):
        def predict(self, picture: Pixels, prompt: str) -> float:
            return value

    (outcome,) = await run_metrics(
        make_bench(sessions, blobs, Broken()), slug="example", entries=entries("musiq")
    )
    assert (outcome.computed, outcome.failed) == (0, 3)
    assert outcome.why == "The metric gave no number."


async def test_a_stopped_run_keeps_what_it_has(
    sessions: SessionFactory, blobs: BlobStore, study: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "BATCH_S", 0.0)
    metric = Brightness()
    stopped = make_bench(sessions, blobs, metric)
    stopped = Bench(**vars(stopped) | {"is_stopping": lambda: len(metric.seen) >= 1})
    (outcome,) = await run_metrics(stopped, slug="example", entries=entries("musiq", "niqe"))
    assert (outcome.computed, outcome.is_stopped) == (1, True)
    bench = make_bench(sessions, blobs, metric)
    (outcome,) = await run_metrics(bench, slug="example", entries=entries("musiq"))
    assert (outcome.computed, outcome.there, outcome.is_stopped) == (2, 1, False)
    assert len(metric.seen) == 3


async def test_a_study_that_is_not_there_is_said(
    sessions: SessionFactory, blobs: BlobStore
) -> None:
    with pytest.raises(NotFound, match="no study 'nowhere'"):
        await run_metrics(make_bench(sessions, blobs), slug="nowhere", entries=entries("piqe"))


async def test_a_transparent_picture_lies_on_the_grey_of_the_rating_page(blobs: BlobStore) -> None:
    buffer = io.BytesIO()
    PillowImage.new("RGBA", (20, 20), (255, 0, 0, 0)).save(buffer, "PNG")
    address = blobs.put(buffer.getvalue())
    pixels = load_pixels(blobs, UnscoredPicture(1, address, ""))
    assert (pixels == np.array(SURROUND)).all()
    assert piqe(pixels) == 100.0


def test_an_unknown_metric_is_answered_with_the_known_ones() -> None:
    assert [e.key for e in command.choose_metrics(["PIQE", "piqe", "Q-Align"])] == [
        "piqe",
        "qalign",
    ]
    assert len(command.choose_metrics(None)) == len(CATALOGUE)
    with pytest.raises(NotFound, match="there are piqe"):
        command.choose_metrics(["banana"])


def test_the_command_says_what_it_did_and_why_not(
    database_url: str,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("BEHOLDER_DATABASE_URL", database_url)
    monkeypatch.setenv("BEHOLDER_DATA_FOLDER", str(settings.data_folder))
    monkeypatch.setattr(command, "configure_logging", lambda settings, quiet: None)
    get_settings.cache_clear()
    assert command.main(["nowhere", "--metric", "piqe"]) == 1
    assert "There is no study 'nowhere'." in capsys.readouterr().err
    assert command.main(["nowhere", "--metric", "banana"]) == 1
    assert "no known metric 'banana'" in capsys.readouterr().err
    get_settings.cache_clear()


async def test_the_process_computes_and_prints_a_table(
    sessions: SessionFactory,
    blobs: BlobStore,
    study: list[int],
    database_url: str,
    settings: Settings,
) -> None:
    environment = {
        **os.environ,
        "BEHOLDER_DATABASE_URL": database_url,
        "BEHOLDER_DATA_FOLDER": str(settings.data_folder),
        "COLUMNS": "200",
    }
    words = ["--metric", "piqe", "--metric", "ImageReward", "--device", "cpu", "--", "example"]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "worker.metrics", *words),
        cwd=PROJECT_FOLDER,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0
    lines = said.decode().splitlines()
    assert lines[1].split()[:4] == ["PIQE", "3", "0", "0"]
    assert "import its predictions" in lines[2]
    assert len(await scores_of(sessions, "piqe")) == 3


async def test_the_table_names_every_metric(
    sessions: SessionFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    from rich.console import Console

    console = Console(width=160)
    console.print(
        command.outcome_table(
            [
                Outcome(CATALOGUE["piqe"], version="beholder piqe@1", computed=12),
                Outcome(CATALOGUE["imagereward"], failed=12, why="[no] library"),
            ]
        )
    )
    said = capsys.readouterr().out
    assert "beholder piqe@1" in said
    assert "[no] library" in said


def _png(pixels: Pixels) -> bytes:
    buffer = io.BytesIO()
    PillowImage.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()
