"""Where an exported table comes from, as its file says it."""

from sqlalchemy.ext.asyncio import AsyncSession

from app import __version__
from app.database.tables import AnalysisRun, Study
from app.results.runs.summary import fingerprint_of


def study_origin(study: Study) -> dict[str, str]:
    """The study, and what wrote the file."""
    return {"study": study.slug, "version": __version__}


async def run_origin(session: AsyncSession, run: AnalysisRun) -> dict[str, str]:
    """The study, the run and the ratings behind it, and what wrote the file."""
    study = await session.get_one(Study, run.study_id)
    return {
        **study_origin(study),
        "run": str(run.id),
        "fingerprint": fingerprint_of(run),
        "run_at": run.created_at.isoformat(),
    }
