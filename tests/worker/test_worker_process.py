"""The real worker process: renders a plan, survives being killed, drains when asked to stop."""

import asyncio
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest
from PIL import Image as PillowImage
from pydantic import SecretStr
from sqlalchemy import func, select, text

from app.database.engine import SessionFactory
from app.database.tables import GenerationItem, Image
from app.pool.plan_document import validate_plan
from app.pool.plan_progress import PlanProgress, list_plan_progress
from app.pool.plans import create_plan
from app.settings import PROJECT_FOLDER, Settings
from app.storage.blobs import BlobStore
from worker import loop
from worker.loop import Pace, SchemaNotCurrent, run_worker

StartWorker = Callable[[], subprocess.Popen[bytes]]


@pytest.fixture
def start_worker(settings: Settings, database_url: str) -> Iterator[StartWorker]:
    """Starts worker processes on the test database; what is left of them is killed."""
    started: list[subprocess.Popen[bytes]] = []
    log = (settings.data_folder / "worker.log").open("ab")
    environment = {
        **os.environ,
        "BEHOLDER_DATABASE_URL": database_url,
        "BEHOLDER_DATA_FOLDER": str(settings.data_folder),
    }

    def start() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "worker", "--stalled-after-s", "1.5"]
        process = subprocess.Popen(command, cwd=PROJECT_FOLDER, env=environment, stderr=log)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
    log.close()


async def queue_plan(sessions: SessionFactory, *, side_factor: float) -> None:
    """A plan of 16 pictures in two chunks."""
    plan = validate_plan(
        {
            "name": "demo",
            "seed": 3,
            "prompts": {"texts": ["a small red circle", "a large red circle"]},
            "generators": ["procedural-studio", "procedural-draft"],
            "images_per_prompt": 8,
            "settings": {"resolution": [side_factor]},
        }
    )
    async with sessions.begin() as session:
        await create_plan(session, plan=plan, actor="test")


async def until(
    sessions: SessionFactory, condition: Callable[[PlanProgress], bool], *, within_s: float
) -> PlanProgress:
    """The plan's progress as soon as the condition holds."""
    deadline = time.monotonic() + within_s
    while True:
        async with sessions() as session:
            (progress,) = await list_plan_progress(session)
        if condition(progress):
            return progress
        assert time.monotonic() < deadline, progress
        await asyncio.sleep(0.05)


async def test_a_worker_killed_in_the_middle_loses_and_doubles_nothing(
    sessions: SessionFactory, blobs: BlobStore, start_worker: StartWorker
) -> None:
    await queue_plan(sessions, side_factor=0.5)
    first = start_worker()
    await until(sessions, lambda progress: progress.done >= 2, within_s=60)
    first.send_signal(signal.SIGKILL)
    first.wait()
    async with sessions() as session:
        (killed,) = await list_plan_progress(session)
    assert killed.pending, "the worker was too fast to be killed in the middle"

    start_worker()
    start_worker()
    progress = await until(sessions, lambda progress: not progress.pending, within_s=60)
    assert (progress.done, progress.failed, progress.errors) == (16, 0, ())
    async with sessions() as session:
        images = list(await session.scalars(select(Image)))
        linked = await session.scalar(select(func.count(GenerationItem.image_id.distinct())))
    assert len(images) == linked == 16
    for image in images:
        for address in (image.sha256, image.display_sha256, image.thumbnail_sha256):
            PillowImage.open(io.BytesIO(blobs.get(address))).load()


async def test_a_stop_request_ends_the_worker_cleanly(
    sessions: SessionFactory, start_worker: StartWorker, settings: Settings
) -> None:
    await queue_plan(sessions, side_factor=1)
    worker = start_worker()
    await until(sessions, lambda progress: progress.done >= 2, within_s=60)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=10) == 0
    async with sessions() as session:
        attempts = dict(
            (
                await session.execute(
                    select(GenerationItem.state, func.max(GenerationItem.attempts)).group_by(
                        GenerationItem.state
                    )
                )
            ).all()
        )
        assert attempts == {"done": 1, "pending": 0}
        assert not await session.scalar(text("SELECT count(*) FROM procrastinate_workers"))
    events = (settings.data_folder / "worker.log").read_text()
    assert "worker_stopped" in events
    assert "Traceback" not in events


async def test_a_lost_connection_is_made_again(
    sessions: SessionFactory, start_worker: StartWorker
) -> None:
    await queue_plan(sessions, side_factor=0.5)
    start_worker()
    await until(sessions, lambda progress: progress.done >= 2, within_s=60)
    async with sessions() as session:
        await session.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    progress = await until(sessions, lambda progress: not progress.pending, within_s=60)
    assert (progress.done, progress.failed) == (16, 0)


async def test_a_worker_refuses_a_database_that_is_not_migrated(
    settings: Settings, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "list_pending_revisions", lambda url: ["0009"])
    given = settings.model_copy(update={"database_url": SecretStr(database_url)})
    with pytest.raises(SchemaNotCurrent, match="run `beholder migrate` first"):
        await run_worker(given, pace=Pace(), stop=asyncio.Event())
