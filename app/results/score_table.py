"""A run's stimuli as a table: in the order of any column, a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables import Condition, Image, Prompt, RunScore, Stimulus
from app.results.scores import SCORE_FIELDS, Score, StimulusScores


class ScoreColumn(StrEnum):
    """What of a score a table can be sorted by."""

    MOS = "mos"
    SOS = "sos"
    N = "n"
    Z_MOS = "z_mos"


@dataclass(frozen=True)
class ScoreOrder:
    """One column of one dimension; undefined values come last in either direction."""

    dimension: str
    column: ScoreColumn = ScoreColumn.MOS
    is_descending: bool = True

    def by(self) -> ColumnElement[float]:
        """The order as SQL."""
        column: ColumnElement[float] = getattr(RunScore, self.column.value)
        return (column.desc() if self.is_descending else column.asc()).nulls_last()


async def list_score_table(
    session: AsyncSession,
    *,
    run_id: int,
    order: ScoreOrder,
    generator: str | None = None,
    limit: int = 50,
    offset: int = 0,
) -> Sequence[StimulusScores]:
    """A page of the table, of one generator or of all.

    1. Sort the run's stimuli by the one column, and cut out the page.
    2. Fetch all scores of these stimuli by the primary key of run_score.
    """
    place = func.row_number().over(order_by=(order.by(), RunScore.stimulus_id))
    chosen = (
        select(RunScore.stimulus_id, place.label("place"))
        .where(RunScore.run_id == run_id, RunScore.dimension == order.dimension)
        .order_by("place")
        .limit(limit)
        .offset(offset)
    )
    if generator is not None:
        chosen = (
            chosen.join(Stimulus, Stimulus.id == RunScore.stimulus_id)
            .join(Image, Image.id == Stimulus.image_id)
            .join(Condition, Condition.id == Image.condition_id)
            .where(Condition.generator == generator)
        )
    # Only the page's stimuli are joined with what is known of them.
    cut = chosen.subquery()
    query = (
        select(cut.c.stimulus_id, Stimulus.image_id, Condition.generator, Prompt.text)
        .join(Stimulus, Stimulus.id == cut.c.stimulus_id)
        .join(Image, Image.id == Stimulus.image_id)
        .join(Condition, Condition.id == Image.condition_id)
        .join(Prompt, Prompt.id == Image.prompt_id)
        .order_by(cut.c.place)
    )
    page = (await session.execute(query)).all()
    scores: dict[int, dict[str, Score]] = {row.stimulus_id: {} for row in page}
    fields = [getattr(RunScore, name) for name in SCORE_FIELDS]
    rows = await session.execute(
        select(RunScore.stimulus_id, RunScore.dimension, *fields).where(
            RunScore.run_id == run_id, RunScore.stimulus_id.in_(scores)
        )
    )
    for stimulus_id, dimension, *numbers in rows:
        scores[stimulus_id][dimension] = Score(*numbers)
    return [
        StimulusScores(stimulus_id, image_id, generator, prompt, scores[stimulus_id])
        for stimulus_id, image_id, generator, prompt in page
    ]


async def count_scored(session: AsyncSession, *, run_id: int) -> dict[str, int]:
    """How many stimuli of each generator a run has, by name."""
    rows = await session.execute(
        select(Condition.generator, func.count(RunScore.stimulus_id.distinct()).label("number"))
        .join(Stimulus, Stimulus.id == RunScore.stimulus_id)
        .join(Image, Image.id == Stimulus.image_id)
        .join(Condition, Condition.id == Image.condition_id)
        .where(RunScore.run_id == run_id, RunScore.dimension == "overall")
        .group_by(Condition.generator)
        .order_by(Condition.generator)
    )
    return {row.generator: row.number for row in rows}
