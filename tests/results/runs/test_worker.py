"""The worker beside the web server: it carries out runs, and takes up those of a dead one."""

import asyncio
import time
from contextlib import asynccontextmanager

import pytest
from factories import NOW
from panel import make_panel
from sqlalchemy import text, update

from app.database.tables import AnalysisRun
from app.database.tables.results import RunState
from app.main import create_app
from app.pool.queue import is_worker_alive
from app.results.runs.configuration import AnalysisConfiguration
from app.results.runs.queue import queue_run
from app.results.runs.worker import Pace, analysis_worker

LITTLE = AnalysisConfiguration(estimates=(), parts=())
QUICK = Pace(stalled_after_s=0.5)
PATIENCE_S = 20.0


@pytest.fixture
async def panel(sessions, blobs):
    """A study of three pictures and two raters."""
    async with sessions.begin() as session:
        made = await make_panel(session, blobs, stimuli=3)
        for shift in (0, 4):
            await made.add_rater({s: (10 * i + shift, 20) for i, s in enumerate(made.stimuli)})
    return made


async def queue(sessions):
    async with sessions.begin() as session:
        return await queue_run(session, slug="example", configuration=LITTLE, actor="o", now=NOW)


async def ended(sessions, run_id):
    """The run once it is done or failed."""
    give_up_at = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up_at:
        async with sessions() as session:
            run = await session.get(AnalysisRun, run_id)
        if run.state in (RunState.DONE, RunState.FAILED):
            return run
        await asyncio.sleep(0.02)
    raise AssertionError(f"still {run.state}: {run.progress}")


@asynccontextmanager
async def working(url, pace=QUICK):
    """A worker as a server has one, ended without blocking the test's loop."""
    worker = analysis_worker(url, pace=pace)
    worker.__enter__()
    try:
        yield
    finally:
        await asyncio.to_thread(worker.__exit__, None, None, None)


async def test_a_run_is_carried_out_soon_after_it_was_asked_for(sessions, panel, database_url):
    async with working(database_url):
        first = await ended(sessions, await queue(sessions))
        assert first.state is RunState.DONE
        started = time.monotonic()
        await ended(sessions, await queue(sessions))
        assert time.monotonic() - started < 3, "it is told at once, and need not look"


async def test_what_waited_before_the_start_is_carried_out(sessions, panel, database_url):
    run_id = await queue(sessions)
    async with working(database_url):
        assert (await ended(sessions, run_id)).state is RunState.DONE
    async with sessions() as session:
        assert not await session.scalar(text("SELECT count(*) FROM procrastinate_jobs"))
        assert not await session.scalar(text("SELECT count(*) FROM procrastinate_workers"))


async def test_the_run_of_a_dead_worker_is_taken_up(sessions, panel, database_url):
    run_id = await queue(sessions)
    async with sessions.begin() as session:
        # As a killed process leaves it: a job in hand, a run half done, a heart that stopped.
        dead = await session.scalar(
            text(
                "INSERT INTO procrastinate_workers (last_heartbeat)"
                " VALUES (now() - interval '1 hour') RETURNING id"
            )
        )
        await session.execute(
            text("UPDATE procrastinate_jobs SET status = 'doing', worker_id = :dead"),
            {"dead": dead},
        )
        await session.execute(
            update(AnalysisRun).values(
                state=RunState.RUNNING, progress={"step": "screen", "attempt": 1}
            )
        )
    async with working(database_url):
        assert (await ended(sessions, run_id)).state is RunState.DONE


async def test_it_is_not_taken_for_a_worker_that_renders(sessions, panel, database_url):
    async with working(database_url):
        await ended(sessions, await queue(sessions))
        give_up_at = time.monotonic() + PATIENCE_S
        async with sessions.begin() as session:
            assert await session.scalar(text("SELECT count(*) FROM procrastinate_workers")) == 1
        while time.monotonic() < give_up_at:
            async with sessions.begin() as session:
                if not await is_worker_alive(session):
                    return
            await asyncio.sleep(0.02)
    raise AssertionError("it passes for one")


async def test_the_server_has_one_unless_the_settings_say_no(
    settings, sessions, panel, database_url
):
    off = create_app(settings, database_url)
    async with off.router.lifespan_context(off):
        run_id = await queue(sessions)
        await asyncio.sleep(0.2)
        async with sessions() as session:
            assert (await session.get(AnalysisRun, run_id)).state is RunState.QUEUED
    on = create_app(settings.model_copy(update={"analysis_worker": True}), database_url)
    async with on.router.lifespan_context(on):
        assert (await ended(sessions, run_id)).state is RunState.DONE
