"""An analysis run, from the ratings of the moment to stored results."""

import time
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.analysis.run import Analysis, analyse
from app.analysis.screening.evidence import Status
from app.analysis.screening.verdict import EveryoneRejectedError
from app.database.arrays import is_one_of
from app.database.audit import record_event
from app.database.tables import AnalysisRun, Rater, Study
from app.database.tables.rating import RaterStatus
from app.database.tables.results import RunState
from app.errors import AnalysisImpossible, Problem
from app.results.metrics.queue import queue_due_evaluation
from app.results.ratings.loading import StudyRatings
from app.results.runs.configuration import AnalysisConfiguration
from app.results.runs.parts import Parts, add_factors, compute_parts, store_parts
from app.results.runs.progress import Step, Tell, tell_nobody
from app.results.runs.rows import store_rows
from app.results.runs.setup import complete_configuration, load_counting
from app.results.runs.summary import current_versions, summarise
from app.results.runs.threads import in_thread
from app.study.studies import get_study, protocol_of

log = structlog.get_logger()


@dataclass(frozen=True, eq=False)
class RunResults:
    """Everything that follows from the ratings alone, and how long it took."""

    ratings: StudyRatings
    analysis: Analysis
    parts: Parts
    seconds: float


async def run_analysis(
    session: AsyncSession,
    *,
    slug: str,
    configuration: AnalysisConfiguration,
    actor: str,
    now: datetime,
    tell: Tell = tell_nobody,
) -> int:
    """Analyse the ratings a study has now, store everything the analysis says, return its id.

    1. Complete the configuration, so that what is stored has no gaps.
    2. Load the ratings that count.
    3. Screen and average them, and compute the parts chosen, in threads: other requests are
       answered meanwhile.
    4. Store the run with its origin, then what it says of each stimulus and rater.

    The same ratings and configuration give the same numbers to the last bit.  Raises NotFound
    for an unknown study, InvalidInput if the configuration does not fit the protocol, and
    AnalysisImpossible when there is no rating, or nobody is left after screening.
    """
    study = await get_study(session, slug=slug)
    setup = await complete_configuration(session, study=study, configuration=configuration)
    await tell(Step.LOAD)
    started = time.perf_counter()
    ratings = await load_counting(session, study_id=study.id)
    try:
        results = await compute_results(ratings, setup, started=started, tell=tell)
    except EveryoneRejectedError as error:
        raise await nobody_left(session, error) from None
    run = AnalysisRun(
        study_id=study.id,
        configuration=setup.model_dump(mode="json"),
        state=RunState.RUNNING,
        created_by=actor,
        created_at=now,
    )
    session.add(run)
    await session.flush()
    await tell(Step.STORE)
    await store_results(session, run=run, study=study, results=results, now=now)
    return run.id


async def compute_results(
    ratings: StudyRatings, setup: AnalysisConfiguration, *, started: float, tell: Tell
) -> RunResults:
    """The analysis of these ratings with the parts chosen; needs no database.

    ``started`` is a moment of ``time.perf_counter``.  Raises EveryoneRejectedError.
    """
    await tell(Step.SCREEN)
    analysis = await in_thread(analyse_ratings, ratings, setup)
    parts = await compute_parts(ratings.matrix, setup, analysis, tell)
    return RunResults(ratings, analysis, parts, time.perf_counter() - started)


def analyse_ratings(ratings: StudyRatings, setup: AnalysisConfiguration) -> Analysis:
    """The analysis of loaded ratings under a completed configuration."""
    return analyse(ratings.matrix, setup.for_analysis())


async def store_results(
    session: AsyncSession, *, run: AnalysisRun, study: Study, results: RunResults, now: datetime
) -> None:
    """Fill in a run that has none yet, with everything that belongs to it, and call it done.

    Metrics with predictions for the study are held against it afterwards, by a job of their own.
    """
    analysis, parts = results.analysis, results.parts
    run.fingerprint = analysis.fingerprint
    run.summary = summarise(analysis, results.ratings, protocol_of(study)).model_dump(mode="json")
    run.seconds = results.seconds
    await store_rows(
        session, run_id=run.id, analysis=analysis, ratings=results.ratings, more=parts.raters
    )
    await add_factors(session, run=run, parts=parts)
    await store_parts(session, run=run, parts=parts)
    run.versions = current_versions(analysis, parts.methods).model_dump(mode="json")
    run.state, run.progress, run.finished_at = RunState.DONE, {}, now
    await session.flush()
    await queue_due_evaluation(session, run=run)
    await record_event(
        session,
        actor=run.created_by,
        action="analysis_run",
        subject_kind="study",
        subject_id=study.slug,
        detail={"run_id": run.id, "fingerprint": run.fingerprint},
    )
    seconds = round(results.seconds, 3)
    log.info("analysis_run", study_id=study.id, run_id=run.id, seconds=seconds)


async def nobody_left(session: AsyncSession, error: EveryoneRejectedError) -> AnalysisImpossible:
    """The refusal of an analysis that leaves nobody, with the reason for each rater.

    Nothing is said of those who have withdrawn meanwhile. The others are locked: a withdrawal in
    this moment waits, and then finds the reasons if they are stored.
    """
    failed = {
        int(item.rater_id): item.reason
        for item in reversed(error.evidence)
        if item.status is Status.FAILED
    }
    query = (
        select(Rater.id, Rater.public_code, Rater.status)
        .where(is_one_of(Rater.id, failed))
        .order_by(Rater.id)
        .with_for_update(read=True, key_share=True)
    )
    rows = (await session.execute(query)).all()
    return AnalysisImpossible(
        "Screening rejects every rater, so nobody is left to average. Look at the reasons, and"
        " choose other checks to reject by.",
        problems=[
            Problem(code, failed[rater_id])
            for rater_id, code, status in rows
            if status is not RaterStatus.WITHDRAWN
        ],
    )
