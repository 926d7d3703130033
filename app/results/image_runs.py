"""One picture under every analysis: what each run of each study said of it."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables import AnalysisRun, RunScore, Stimulus, Study
from app.database.tables.results import RunState
from app.results.runs.configuration import AnalysisConfiguration
from app.results.scores import SCORE_FIELDS, ImageScores, Score

MOST_RUNS = 20


async def list_image_runs(session: AsyncSession, *, image_id: int) -> Sequence[ImageScores]:
    """The scores of this picture under the newest runs of all studies, newest first."""
    runs = (
        select(AnalysisRun.id, Stimulus.id.label("stimulus_id"), Study.slug, Study.title)
        .join(Stimulus, Stimulus.study_id == AnalysisRun.study_id)
        .join(Study, Study.id == AnalysisRun.study_id)
        .where(Stimulus.image_id == image_id, AnalysisRun.state == RunState.DONE)
        .order_by(AnalysisRun.id.desc())
        .limit(MOST_RUNS)
        .subquery()
    )
    query = (
        select(runs.c.slug, runs.c.title, AnalysisRun, RunScore)
        .join(AnalysisRun, AnalysisRun.id == runs.c.id)
        .join(
            RunScore,
            (RunScore.run_id == runs.c.id) & (RunScore.stimulus_id == runs.c.stimulus_id),
        )
        .order_by(AnalysisRun.id.desc())
    )
    found: dict[int, ImageScores] = {}
    for slug, title, run, row in await session.execute(query):
        configuration = AnalysisConfiguration.model_validate(run.configuration)
        image = found.setdefault(
            run.id, ImageScores(slug, title, run.id, run.created_at, configuration, {})
        )
        image.scores[row.dimension] = Score(*(getattr(row, name) for name in SCORE_FIELDS))
    return list(found.values())
