"""A real web server and a real database, killed while raters work: nothing acknowledged is lost."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from app.database.embedded import EmbeddedDatabase
from app.database.engine import SessionFactory, open_session
from app.database.migrate import migrate
from app.simulation.observations import Observations
from app.simulation.panel import PanelPlan
from app.simulation.report import Report
from app.simulation.run import simulate
from app.simulation.server import RehearsalServer
from app.storage.blobs import BlobStore

from .conftest import build_study


@pytest.fixture(scope="module")
async def server(
    database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[RehearsalServer]:
    """A running web server on the test database."""
    folder = tmp_path_factory.mktemp("server")
    server = RehearsalServer(database_url=database_url, data_folder=folder)
    await server.start()
    yield server
    server.stop()


async def rate_while(
    sessions: SessionFactory,
    server: RehearsalServer,
    disturb: Callable[[Observations], Awaitable[None]],
    *,
    after: int,
) -> Report:
    """Let six raters work, and disturb them after so many acknowledged ratings."""
    seen = Observations()
    work = asyncio.create_task(
        simulate(sessions, slug="example", url=server.url, panel=PanelPlan(6), observations=seen)
    )
    while len(seen.acknowledged) < after:
        await asyncio.sleep(0.01)
        assert not work.done()
    await disturb(seen)
    return await work


async def until_felt(seen: Observations) -> None:
    """Wait until a rater has met the closed door; only then may it open again."""
    async with asyncio.timeout(30):
        while not seen.retries:  # noqa: ASYNC110  # a Counter gives no signal
            await asyncio.sleep(0.01)


def check_nothing_is_lost(report: Report, *, stimuli: int) -> None:
    assert report.problems == []
    assert report.verification.acknowledged == report.ratings == 6 * stimuli
    assert (report.verification.lost, report.verification.altered, report.repeats) == (0, 0, 0)
    assert (report.balance.least, report.balance.most, report.balance.leased) == (6, 6, 0)
    assert report.retries


async def test_nothing_acknowledged_is_lost_when_the_web_process_is_killed(
    server: RehearsalServer, sessions: SessionFactory
) -> None:
    await build_study(sessions, BlobStore(server.data_folder / "blobs"), stimuli=40)

    async def kill_web(seen: Observations) -> None:
        server.kill()
        await until_felt(seen)
        await server.start()

    report = await rate_while(sessions, server, kill_web, after=80)
    check_nothing_is_lost(report, stimuli=40)


# A broken connection is let go without the goodbye that nobody would hear.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_nothing_acknowledged_is_lost_when_the_database_is_killed(tmp_path: Path) -> None:
    with EmbeddedDatabase(tmp_path / "postgres") as database:
        migrate(database.url)
        server = RehearsalServer(database_url=database.url, data_folder=tmp_path)
        await server.start()

        async def kill_database(seen: Observations) -> None:
            note = tmp_path / "postgres" / "cluster" / "postmaster.pid"
            os.kill(int(note.read_text().split()[0]), signal.SIGKILL)
            await until_felt(seen)
            for _ in range(1000):
                if database.restart_if_dead():
                    return
                await asyncio.sleep(0.01)
            pytest.fail("the database was not noticed to be dead")

        try:
            async with open_session(database.url) as sessions:
                await build_study(sessions, BlobStore(tmp_path / "blobs"), stimuli=30)
                report = await rate_while(sessions, server, kill_database, after=60)
        finally:
            server.stop()
    check_nothing_is_lost(report, stimuli=30)


async def test_the_command_reports_what_the_raters_saw(
    server: RehearsalServer, sessions: SessionFactory, database_url: str
) -> None:
    await build_study(sessions, BlobStore(server.data_folder / "blobs"), stimuli=4)
    command = [sys.executable, "-m", "app.cli", "simulate", "example", "--url", server.url]
    done = await asyncio.to_thread(
        subprocess.run,
        [*command, "--raters", "3", "--random", "1", "--json"],
        env=os.environ | {"BEHOLDER_DATABASE_URL": database_url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["ratings"], report["repeats"], report["problems"]) == (12, 0, [])
    assert len(report["planted"]["random"]) == 1
