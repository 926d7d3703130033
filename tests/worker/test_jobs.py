"""Jobs: when a failed one comes back, and that a lost or stalled one does come back."""

import asyncio

import pytest
from sqlalchemy import text

from app.database.engine import SessionFactory
from app.pool.plan_document import validate_plan
from app.pool.plans import create_plan
from app.storage.blobs import BlobStore
from worker.jobs import create_queue_app, heal_queue, wait_before_retry_s
from worker.registry import find_generator
from worker.rendering import Workshop


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(0, 2), (1, 4), (2, 8), (4, 32), (5, 60), (10_000, 60)]
)
def test_a_failed_job_comes_back_later_each_time(attempts: int, seconds: int) -> None:
    assert wait_before_retry_s(attempts) == seconds


async def test_jobs_of_a_silent_worker_and_lost_jobs_come_back(
    sessions: SessionFactory, blobs: BlobStore, database_url: str
) -> None:
    plan = {"name": "x", "seed": 1, "prompts": {"texts": ["a red circle"]}}
    async with sessions.begin() as session:
        await create_plan(
            session,
            plan=validate_plan({**plan, "generators": ["procedural-draft", "procedural-studio"]}),
            actor="test",
        )
        await session.execute(text("DELETE FROM procrastinate_jobs WHERE args->>'chunk' = '1'"))
        silent = await session.scalar(
            text(
                "INSERT INTO procrastinate_workers (last_heartbeat)"
                " VALUES (now() - interval '9 s') RETURNING id"
            )
        )
        await session.execute(
            text("UPDATE procrastinate_jobs SET status = 'doing', worker_id = :id"), {"id": silent}
        )

    async def statuses() -> list[tuple[str, str]]:
        async with sessions() as session:
            rows = await session.execute(
                text("SELECT args->>'chunk', status::text FROM procrastinate_jobs ORDER BY 1")
            )
            return [(chunk, status) for chunk, status in rows]

    workshop = Workshop(sessions, blobs, find_generator, lambda: False)
    queue = create_queue_app(database_url, workshop, concurrency=1)
    async with queue.open_async():
        await heal_queue(queue, workshop, stalled_after_s=30)
        assert await statuses() == [("0", "doing"), ("1", "todo")]
        # Two workers that heal at the same time do not disturb each other.
        await asyncio.gather(*(heal_queue(queue, workshop, stalled_after_s=5) for _ in range(2)))
        assert await statuses() == [("0", "todo"), ("1", "todo")]
    async with sessions.begin() as session:
        await session.execute(text("DELETE FROM procrastinate_workers"))
