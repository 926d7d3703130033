"""What the dashboard shows of a run as a whole: distributions, points, means per generator."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scipy import special
from sqlalchemy import Row, Select, cast, func, select
from sqlalchemy.dialects.postgresql import DOUBLE_PRECISION
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.database.tables import (
    AnalysisRun,
    Condition,
    Image,
    Prompt,
    RunScore,
    Stimulus,
    Study,
)
from app.results.runs.configuration import AnalysisConfiguration
from app.results.runs.lookup import get_done_run
from app.results.runs.summary import summary_of
from app.study.protocol import Protocol
from app.study.studies import protocol_of

BINS = 20
PROMPT_EXCERPT = 90

# A spread below this is rounding: the finest scale has steps a million times as large.
_SAME = 1e-9


@dataclass(frozen=True, slots=True)
class Distribution:
    """How the raw MOS of a dimension is spread over the scale.

    ``counts`` are stimuli in bins of equal width from ``low`` to ``high``; a bin holds its lower
    edge, the last one both.  Stimuli without a MOS are in no bin.
    """

    dimension: str
    label: str
    low: float
    high: float
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Point:
    """One stimulus by its raw MOS in two dimensions."""

    stimulus_id: int
    image_id: int
    generator: str
    prompt: str
    """The beginning of the prompt."""
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Points:
    """Every stimulus by its raw MOS in two dimensions, with the range of the scale."""

    x_dimension: str
    x_label: str
    y_dimension: str
    y_label: str
    low: float
    high: float
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class GeneratorMean:
    """The mean raw MOS of a generator's stimuli in one dimension.

    The interval is over *prompts* (``factors/clustered-mean``): where the mean over very many
    prompts would lie, had the pictures been judged by this same panel; pictures of one prompt are
    alike and count as one.  It does not cover what another panel would say.  A mean cannot leave
    the scale, so neither does the interval: it is cut to the scale's ends.  None with fewer than
    two prompts, or when all stimuli have the same MOS.
    """

    generator: str
    dimension: str
    label: str
    stimuli: int
    mean: float
    sd: float | None
    ci_low: float | None
    ci_high: float | None
    prompts: int


async def list_distributions(
    session: AsyncSession, *, run_id: int, bins: int = BINS
) -> Sequence[Distribution]:
    """The distribution of each dimension and of the overall score, in protocol order."""
    run, protocol = await _run_and_protocol(session, run_id)
    low, high = float(protocol.scale.low), float(protocol.scale.high)
    ends = (cast(end, DOUBLE_PRECISION) for end in (low, high))
    # The highest score falls into a bin of its own beyond the last; it belongs into the last.
    place = func.least(func.width_bucket(RunScore.mos, *ends, bins), bins)
    query = (
        select(RunScore.dimension, place, func.count())
        .where(RunScore.run_id == run_id, RunScore.mos.is_not(None))
        .group_by(RunScore.dimension, place)
    )
    labels = summary_of(run).labels
    counts: dict[str, list[int]] = {key: [0] * bins for key in labels}
    for dimension, bucket, count in await session.execute(query):
        counts[dimension][max(bucket, 1) - 1] += count
    return [
        Distribution(key, label, low, high, tuple(counts[key])) for key, label in labels.items()
    ]


async def find_points(session: AsyncSession, *, run_id: int) -> Points | None:
    """Stimuli by their first two dimensions; None if the protocol has only one."""
    _, protocol = await _run_and_protocol(session, run_id)
    if len(protocol.dimensions) < 2:
        return None
    first, second = protocol.dimensions[:2]
    x, y = aliased(RunScore), aliased(RunScore)
    query = (
        select(
            Stimulus.id,
            Stimulus.image_id,
            Condition.generator,
            func.left(Prompt.text, PROMPT_EXCERPT + 1),
            x.mos,
            y.mos,
        )
        .join(y, (y.run_id == x.run_id) & (y.stimulus_id == x.stimulus_id))
        .join(Stimulus, Stimulus.id == x.stimulus_id)
        .join(Image, Image.id == Stimulus.image_id)
        .join(Condition, Condition.id == Image.condition_id)
        .join(Prompt, Prompt.id == Image.prompt_id)
        .where(x.run_id == run_id, x.dimension == first.key, y.dimension == second.key)
        .where(x.mos.is_not(None), y.mos.is_not(None))
        .order_by(Stimulus.id)
    )
    return Points(
        x_dimension=first.key,
        x_label=first.label,
        y_dimension=second.key,
        y_label=second.label,
        low=float(protocol.scale.low),
        high=float(protocol.scale.high),
        points=tuple(
            Point(stimulus, image, generator, excerpt(prompt), mos_x, mos_y)
            for stimulus, image, generator, prompt, mos_x, mos_y in await session.execute(query)
        ),
    )


async def list_generator_means(session: AsyncSession, *, run_id: int) -> Sequence[GeneratorMean]:
    """The mean MOS of every generator in every dimension, best overall first."""
    run, protocol = await _run_and_protocol(session, run_id)
    level = AnalysisConfiguration.model_validate(run.configuration).level
    ends = float(protocol.scale.low), float(protocol.scale.high)
    labels = summary_of(run).labels
    means = [
        _generator_mean(row, labels[row.dimension], level, ends)
        for row in await session.execute(_generator_sums(run_id))
    ]
    overall = {mean.generator: mean.mean for mean in means if mean.dimension == "overall"}
    places = {key: place for place, key in enumerate(labels)}
    return sorted(means, key=lambda m: (-overall[m.generator], m.generator, places[m.dimension]))


def excerpt(prompt: str) -> str:
    """The beginning of a prompt, with an ellipsis where it goes on."""
    whole = " ".join(prompt.split())
    return whole if len(whole) <= PROMPT_EXCERPT else f"{whole[: PROMPT_EXCERPT - 1]}…"


def _generator_sums(run_id: int) -> Select[Any]:
    """Per generator and dimension: mean, sums of squares over stimuli and over prompts.

    Deviations are taken from the mean before they are squared, so that rounding stays small; a
    prompt's deviations are added up before they are squared.
    """
    group = (Condition.generator, RunScore.dimension)
    mean = func.avg(RunScore.mos).over(partition_by=group)
    scores = (
        select(*group, Image.prompt_id, mean.label("mean"), (RunScore.mos - mean).label("off"))
        .join(Stimulus, Stimulus.id == RunScore.stimulus_id)
        .join(Image, Image.id == Stimulus.image_id)
        .join(Condition, Condition.id == Image.condition_id)
        .where(RunScore.run_id == run_id, RunScore.mos.is_not(None))
        .subquery()
    )
    c = scores.c
    prompts = (
        select(
            c.generator,
            c.dimension,
            c.mean,
            func.count().label("stimuli"),
            func.sum(c.off).label("off"),
            func.sum(c.off * c.off).label("squares"),
        )
        .group_by(c.generator, c.dimension, c.mean, c.prompt_id)
        .subquery()
    )
    p = prompts.c
    return select(
        p.generator,
        p.dimension,
        p.mean,
        func.sum(p.stimuli).label("stimuli"),
        func.count().label("prompts"),
        func.sum(p.squares).label("squares"),
        func.sum(p.off * p.off).label("prompt_squares"),
    ).group_by(p.generator, p.dimension, p.mean)


def _generator_mean(
    row: Row[Any], label: str, level: float, ends: tuple[float, float]
) -> GeneratorMean:
    n, prompts, mean = int(row.stimuli), row.prompts, row.mean
    sd = math.sqrt(row.squares / (n - 1)) if n > 1 else None
    low = high = None
    if sd is not None and sd > _SAME and prompts > 1:
        error = math.sqrt(prompts / (prompts - 1) * row.prompt_squares) / n
        half = float(special.stdtrit(prompts - 1, (1 + level) / 2)) * error
        low, high = max(mean - half, ends[0]), min(mean + half, ends[1])
    return GeneratorMean(
        row.generator, row.dimension, label, n, mean, sd, low, high, prompts=prompts
    )


async def _run_and_protocol(session: AsyncSession, run_id: int) -> tuple[AnalysisRun, Protocol]:
    run = await get_done_run(session, run_id=run_id)
    study = await session.get_one(Study, run.study_id)
    return run, protocol_of(study)
