"""What an evaluation of metrics needs: a run's scores, and the predictions for its pictures."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.analysis.matrix import FloatArray
from app.analysis.metric_evaluation import Groups, Scores
from app.database.tables import (
    AnalysisRun,
    Condition,
    Image,
    MetricScore,
    RunScore,
    Stimulus,
)
from app.pool.metric_catalogue import load_metric_catalogue
from app.pool.metric_predictions import MetricCount, list_metrics
from app.results.exports.stimulus_records import load_export_names
from app.results.runs.sections import find_section
from app.results.runs.summary import summary_of
from app.study.studies import get_study

EVALUATION = "metric-evaluation@2"


@dataclass(frozen=True)
class RunScores:
    """The scores of every picture of a run, all arrays in the order of ``image_ids``.

    ``scores`` and ``reliability`` (of the MOS; NaN if not known) are by dimension.
    """

    image_ids: tuple[int, ...]
    groups: Groups
    scores: Mapping[str, Scores]
    reliability: Mapping[str, float]
    srcc_ceiling: Mapping[str, float | None]


@dataclass(frozen=True)
class StudyMetric:
    """A metric with predictions for a study; ``name`` is its own in one evaluation."""

    name: str
    label: str
    count: MetricCount

    @property
    def facts(self) -> dict[str, Any]:
        """What is told of the metric beside its numbers."""
        entry = load_metric_catalogue().get(self.count.key)
        return {
            "metric_id": self.count.id,
            "name": self.name,
            "label": self.label,
            "key": self.count.key,
            "version": self.count.version,
            "settings": self.count.settings,
            "origin": self.count.origin.value,
            "higher_is_better": self.count.higher_is_better,
            "measures": entry.measures.value if entry else None,
            "family": entry.family.value if entry else None,
        }


async def list_study_metrics(session: AsyncSession, *, study_id: int) -> Sequence[StudyMetric]:
    """The metrics with a prediction for any picture of a study, each under a name of its own."""
    counts = [c for c in await list_metrics(session, study_id=study_id) if c.pictures]
    same = Counter(count.key for count in counts)
    return [
        StudyMetric(f"{count.key}@{count.id}", _label(count, is_alone=same[count.key] == 1), count)
        for count in counts
    ]


def digest_of(metrics: Sequence[StudyMetric]) -> str:
    """Changes whenever a prediction, a direction or the evaluation itself does."""
    told = [
        [m.count.id, m.count.higher_is_better, m.count.pictures, m.count.changed_at.isoformat()]
        for m in metrics
    ]
    return hashlib.sha256(json.dumps([EVALUATION, told]).encode()).hexdigest()


async def load_image_names(session: AsyncSession, *, slug: str) -> dict[str, int]:
    """The picture of every name in a study's exports; raises NotFound for an unknown study."""
    study = await get_study(session, slug=slug)
    names = await load_export_names(session, study_id=study.id)
    rows = await session.execute(
        select(Stimulus.id, Stimulus.image_id).where(Stimulus.study_id == study.id)
    )
    return {names[stimulus_id]: image_id for stimulus_id, image_id in rows}


async def load_run_scores(session: AsyncSession, *, run: AnalysisRun) -> RunScores:
    """The scores of a run with the prompt and generator of each picture."""
    pictures = (
        await session.execute(
            select(Stimulus.id, Stimulus.image_id, Image.prompt_id, Condition.generator)
            .join(Image, Image.id == Stimulus.image_id)
            .join(Condition, Condition.id == Image.condition_id)
            .where(Stimulus.id.in_(select(RunScore.stimulus_id).where(RunScore.run_id == run.id)))
            .order_by(Stimulus.id)
        )
    ).all()
    rows = await session.execute(
        select(
            RunScore.stimulus_id,
            RunScore.dimension,
            RunScore.mos,
            RunScore.sos,
            RunScore.ci_low,
            RunScore.ci_high,
            RunScore.n,
        ).where(RunScore.run_id == run.id)
    )
    place = {picture.id: i for i, picture in enumerate(pictures)}
    tables = {key: np.full((len(pictures), 5), np.nan) for key in summary_of(run).keys}
    for stimulus_id, dimension, *numbers in rows:
        tables[dimension][place[stimulus_id]] = [np.nan if x is None else x for x in numbers]
    generators = sorted({picture.generator for picture in pictures})
    number = {generator: i for i, generator in enumerate(generators)}
    reliability, ceiling = await _reliability(session, run)
    return RunScores(
        image_ids=tuple(picture.image_id for picture in pictures),
        groups=Groups(
            prompt=np.array([picture.prompt_id for picture in pictures], dtype=np.int64),
            generator=np.array([number[p.generator] for p in pictures], dtype=np.int64),
            generator_names=tuple(generators),
        ),
        scores={key: _scores(table) for key, table in tables.items()},
        reliability=reliability,
        srcc_ceiling=ceiling,
    )


async def load_predictions(
    session: AsyncSession, *, image_ids: Sequence[int], metrics: Sequence[StudyMetric]
) -> dict[str, FloatArray]:
    """The predictions of these metrics in the order of the pictures, NaN where there is none."""
    place = {image_id: i for i, image_id in enumerate(image_ids)}
    predictions = {}
    for metric in metrics:
        values = np.full(len(image_ids), np.nan)
        rows = await session.execute(
            select(MetricScore.image_id, MetricScore.value).where(
                MetricScore.metric_id == metric.count.id
            )
        )
        for image_id, value in rows:
            if image_id in place:
                values[place[image_id]] = value
        predictions[metric.name] = values
    return predictions


def _label(count: MetricCount, *, is_alone: bool) -> str:
    """The metric's title, with version and settings where there are several of this name."""
    if is_alone:
        return count.title
    settings = ", ".join(f"{name} {value}" for name, value in sorted(count.settings.items()))
    more = ", ".join(part for part in (count.version, settings) if part)
    return f"{count.title} ({more or 'no version'})"


def _scores(table: FloatArray) -> Scores:
    mos, sos, low, high, n = table.T
    return Scores(mos=mos, sos=sos, low=low, high=high, n=np.nan_to_num(n).astype(np.int64))


async def _reliability(
    session: AsyncSession, run: AnalysisRun
) -> tuple[dict[str, float], dict[str, float | None]]:
    """The split-half reliability of the MOS by dimension, and the ceiling of an SRCC.

    Both from the run's own report; nothing where that part was not computed.
    """
    section = await find_section(session, run_id=run.id, name="reliability")
    columns = section.get("columns", ()) if section else ()
    reliability = {
        column["column"]: _number(column["split_half_plcc"]["value"]) for column in columns
    }
    ceiling = {column["column"]: column["ceiling_srcc"]["value"] for column in columns}
    return reliability, ceiling


def _number(value: float | None) -> float:
    return float("nan") if value is None else value
