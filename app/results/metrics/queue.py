"""Evaluations of metrics in the background: one job for each run, beside the runs themselves."""

import structlog
from procrastinate.jobs import Job
from procrastinate.manager import JobManager
from procrastinate.psycopg_connector import PsycopgConnector
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.engine import SessionFactory
from app.database.tables import AnalysisRun, MetricScore, Stimulus
from app.database.tables.study import StimulusKind
from app.errors import AnalysisImpossible, NotFound
from app.results.bulk import driver_connection
from app.results.metrics.benchmark import evaluate_run, fail_benchmark
from app.results.runs.queue import ANALYSIS_QUEUE

EVALUATION_TASK = "evaluate_metrics"
UNFORESEEN = "Something went wrong on our side while this was computed; the server's log says what."

# Never opened: jobs are deferred on the session's own connection, in its transaction.
_manager = JobManager(PsycopgConnector())

# Two requests that ask for the same evaluation at the same time would both find no job.
_TAKE_TURN = text("SELECT pg_advisory_xact_lock(hashtext('beholder.queue_evaluation'))")
_OPEN = text(
    "SELECT count(*) FILTER (WHERE status = 'todo') AS waiting, count(*) AS all_open"
    " FROM procrastinate_jobs WHERE queueing_lock = :lock AND status IN ('todo', 'doing')"
)

log = structlog.get_logger()


async def queue_evaluation(session: AsyncSession, *, run_id: int) -> None:
    """Ask for an evaluation of all metrics against a run; one that waits already is enough."""
    await session.execute(_TAKE_TURN)
    open_jobs = (await session.execute(_OPEN, {"lock": _lock(run_id)})).one()
    if open_jobs.waiting:
        return
    job = Job(
        queue=ANALYSIS_QUEUE,
        task_name=EVALUATION_TASK,
        lock=None,
        queueing_lock=_lock(run_id),
        task_kwargs={"run_id": run_id},
    )
    await _manager.batch_defer_jobs_async([job], connection=await driver_connection(session))


async def queue_due_evaluation(session: AsyncSession, *, run: AnalysisRun) -> None:
    """Ask for the evaluation of a run that has just been done, if there is anything to evaluate."""
    predictions = (
        select(MetricScore.image_id)
        .join(Stimulus, Stimulus.image_id == MetricScore.image_id)
        .where(Stimulus.study_id == run.study_id, Stimulus.kind == StimulusKind.MAIN)
    )
    if await session.scalar(select(predictions.exists())):
        await queue_evaluation(session, run_id=run.id)


async def is_evaluating(session: AsyncSession, *, run_id: int) -> bool:
    """Whether an evaluation against this run waits or is under way."""
    return bool((await session.execute(_OPEN, {"lock": _lock(run_id)})).one().all_open)


async def execute_evaluation(sessions: SessionFactory, *, run_id: int) -> None:
    """Carry out what was asked for; whatever goes wrong is stored as a sentence."""
    try:
        await evaluate_run(sessions, run_id=run_id)
    except (AnalysisImpossible, NotFound) as error:
        log.info("metrics_not_evaluated", run_id=run_id, reason=error.message)
    except (ValueError, ArithmeticError, MemoryError) as error:
        log.error("metrics_evaluation_broke", run_id=run_id, exc_info=error)
        await fail_benchmark(sessions, run_id=run_id, sentence=UNFORESEEN)


def _lock(run_id: int) -> str:
    return f"{EVALUATION_TASK}/{run_id}"
