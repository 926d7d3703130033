"""A queued run carried out: taken up, computed, stored once, or failed with a sentence.

1. Take the run up, unless it is done, given up, or has been interrupted too often.
2. Load the ratings; compute without holding a transaction open, telling the row each step.
3. Store everything in one transaction, unless the run has been given up or stored meanwhile.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.analysis.screening.verdict import EveryoneRejectedError
from app.database.engine import SessionFactory
from app.database.tables import AnalysisRun, Study
from app.database.tables.results import RunState
from app.errors import AnalysisImpossible, BeholderError
from app.results.ratings.loading import StudyRatings
from app.results.runs.configuration import AnalysisConfiguration
from app.results.runs.execution import compute_results, nobody_left, store_results
from app.results.runs.parts import steps_of
from app.results.runs.progress import Step, Tell, progress_document
from app.results.runs.setup import load_counting

# A run that takes its process down with it must not do so for ever.
MOST_ATTEMPTS = 3
INTERRUPTED = (
    f"The computation was interrupted {MOST_ATTEMPTS} times, so it was not taken up again. Perhaps"
    " the server has too little memory for a study of this size."
)
UNFORESEEN = "Something went wrong on our side while this was computed; the server's log says what."

log = structlog.get_logger()

Clock = Callable[[], datetime]


class RunGone(Exception):
    """The run has been given up, or somebody else has finished it."""


@dataclass(frozen=True)
class TakenRun:
    """A run that this process carries out."""

    run_id: int
    setup: AnalysisConfiguration
    ratings: StudyRatings
    attempt: int


async def execute_run(sessions: SessionFactory, *, run_id: int, clock: Clock) -> None:
    """Carry a queued run out; doing so twice, even at the same time, stores it once."""
    started = time.perf_counter()
    try:
        taken = await _take_up(sessions, run_id, clock)
        if taken is None:
            return
        tell = _telling(sessions, taken)
        results = await compute_results(taken.ratings, taken.setup, started=started, tell=tell)
        await tell(Step.STORE)
        async with sessions.begin() as session:
            run = await _lock(session, run_id)
            study = await session.get_one(Study, run.study_id)
            await store_results(session, run=run, study=study, results=results, now=clock())
    except RunGone:
        log.info("analysis_run_given_up", run_id=run_id)
    except EveryoneRejectedError as error:
        async with sessions.begin() as session:
            await _fail(session, run_id, await nobody_left(session, error), clock())
    except BeholderError as error:
        async with sessions.begin() as session:
            await _fail(session, run_id, error, clock())


async def fail_run(sessions: SessionFactory, *, run_id: int, clock: Clock) -> None:
    """Say of a run that it failed for a reason nobody foresaw."""
    async with sessions.begin() as session:
        await _fail(session, run_id, BeholderError(UNFORESEEN), clock())


async def _take_up(sessions: SessionFactory, run_id: int, clock: Clock) -> TakenRun | None:
    async with sessions.begin() as session:
        run = await _lock(session, run_id)
        attempt = 1 + int(run.progress.get("attempt", 0))
        if attempt > MOST_ATTEMPTS:
            await _fail(session, run_id, AnalysisImpossible(INTERRUPTED), clock())
            return None
        setup = AnalysisConfiguration.model_validate(run.configuration)
        run.state = RunState.RUNNING
        run.progress = progress_document(Step.LOAD, steps_of(setup), attempt=attempt)
        study_id = run.study_id
    async with sessions.begin() as session:
        ratings = await load_counting(session, study_id=study_id)
    return TakenRun(run_id, setup, ratings, attempt)


async def _lock(session: AsyncSession, run_id: int) -> AnalysisRun:
    """The run, locked, if there is anything left to do."""
    run = await session.scalar(
        select(AnalysisRun).where(AnalysisRun.id == run_id).with_for_update()
    )
    if run is None or run.state not in (RunState.QUEUED, RunState.RUNNING):
        raise RunGone
    return run


def _telling(sessions: SessionFactory, taken: TakenRun) -> Tell:
    steps = steps_of(taken.setup)

    async def tell(step: Step) -> None:
        progress = progress_document(step, steps, attempt=taken.attempt)
        async with sessions.begin() as session:
            told = await session.execute(
                update(AnalysisRun)
                .where(AnalysisRun.id == taken.run_id, AnalysisRun.state == RunState.RUNNING)
                .values(progress=progress)
                .returning(AnalysisRun.id)
            )
            if told.first() is None:
                raise RunGone

    return tell


async def _fail(session: AsyncSession, run_id: int, error: BeholderError, now: datetime) -> None:
    """Compare and set: a run that was stored or given up meanwhile stays as it is."""
    problems = [{"where": p.where, "sentence": p.sentence} for p in error.problems]
    await session.execute(
        update(AnalysisRun)
        .where(AnalysisRun.id == run_id, AnalysisRun.state.in_([RunState.QUEUED, RunState.RUNNING]))
        .values(
            state=RunState.FAILED,
            progress={},
            error={"sentence": error.message, "problems": problems},
            finished_at=now,
        )
    )
    log.info("analysis_run_failed", run_id=run_id, error=type(error).__name__)
