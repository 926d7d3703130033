"""What the study of factors reads: every picture of a run with its scores and where it is from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Text, cast, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.analysis.matrix import FloatArray, IntArray
from app.database.tables import Condition, Image, Prompt, RunScore, Stimulus


@dataclass(frozen=True, slots=True)
class ConditionRow:
    """A condition: a generator with its settings; None means not recorded."""

    id: int
    generator: str
    revision: str | None
    guidance: float | None
    steps: int | None
    scheduler: str | None
    width: int | None
    height: int | None
    extra: str


@dataclass(frozen=True, slots=True, eq=False)
class DimensionScores:
    """Raw scores of one dimension; arrays follow the pictures, NaN where not defined."""

    mos: FloatArray
    sos: FloatArray
    n: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class FactorData:
    """The main pictures of a run, by stimulus id.

    prompt, condition : ids. words : length of the prompt. category : None where not given.
    generator : indices into `generators`, which are in alphabetical order.
    """

    prompt: IntArray
    condition: IntArray
    generator: IntArray
    words: IntArray
    category: Sequence[str | None]
    generators: tuple[str, ...]
    conditions: Mapping[int, ConditionRow]
    scores: Mapping[str, DimensionScores]


async def load_factor_data(
    session: AsyncSession, *, run_id: int, dimensions: Sequence[str]
) -> FactorData:
    """Read pictures, conditions and scores of a run, in three queries."""
    in_run = select(RunScore.stimulus_id).where(RunScore.run_id == run_id).distinct()
    pictures = (
        await session.execute(
            select(
                Stimulus.id, Image.prompt_id, Image.condition_id, Prompt.word_count, Prompt.category
            )
            .join(Image, Image.id == Stimulus.image_id)
            .join(Prompt, Prompt.id == Image.prompt_id)
            .where(Stimulus.id.in_(in_run))
            .order_by(Stimulus.id)
        )
    ).all()
    conditions = await _conditions(session, {row.condition_id for row in pictures})
    generators = tuple(sorted({condition.generator for condition in conditions.values()}))
    index = {name: place for place, name in enumerate(generators)}
    return FactorData(
        prompt=_integers([row.prompt_id for row in pictures]),
        condition=_integers([row.condition_id for row in pictures]),
        generator=_integers([index[conditions[row.condition_id].generator] for row in pictures]),
        words=_integers([row.word_count for row in pictures]),
        category=[row.category for row in pictures],
        generators=generators,
        conditions=conditions,
        scores=await _scores(session, run_id, dimensions, [row.id for row in pictures]),
    )


async def _conditions(session: AsyncSession, ids: set[int]) -> dict[int, ConditionRow]:
    rows = await session.execute(
        select(
            Condition.id,
            Condition.generator,
            Condition.revision,
            Condition.guidance,
            Condition.steps,
            Condition.scheduler,
            Condition.width,
            Condition.height,
            cast(Condition.extra, Text),
        ).where(Condition.id.in_(ids))
    )
    return {row[0]: ConditionRow(*row) for row in rows}


async def _scores(
    session: AsyncSession, run_id: int, dimensions: Sequence[str], stimuli: Sequence[int]
) -> dict[str, DimensionScores]:
    rows = (
        await session.execute(
            select(
                RunScore.dimension, RunScore.stimulus_id, RunScore.mos, RunScore.sos, RunScore.n
            ).where(RunScore.run_id == run_id)
        )
    ).all()
    place = {stimulus: row for row, stimulus in enumerate(stimuli)}
    nothing = np.full(len(stimuli), np.nan)
    scores = {
        key: DimensionScores(nothing.copy(), nothing.copy(), np.zeros(len(stimuli), np.int64))
        for key in dimensions
    }
    for dimension, stimulus, mos, sos, n in rows:
        if dimension in scores:
            at, found = place[stimulus], scores[dimension]
            found.mos[at] = np.nan if mos is None else mos
            found.sos[at] = np.nan if sos is None else sos
            found.n[at] = n
    return scores


def _integers(values: Sequence[int]) -> IntArray:
    return np.array(values, dtype=np.int64)
