"""The worker's loop: take chunks from the queue until asked to stop, whatever the database does.

A lost connection ends the inner loop and is made again; an embedded database that was killed is
started again on the way.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog
from procrastinate import App
from procrastinate.exceptions import ConnectorException
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.database.connect import open_database
from app.database.embedded import EmbeddedDatabaseError
from app.database.engine import create_database_engine, create_session_factory
from app.database.migrate import list_pending_revisions
from app.errors import Conflict
from app.pool.queue import RENDER_QUEUE
from app.settings import Settings
from app.storage.blobs import BlobStore
from worker.jobs import create_queue_app, heal_queue
from worker.registry import find_generator
from worker.rendering import Workshop

RECONNECT_AFTER_S = 1.0
LOOK_EVERY_S = 1.0
DATABASE_LOST = (DBAPIError, ConnectorException, EmbeddedDatabaseError, OSError)

log = structlog.get_logger()


class SchemaNotCurrent(Conflict):
    """The database's schema is not current; run `beholder migrate` first."""


@dataclass(frozen=True)
class Pace:
    """How often a worker shows a sign of life, and when the silence of another means its death."""

    stalled_after_s: float = 20.0

    @property
    def heartbeat_s(self) -> float:
        return self.stalled_after_s / 5

    @property
    def heal_every_s(self) -> float:
        return self.stalled_after_s / 2


async def run_worker(settings: Settings, *, pace: Pace, stop: asyncio.Event) -> None:
    """Work until ``stop`` is set, connecting again whenever the database goes away."""
    while not stop.is_set():
        try:
            with open_database(settings) as url:
                await _work_on(url, settings, pace=pace, stop=stop)
        except DATABASE_LOST as error:
            reason = str(getattr(error, "orig", error)).split("\n")[0]
            log.warning("database_lost", error=type(error).__name__, reason=reason)
        await _sleep(RECONNECT_AFTER_S, unless=stop)
    log.info("worker_stopped")


async def _work_on(url: str, settings: Settings, *, pace: Pace, stop: asyncio.Event) -> None:
    """Work on this database until ``stop`` is set or the connection is lost.

    A stop request drains: the picture that is being rendered is finished and stored.
    """
    if await asyncio.to_thread(list_pending_revisions, url):
        raise SchemaNotCurrent
    concurrency = settings.worker_concurrency
    engine = create_database_engine(url, pool_size=concurrency + 2)
    workshop = Workshop(
        sessions=create_session_factory(engine),
        blobs=BlobStore(settings.blob_folder),
        find_generator=find_generator,
        is_stopping=stop.is_set,
    )
    queue = create_queue_app(url, workshop, concurrency=concurrency)
    try:
        async with queue.open_async():
            log.info("worker_started", concurrency=concurrency)
            await _until_first_ends(
                queue.run_worker_async(
                    queues=[RENDER_QUEUE],
                    concurrency=concurrency,
                    delete_jobs="always",
                    install_signal_handlers=False,
                    abort_job_polling_interval=60,  # nothing aborts jobs
                    update_heartbeat_interval=pace.heartbeat_s,
                    stalled_worker_timeout=pace.stalled_after_s,
                ),
                _keep_healing(queue, workshop, pace),
                _until_database_is_lost(engine),
                stop.wait(),
            )
    finally:
        await engine.dispose()


async def _keep_healing(queue: App, workshop: Workshop, pace: Pace) -> None:
    while True:
        await heal_queue(queue, workshop, stalled_after_s=pace.stalled_after_s)
        await asyncio.sleep(pace.heal_every_s)


async def _until_database_is_lost(engine: AsyncEngine) -> None:
    """Raise as soon as the database does not answer; the pools would wait much longer."""
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        async with engine.connect() as connection:
            await connection.execute(text("SELECT 1"))


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


async def _sleep(seconds: float, *, unless: asyncio.Event) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(unless.wait(), timeout=seconds)
