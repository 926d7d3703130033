"""The queue: one Procrastinate job per open chunk of a plan, deferred by name.

The plan's items are the truth about what is left to do; a job is only a reminder.  So a chunk that
has pending items and no job is simply given one again, whatever became of the last.
"""

from procrastinate.jobs import Job
from procrastinate.manager import JobManager
from procrastinate.psycopg_connector import PsycopgConnector
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

RENDER_QUEUE = "render"
RENDER_TASK = "render_chunk"

# Never opened: jobs are deferred on the session's own connection, in its transaction.
_manager = JobManager(PsycopgConnector())

# Two processes that look for open chunks at the same time would both give them a job.
_TAKE_TURN = text("SELECT pg_advisory_xact_lock(hashtext('beholder.enqueue_open_chunks'))")
# Relies on ix_generation_item_open; finished jobs are deleted, so the jobs table is small.
_OPEN_CHUNKS = text(
    """
    SELECT DISTINCT plan_id, chunk FROM generation_item
    WHERE state = 'pending' AND NOT EXISTS (
        SELECT FROM procrastinate_jobs AS job
        WHERE job.queueing_lock = 'render_chunk/' || plan_id || '/' || chunk
            AND job.status IN ('todo', 'doing')
    )
    ORDER BY plan_id, chunk
    """
)
# Analyses run on the same engine; their workers hold an advisory lock of this kind by their id.
ANALYSIS_WORKER_LOCK = 1_885_957_735
_LIVE_WORKER = text(
    f"""
    SELECT EXISTS (
        SELECT FROM procrastinate_workers AS worker
        WHERE last_heartbeat > now() - make_interval(secs => 30) AND NOT EXISTS (
            SELECT FROM pg_locks
            WHERE locktype = 'advisory' AND classid = {ANALYSIS_WORKER_LOCK} AND objid = worker.id
        )
    )
    """
)


def chunk_lock(plan_id: int, chunk: int) -> str:
    """The name by which no chunk waits in the queue twice."""
    return f"{RENDER_TASK}/{plan_id}/{chunk}"


async def enqueue_open_chunks(session: AsyncSession) -> int:
    """Give every chunk that has pending items and no job one; return how many."""
    await session.execute(_TAKE_TURN)
    chunks = (await session.execute(_OPEN_CHUNKS)).all()
    jobs = [
        Job(
            queue=RENDER_QUEUE,
            task_name=RENDER_TASK,
            lock=None,
            queueing_lock=chunk_lock(plan_id, chunk),
            task_kwargs={"plan_id": plan_id, "chunk": chunk},
        )
        for plan_id, chunk in chunks
    ]
    if jobs:
        pooled = await (await session.connection()).get_raw_connection()
        await _manager.batch_defer_jobs_async(jobs, connection=pooled.driver_connection)
    return len(jobs)


async def is_worker_alive(session: AsyncSession) -> bool:
    """Whether a process that renders has shown a sign of life within half a minute."""
    return bool(await session.scalar(_LIVE_WORKER))
