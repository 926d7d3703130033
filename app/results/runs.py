"""Analysis runs: made, stored and found again."""

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime

import structlog
from psycopg.types.json import Jsonb
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.analysis.run import Analysis, analyse
from app.analysis.screening.evidence import Status
from app.analysis.screening.verdict import EveryoneRejectedError
from app.database.arrays import is_one_of
from app.database.audit import record_event
from app.database.tables import AnalysisRun, Rater
from app.database.tables.results import RunState, Verdict
from app.errors import AnalysisImpossible, NotFound, Problem
from app.results import run_rows
from app.results.bulk import copy_rows
from app.results.configuration import AnalysisConfiguration
from app.results.ratings import StudyRatings, load_ratings
from app.results.run_summary import current_versions, summarise
from app.study.studies import get_study, protocol_of

LARGEST_ID = 2**63 - 1

log = structlog.get_logger()


async def run_analysis(
    session: AsyncSession,
    *,
    slug: str,
    configuration: AnalysisConfiguration,
    actor: str,
    now: datetime,
) -> int:
    """Analyse the ratings a study has now, store everything the analysis says, return its id.

    1. Complete the configuration by the protocol, so that what is stored has no gaps.
    2. Load the ratings that count.
    3. Screen and average them, in a thread: other requests are answered meanwhile.
    4. Store the run with its origin, then a row per stimulus and dimension, and one per rater.

    The same ratings and configuration give the same numbers to the last bit.  Raises NotFound
    for an unknown study, InvalidInput if the configuration does not fit the protocol, and
    AnalysisImpossible when there is no rating, or nobody is left after screening.
    """
    started = time.perf_counter()
    study = await get_study(session, slug=slug)
    protocol = protocol_of(study)
    setup = configuration.completed_by(protocol)
    ratings = await load_ratings(session, study_id=study.id)
    if ratings.matrix.ratings == 0:
        raise AnalysisImpossible
    try:
        analysis = await asyncio.to_thread(analyse_ratings, ratings, setup)
    except EveryoneRejectedError as error:
        raise await _nobody_left(session, error) from None
    seconds = time.perf_counter() - started
    inserted = await session.execute(
        insert(AnalysisRun)
        .values(
            study_id=study.id,
            configuration=setup.model_dump(mode="json"),
            fingerprint=analysis.fingerprint,
            versions=current_versions(analysis).model_dump(mode="json"),
            summary=summarise(analysis, ratings, protocol).model_dump(mode="json"),
            seconds=seconds,
            state=RunState.DONE,
            created_by=actor,
            created_at=now,
            finished_at=now,
        )
        .returning(AnalysisRun.id)
    )
    run_id = inserted.scalar_one()
    await _store_rows(session, run_id, analysis, ratings)
    await record_event(
        session,
        actor=actor,
        action="analysis_run",
        subject_kind="study",
        subject_id=slug,
        detail={"run_id": run_id, "fingerprint": analysis.fingerprint},
    )
    log.info("analysis_run", study_id=study.id, run_id=run_id, seconds=round(seconds, 3))
    return run_id


def analyse_ratings(ratings: StudyRatings, setup: AnalysisConfiguration) -> Analysis:
    """The analysis of loaded ratings under a completed configuration."""
    return analyse(ratings.matrix, setup.for_ratings(ratings.dwell_ms))


async def get_run(session: AsyncSession, *, run_id: int) -> AnalysisRun:
    """The run with this id; raises NotFound."""
    # PostgreSQL refuses to compare with a number that no id can be.
    run = await session.get(AnalysisRun, run_id) if abs(run_id) <= LARGEST_ID else None
    if run is None:
        raise NotFound("There is no analysis run with this number.")
    return run


async def find_latest_run(session: AsyncSession, *, study_id: int) -> AnalysisRun | None:
    """The newest run of a study."""
    query = select(AnalysisRun).where(AnalysisRun.study_id == study_id)
    return await session.scalar(query.order_by(AnalysisRun.id.desc()).limit(1))


async def get_study_run(session: AsyncSession, *, slug: str, run_id: int | None) -> AnalysisRun:
    """A study's run with this id, or its newest one; raises NotFound or AnalysisImpossible."""
    study = await get_study(session, slug=slug)
    if run_id is None:
        latest = await find_latest_run(session, study_id=study.id)
        if latest is None:
            raise AnalysisImpossible("This study has no analysis run yet; please analyse it first.")
        return latest
    run = await get_run(session, run_id=run_id)
    if run.study_id != study.id:
        raise NotFound(f"Run {run_id} belongs to another study.")
    return run


async def list_runs(session: AsyncSession, *, slug: str) -> Sequence[AnalysisRun]:
    """The runs of a study, newest first; raises NotFound for an unknown study."""
    study = await get_study(session, slug=slug)
    query = select(AnalysisRun).where(AnalysisRun.study_id == study.id)
    return (await session.scalars(query.order_by(AnalysisRun.id.desc()))).all()


async def _store_rows(
    session: AsyncSession, run_id: int, analysis: Analysis, ratings: StudyRatings
) -> None:
    await copy_rows(
        session,
        table="run_score",
        columns=run_rows.SCORE_COLUMNS,
        rows=run_rows.score_rows(analysis, run_id),
    )
    n = dict(zip(analysis.rater_ids, ratings.matrix.ratings_by_rater.tolist(), strict=True))
    verdicts = run_rows.rater_verdicts(analysis)
    await copy_rows(
        session,
        table="run_rater",
        columns=run_rows.RATER_COLUMNS,
        rows=(
            (
                run_id,
                rater_id,
                n[str(rater_id)],
                verdicts[rater_id] is Verdict.REJECTED,
                verdicts[rater_id].value,
                Jsonb(evidence.model_dump(mode="json")),
            )
            for rater_id, evidence in run_rows.rater_evidence(analysis, ratings).items()
        ),
    )


async def _nobody_left(session: AsyncSession, error: EveryoneRejectedError) -> AnalysisImpossible:
    """The refusal of an analysis that leaves nobody, with the reason for each rater."""
    failed = {
        int(item.rater_id): item.reason
        for item in reversed(error.evidence)
        if item.status is Status.FAILED
    }
    query = select(Rater.id, Rater.public_code).where(is_one_of(Rater.id, failed))
    rows = (await session.execute(query.order_by(Rater.id))).all()
    return AnalysisImpossible(
        "Screening rejects every rater, so nobody is left to average. Look at the reasons, and"
        " choose other checks to reject by.",
        problems=[Problem(code, failed[rater_id]) for rater_id, code in rows],
    )
