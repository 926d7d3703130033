"""What the pages about one run have in common: the study, the run, where its numbers come from."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.results.runs.lookup import find_latest_run, get_study_run
from app.results.runs.sections import find_section
from app.results.runs.summary import summary_of
from app.study.studies import get_study, protocol_of
from app.web.admin.origin import origin_of


async def results_frame(session: AsyncSession, *, slug: str, run_id: int | None) -> dict[str, Any]:
    """The context of ``results_layout.html``: the run asked for, or the newest one.

    Raises NotFound, or AnalysisImpossible if there is no run with results.
    """
    study = await get_study(session, slug=slug)
    run = await get_study_run(session, slug=slug, run_id=run_id)
    newest = await find_latest_run(session, study_id=study.id)
    return {
        "study": study,
        "protocol": protocol_of(study),
        "run": run,
        "is_newest": newest is not None and newest.id == run.id,
        "origin": origin_of(run),
        "summary": summary_of(run),
    }


async def section_frame(
    session: AsyncSession, *, slug: str, run_id: int | None, section: str
) -> dict[str, Any]:
    """The same with one section of the run's report, None where it was not computed."""
    frame = await results_frame(session, slug=slug, run_id=run_id)
    found = await find_section(session, run_id=frame["run"].id, name=section)
    return frame | {"section": found}
