"""Scores of stimuli: what a run said of each, read page by page or for one picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.analysis.matrix import OVERALL
from app.database.tables import Condition, Image, Prompt, RunScore, Stimulus
from app.results.runs.configuration import AnalysisConfiguration


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
