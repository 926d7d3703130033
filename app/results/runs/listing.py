"""The runs of a study as a list: state, author, configuration, and whom each rejected."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables import AnalysisRun, RunRater
from app.database.tables.results import RunState, Verdict
from app.study.studies import get_study


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run; the numbers are None until it is done."""

    run_id: int
    state: RunState
    created_at: datetime
    created_by: str
    configuration: dict[str, Any]
    error: dict[str, Any] | None
    fingerprint: str | None
    seconds: float | None
    raters: int | None
    rejected: int | None


async def list_run_lines(
    session: AsyncSession, *, slug: str, limit: int = 100
) -> Sequence[RunLine]:
    """The newest runs of a study in any state, newest first."""
    study = await get_study(session, slug=slug)
    newest = (
        select(AnalysisRun)
        .where(AnalysisRun.study_id == study.id)
        .order_by(AnalysisRun.id.desc())
        .limit(limit)
    )
    runs = (await session.scalars(newest)).all()
    counts = await session.execute(
        select(
            RunRater.run_id,
            func.count(),
            func.count().filter(RunRater.verdict == Verdict.REJECTED),
        )
        .where(RunRater.run_id.in_([run.id for run in runs]))
        .group_by(RunRater.run_id)
    )
    counted = {run_id: (raters, rejected) for run_id, raters, rejected in counts}
    return [
        RunLine(
            run.id,
            run.state,
            run.created_at,
            run.created_by,
            run.configuration,
            run.error,
            run.fingerprint,
            run.seconds,
            *counted.get(run.id, (None, None)),
        )
        for run in runs
    ]
