"""Analysis runs: found again, whatever has become of them.

A run is *queued*, *running*, *done* or *failed*; only one that is done has results, and whatever
looks for results by a study looks for runs that are done.
"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables import AnalysisRun
from app.database.tables.results import RunState
from app.errors import AnalysisImpossible, NotFound
from app.study.studies import get_study

LARGEST_ID = 2**63 - 1


async def get_run(session: AsyncSession, *, run_id: int) -> AnalysisRun:
    """The run with this id, in any state; raises NotFound."""
    # PostgreSQL refuses to compare with a number that no id can be.
    run = await session.get(AnalysisRun, run_id) if abs(run_id) <= LARGEST_ID else None
    if run is None:
        raise NotFound("There is no analysis run with this number.")
    return run


async def get_done_run(session: AsyncSession, *, run_id: int) -> AnalysisRun:
    """The run with this id; raises NotFound, or AnalysisImpossible before it has results."""
    return _require_done(await get_run(session, run_id=run_id))


async def get_own_run(session: AsyncSession, *, slug: str, run_id: int) -> AnalysisRun:
    """A study's run with this id, in any state; raises NotFound."""
    study = await get_study(session, slug=slug)
    run = await get_run(session, run_id=run_id)
    if run.study_id != study.id:
        raise NotFound(f"Run {run_id} belongs to another study.")
    return run


async def get_study_run(session: AsyncSession, *, slug: str, run_id: int | None) -> AnalysisRun:
    """A study's run with results, or its newest one; raises NotFound or AnalysisImpossible."""
    if run_id is not None:
        return _require_done(await get_own_run(session, slug=slug, run_id=run_id))
    study = await get_study(session, slug=slug)
    latest = await find_latest_run(session, study_id=study.id)
    if latest is None:
        raise AnalysisImpossible("This study has no analysis run yet; please analyse it first.")
    return latest


async def find_latest_run(session: AsyncSession, *, study_id: int) -> AnalysisRun | None:
    """The newest run of a study that has results."""
    query = select(AnalysisRun).where(
        AnalysisRun.study_id == study_id, AnalysisRun.state == RunState.DONE
    )
    return await session.scalar(query.order_by(AnalysisRun.id.desc()).limit(1))


async def list_runs(session: AsyncSession, *, slug: str) -> Sequence[AnalysisRun]:
    """The runs of a study in any state, newest first; raises NotFound for an unknown study."""
    study = await get_study(session, slug=slug)
    query = select(AnalysisRun).where(AnalysisRun.study_id == study.id)
    return (await session.scalars(query.order_by(AnalysisRun.id.desc()))).all()


def _require_done(run: AnalysisRun) -> AnalysisRun:
    if run.state is not RunState.DONE:
        raise AnalysisImpossible(f"Analysis run {run.id} has no results yet: it is {run.state}.")
    return run
