"""Scores of stimuli: what a run said of each, read page by page or for one picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.analysis.matrix import OVERALL
from app.database.tables import AnalysisRun, Condition, Image, Prompt, RunScore, Stimulus, Study
from app.results.configuration import AnalysisConfiguration


@dataclass(frozen=True, slots=True)
class Score:
    """One dimension of one stimulus: raw MOS and z-score MOS, each with spread and interval."""

    n: int
    mos: float | None
    sos: float | None
    ci_low: float | None
    ci_high: float | None
    z_n: int
    z_mos: float | None
    z_sos: float | None
    z_ci_low: float | None
    z_ci_high: float | None


@dataclass(frozen=True, slots=True)
class StimulusScores:
    """A stimulus with its scores, by dimension and ``overall``."""

    stimulus_id: int
    image_id: int
    generator: str
    prompt: str
    scores: dict[str, Score]


@dataclass(frozen=True, slots=True)
class ImageScores:
    """The scores of one picture in one study, under the study's newest run."""

    study_slug: str
    study_title: str
    run_id: int
    run_at: datetime
    configuration: AnalysisConfiguration
    scores: dict[str, Score]


SCORE_FIELDS = tuple(Score.__dataclass_fields__)
_SCORE_COLUMNS = tuple(getattr(RunScore, name) for name in SCORE_FIELDS)

# Both walk the primary key of run_score: run, stimulus, dimension.
_PAGE = (
    select(RunScore.stimulus_id, Stimulus.image_id, Condition.generator, Prompt.text)
    .join(Stimulus, Stimulus.id == RunScore.stimulus_id)
    .join(Image, Image.id == Stimulus.image_id)
    .join(Condition, Condition.id == Image.condition_id)
    .join(Prompt, Prompt.id == Image.prompt_id)
    .where(
        RunScore.run_id == bindparam("run_id"),
        RunScore.stimulus_id > bindparam("after"),
        RunScore.dimension == OVERALL,
    )
    .order_by(RunScore.stimulus_id)
    .limit(bindparam("limit"))
)
_SCORES = (
    select(RunScore.stimulus_id, RunScore.dimension, *_SCORE_COLUMNS)
    .where(
        RunScore.run_id == bindparam("run_id"),
        RunScore.stimulus_id.between(bindparam("first"), bindparam("last")),
    )
    .order_by(RunScore.stimulus_id)
)


async def list_scores(
    session: AsyncSession, *, run_id: int, after: int = 0, limit: int = 500
) -> Sequence[StimulusScores]:
    """The stimuli of a run by id, from the one after ``after`` on."""
    page = (await session.execute(_PAGE, {"run_id": run_id, "after": after, "limit": limit})).all()
    if not page:
        return []
    found: dict[int, dict[str, Score]] = {row.stimulus_id: {} for row in page}
    bounds = {"first": page[0].stimulus_id, "last": page[-1].stimulus_id}
    for stimulus_id, dimension, *numbers in await session.execute(
        _SCORES, {"run_id": run_id, **bounds}
    ):
        found[stimulus_id][dimension] = Score(*numbers)
    return [StimulusScores(*row, scores=found[row.stimulus_id]) for row in page]


async def list_image_scores(session: AsyncSession, *, image_id: int) -> Sequence[ImageScores]:
    """What each study's newest run says of this picture; studies without a run are left out."""
    any_run = aliased(AnalysisRun)
    newest = (
        select(func.max(any_run.id)).where(any_run.study_id == Stimulus.study_id).scalar_subquery()
    )
    query = (
        select(Study.slug, Study.title, AnalysisRun, RunScore)
        .select_from(Stimulus)
        .join(Study, Study.id == Stimulus.study_id)
        .join(AnalysisRun, AnalysisRun.id == newest)
        .join(
            RunScore,
            (RunScore.run_id == AnalysisRun.id) & (RunScore.stimulus_id == Stimulus.id),
        )
        .where(Stimulus.image_id == image_id)
        .order_by(Study.id)
    )
    found: dict[int, ImageScores] = {}
    for slug, title, run, row in await session.execute(query):
        configuration = AnalysisConfiguration.model_validate(run.configuration)
        image = found.setdefault(
            run.id, ImageScores(slug, title, run.id, run.created_at, configuration, {})
        )
        image.scores[row.dimension] = Score(*(getattr(row, name) for name in SCORE_FIELDS))
    return list(found.values())
