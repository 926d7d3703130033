"""Runs in the background: asked for, given up, tried again; one Procrastinate job for each.

The run's row is the truth about what is left to do; a job is only a reminder.  So a run that is
queued or running and has no job is simply given one again, whatever became of the last.
"""

from datetime import datetime

from procrastinate.jobs import Job
from procrastinate.manager import JobManager
from procrastinate.psycopg_connector import PsycopgConnector
from sqlalchemy import delete, null, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.audit import record_event
from app.database.tables import AnalysisRun, Presentation, Rater, Rating
from app.database.tables.rating import Phase, RaterStatus
from app.database.tables.results import RunState
from app.errors import AnalysisImpossible, Conflict
from app.results.bulk import driver_connection
from app.results.runs.configuration import AnalysisConfiguration
from app.results.runs.lookup import get_own_run
from app.results.runs.setup import complete_configuration
from app.study.studies import get_study

ANALYSIS_QUEUE = "analysis"
ANALYSIS_TASK = "execute_run"

# Never opened: jobs are deferred on the session's own connection, in its transaction.
_manager = JobManager(PsycopgConnector())

# Two processes that look for forgotten runs at the same time would both give them a job.
_TAKE_TURN = text("SELECT pg_advisory_xact_lock(hashtext('beholder.enqueue_open_runs'))")
_FORGOTTEN_RUNS = text(
    """
    SELECT id FROM analysis_run
    WHERE state IN ('queued', 'running') AND NOT EXISTS (
        SELECT FROM procrastinate_jobs AS job
        WHERE job.queueing_lock = 'execute_run/' || analysis_run.id
            AND job.status IN ('todo', 'doing')
    )
    ORDER BY id
    """
)

_IS_WAITING = text(
    "SELECT EXISTS (SELECT FROM procrastinate_jobs WHERE queueing_lock = :lock AND status = 'todo')"
)


async def queue_run(
    session: AsyncSession,
    *,
    slug: str,
    configuration: AnalysisConfiguration,
    actor: str,
    now: datetime,
) -> int:
    """Ask for an analysis of the ratings a study will have when its turn comes; return its id.

    What can be refused at once is: NotFound for an unknown study, InvalidInput if the
    configuration does not fit the protocol, AnalysisImpossible if there is no rating.
    """
    study = await get_study(session, slug=slug)
    setup = await complete_configuration(session, study=study, configuration=configuration)
    if not await has_ratings(session, study_id=study.id):
        raise AnalysisImpossible
    run = AnalysisRun(
        study_id=study.id,
        configuration=setup.model_dump(mode="json"),
        state=RunState.QUEUED,
        created_by=actor,
        created_at=now,
    )
    session.add(run)
    await session.flush()
    await _defer(session, [run.id])
    await _record(session, "analysis_queued", actor, slug, run.id)
    return run.id


async def retry_run(session: AsyncSession, *, slug: str, run_id: int, actor: str) -> None:
    """Queue a failed run again, with the configuration it had; raises Conflict for others."""
    run = await _lock_run(session, slug, run_id)
    if run.state is not RunState.FAILED:
        raise Conflict("Only a run that has failed can be tried again.")
    await session.execute(
        update(AnalysisRun)
        .where(AnalysisRun.id == run_id)
        .values(state=RunState.QUEUED, progress={}, error=null(), finished_at=None)
    )
    if not await session.scalar(_IS_WAITING, {"lock": run_lock(run_id)}):
        await _defer(session, [run.id])
    await _record(session, "analysis_retried", actor, slug, run.id)


async def discard_run(session: AsyncSession, *, slug: str, run_id: int, actor: str) -> None:
    """Give up a run without results; one that is running stops at its next step.

    Raises Conflict for a run that is done: its numbers may have been published.
    """
    run = await _lock_run(session, slug, run_id)
    if run.state is RunState.DONE:
        raise Conflict("This run is done; its results are kept.")
    await session.execute(delete(AnalysisRun).where(AnalysisRun.id == run_id))
    await _record(session, "analysis_discarded", actor, slug, run_id)


async def enqueue_open_runs(session: AsyncSession) -> int:
    """Give every run that is queued or running and has no job one; return how many."""
    await session.execute(_TAKE_TURN)
    runs = (await session.scalars(_FORGOTTEN_RUNS)).all()
    await _defer(session, list(runs))
    return len(runs)


async def has_ratings(session: AsyncSession, *, study_id: int) -> bool:
    """Whether there is anything to analyse."""
    rated = (
        select(Rating.id)
        .join(Presentation, Presentation.id == Rating.presentation_id)
        .join(Rater, Rater.id == Presentation.rater_id)
        .where(
            Rater.study_id == study_id,
            Rater.status.in_([RaterStatus.ACTIVE, RaterStatus.COMPLETED]),
            Presentation.phase == Phase.MAIN,
            Rating.superseded_at.is_(None),
        )
    )
    return bool(await session.scalar(select(rated.exists())))


def run_lock(run_id: int) -> str:
    """The name by which no run waits in the queue twice."""
    return f"{ANALYSIS_TASK}/{run_id}"


async def _defer(session: AsyncSession, run_ids: list[int]) -> None:
    jobs = [
        Job(
            queue=ANALYSIS_QUEUE,
            task_name=ANALYSIS_TASK,
            lock=None,
            queueing_lock=run_lock(run_id),
            task_kwargs={"run_id": run_id},
        )
        for run_id in run_ids
    ]
    if jobs:
        connection = await driver_connection(session)
        await _manager.batch_defer_jobs_async(jobs, connection=connection)


async def _lock_run(session: AsyncSession, slug: str, run_id: int) -> AnalysisRun:
    run = await get_own_run(session, slug=slug, run_id=run_id)
    await session.refresh(run, with_for_update=True)
    return run


async def _record(session: AsyncSession, action: str, actor: str, slug: str, run_id: int) -> None:
    await record_event(
        session,
        actor=actor,
        action=action,
        subject_kind="study",
        subject_id=slug,
        detail={"run_id": run_id},
    )
