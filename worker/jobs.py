"""The worker's side of the queue: the task that jobs name, and when a failed one comes back."""

import structlog
from procrastinate import App, BaseRetryStrategy, RetryDecision
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job
from procrastinate.psycopg_connector import PsycopgConnector

from app.database.engine import libpq_url
from app.pool.queue import RENDER_QUEUE, RENDER_TASK, enqueue_open_chunks
from worker.rendering import ChunkUnfinished, Workshop, render_chunk

LONGEST_WAIT_S = 60
POOL_TIMEOUT_S = 3.0

log = structlog.get_logger()


def wait_before_retry_s(attempts: int) -> int:
    """Seconds until a job that has failed this many times before comes back: 2, 4, 8 … 60."""
    return min(LONGEST_WAIT_S, 2 << min(attempts, 10))


class RetryWithPatience(BaseRetryStrategy):
    """Try again, later each time; how often a picture is tried is counted by its item."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision:
        return RetryDecision(retry_in={"seconds": wait_before_retry_s(job.attempts)})


def create_queue_app(url: str, workshop: Workshop, *, concurrency: int) -> App:
    """The Procrastinate application on this database, with the one task that there is."""
    connector = PsycopgConnector(
        conninfo=libpq_url(url), min_size=1, max_size=concurrency + 3, timeout=POOL_TIMEOUT_S
    )
    queue = App(connector=connector)

    @queue.task(name=RENDER_TASK, queue=RENDER_QUEUE, retry=RetryWithPatience())
    async def _render_chunk(plan_id: int, chunk: int) -> None:
        try:
            await render_chunk(workshop, plan_id=plan_id, chunk=chunk)
        except ChunkUnfinished:
            raise
        except Exception as error:
            log.warning("chunk_broke_off", plan_id=plan_id, chunk=chunk, error=type(error).__name__)
            raise

    return queue


async def heal_queue(queue: App, workshop: Workshop, *, stalled_after_s: float) -> None:
    """Bring back jobs whose worker has died, and give every open chunk without a job one."""
    stalled = await queue.job_manager.get_stalled_jobs(
        queue=RENDER_QUEUE, seconds_since_heartbeat=stalled_after_s
    )
    for job in stalled:
        try:
            await queue.job_manager.retry_job(job)
        except ConnectorException:
            continue  # Another worker has brought it back, or it has ended after all.
    async with workshop.sessions.begin() as session:
        await enqueue_open_chunks(session)
