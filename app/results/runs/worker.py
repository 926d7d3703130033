"""The worker that carries queued runs out, one after the other, beside the web server.

It lives in a thread with an event loop and database connections of its own, so that reading and
storing many rows never makes a rater wait, and nothing waits for it when the server ends.
"""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from procrastinate import App
from procrastinate.exceptions import ConnectorException
from procrastinate.psycopg_connector import PsycopgConnector
from procrastinate.worker import Worker
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.database.engine import (
    SessionFactory,
    create_database_engine,
    create_session_factory,
    libpq_url,
)
from app.pool.queue import ANALYSIS_WORKER_LOCK
from app.results.metrics.queue import EVALUATION_TASK, execute_evaluation
from app.results.runs.background import execute_run, fail_run
from app.results.runs.queue import ANALYSIS_QUEUE, ANALYSIS_TASK, enqueue_open_runs

RECONNECT_AFTER_S = 1.0
LOOK_EVERY_S = 1.0
START_S = 0.02
# How long the server waits for the worker's connections to be closed; a computation is left alone.
GRACE_S = 3.0
POOL_TIMEOUT_S = 3.0
DATABASE_LOST = (DBAPIError, ConnectorException, OSError)

_HOLD_LOCK = text("SELECT pg_advisory_lock_shared(:kind, CAST(:worker AS int))")
_LOOK = text("SELECT 1")

log = structlog.get_logger()


@dataclass(frozen=True)
class Pace:
    """How often a worker shows a sign of life, and when the silence of another means its death."""

    stalled_after_s: float = 15.0

    @property
    def heartbeat_s(self) -> float:
        return self.stalled_after_s / 5

    @property
    def heal_every_s(self) -> float:
        return self.stalled_after_s / 3


@contextmanager
def analysis_worker(database_url: str, *, pace: Pace | None = None) -> Iterator[None]:
    """Carry out queued runs of this database while the block lasts."""
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    def work() -> None:
        with suppress(asyncio.CancelledError):
            loop.run_until_complete(run_analyses(database_url, pace=pace or Pace(), stop=stop))
        loop.close()

    thread = threading.Thread(target=work, name="analysis worker", daemon=True)
    thread.start()
    try:
        yield
    finally:
        with suppress(RuntimeError):  # It has ended by itself.
            loop.call_soon_threadsafe(stop.set)
        thread.join(GRACE_S)


async def run_analyses(url: str, *, pace: Pace, stop: asyncio.Event) -> None:
    """Carry out runs until ``stop`` is set, connecting again whenever the database goes away."""
    while not stop.is_set():
        try:
            await _work(url, pace, stop)
        except DATABASE_LOST as error:
            log.warning("analysis_worker_lost_database", error=type(error).__name__)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), RECONNECT_AFTER_S)


async def _work(url: str, pace: Pace, stop: asyncio.Event) -> None:
    engine = create_database_engine(url, pool_size=2)
    sessions = create_session_factory(engine)
    queue = create_analysis_queue(url, sessions)
    try:
        async with queue.open_async():
            worker = Worker(
                queue,
                queues=[ANALYSIS_QUEUE],
                concurrency=1,
                delete_jobs="always",
                install_signal_handlers=False,
                shutdown_graceful_timeout=0,
                abort_job_polling_interval=60,  # nothing aborts jobs
                update_heartbeat_interval=pace.heartbeat_s,
                stalled_worker_timeout=pace.stalled_after_s,
            )
            await _until_first_ends(
                worker.run(),  # type: ignore[no-untyped-call]
                _say_who_i_am(engine, worker),
                _keep_healing(queue, sessions, pace),
                stop.wait(),
            )
    finally:
        await engine.dispose()


def create_analysis_queue(url: str, sessions: SessionFactory) -> App:
    """The Procrastinate application on this database, with its two tasks."""
    connector = PsycopgConnector(
        conninfo=libpq_url(url), min_size=1, max_size=4, timeout=POOL_TIMEOUT_S
    )
    queue = App(connector=connector)

    @queue.task(name=ANALYSIS_TASK, queue=ANALYSIS_QUEUE)
    async def _execute_run(run_id: int) -> None:
        try:
            await execute_run(sessions, run_id=run_id, clock=_now)
        except DATABASE_LOST:
            raise  # The run has no job then, and is given another one.
        except Exception as error:
            log.error("analysis_run_broke", run_id=run_id, exc_info=error)
            await fail_run(sessions, run_id=run_id, clock=_now)

    @queue.task(name=EVALUATION_TASK, queue=ANALYSIS_QUEUE)
    async def _evaluate_metrics(run_id: int) -> None:
        await execute_evaluation(sessions, run_id=run_id)

    return queue


async def heal_queue(queue: App, sessions: SessionFactory, *, stalled_after_s: float) -> None:
    """Bring back jobs whose worker has died, and give every open run without a job one."""
    stalled = await queue.job_manager.get_stalled_jobs(
        queue=ANALYSIS_QUEUE, seconds_since_heartbeat=stalled_after_s
    )
    for job in stalled:
        with suppress(ConnectorException):  # Another worker was faster, or it ended after all.
            await queue.job_manager.retry_job(job)
    async with sessions.begin() as session:
        await enqueue_open_runs(session)


async def _say_who_i_am(engine: AsyncEngine, worker: Worker) -> None:
    """Hold a lock by which nobody takes this worker for one that renders; notice a lost database.

    Procrastinate's table of workers does not say what they work on.
    """
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        while worker.worker_id is None:  # noqa: ASYNC110  # a worker does not say when it begins
            await asyncio.sleep(START_S)
        key = {"kind": ANALYSIS_WORKER_LOCK, "worker": worker.worker_id}
        await connection.execute(_HOLD_LOCK, key)
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            await connection.execute(_LOOK)


async def _keep_healing(queue: App, sessions: SessionFactory, pace: Pace) -> None:
    while True:
        await heal_queue(queue, sessions, stalled_after_s=pace.stalled_after_s)
        await asyncio.sleep(pace.heal_every_s)


async def _until_first_ends(*works: Coroutine[Any, Any, object]) -> None:
    """Run these together; when one ends, end the others, and raise what went wrong."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome


def _now() -> datetime:
    return datetime.now(UTC)
