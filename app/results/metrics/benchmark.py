"""Objective metrics against the scores of a run: evaluated, stored with the run, found again.

The result is a section ``metrics`` of the run's report.  It is made anew when a prediction has
changed, which a digest tells.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.analysis.metric_evaluation import MetricEvaluation, Options, evaluate_metrics
from app.analysis.metric_evaluation.clusters import METHOD as BOOTSTRAP_METHOD
from app.analysis.metric_evaluation.comparison import HOLM_METHOD, MRR_METHOD
from app.analysis.metric_evaluation.correlations import KRCC_METHOD, PLCC_METHOD, SRCC_METHOD
from app.analysis.metric_evaluation.evaluation import CHALLENGE_METHOD
from app.analysis.metric_evaluation.krasula import METHOD as AUC_METHOD
from app.analysis.metric_evaluation.logistic import Curve
from app.analysis.metric_evaluation.outliers import OUTLIER_METHOD, TWO_SE_METHOD
from app.analysis.metric_evaluation.splits import METHOD as SPLITS_METHOD
from app.database.engine import SessionFactory
from app.database.tables import AnalysisRun, RunSection
from app.errors import AnalysisImpossible
from app.results.documents import document_of
from app.results.metrics.data import (
    RunScores,
    StudyMetric,
    digest_of,
    list_study_metrics,
    load_predictions,
    load_run_scores,
)
from app.results.runs.configuration import AnalysisConfiguration
from app.results.runs.lookup import get_done_run
from app.results.runs.sections import find_section
from app.results.runs.summary import summary_of
from app.results.runs.threads import in_thread

SECTION = "metrics"
METHODS = (
    *(SRCC_METHOD, KRCC_METHOD, PLCC_METHOD, Curve.FOUR.method_id, Curve.FIVE.method_id),
    *(OUTLIER_METHOD, TWO_SE_METHOD, AUC_METHOD, CHALLENGE_METHOD, BOOTSTRAP_METHOD),
    *(MRR_METHOD, HOLM_METHOD, SPLITS_METHOD),
)
NO_PREDICTIONS = (
    "No metric has a prediction for the pictures of this study yet. Import some, or compute them"
    " by `beholder metrics run`."
)

Document = dict[str, Any]

log = structlog.get_logger()


@dataclass(frozen=True)
class Benchmark:
    """A stored evaluation; ``is_current`` says whether the predictions are still the same."""

    document: Document
    is_current: bool

    @property
    def failed(self) -> str | None:
        """Why there are no numbers."""
        sentence: str | None = self.document.get("failed")
        return sentence

    def dimension(self, key: str) -> Document | None:
        """What was found in one dimension."""
        found = (each for each in self.document.get("dimensions", ()) if each["key"] == key)
        return next(found, None)

    def metric(self, metric_id: int) -> Document | None:
        """What is known of one metric that was evaluated."""
        metrics = self.document.get("metrics", ())
        return next((each for each in metrics if each["metric_id"] == metric_id), None)


async def find_benchmark(session: AsyncSession, *, run: AnalysisRun) -> Benchmark | None:
    """The stored evaluation of the metrics against this run, if there is one."""
    document = await find_section(session, run_id=run.id, name=SECTION)
    if document is None:
        return None
    metrics = await list_study_metrics(session, study_id=run.study_id)
    return Benchmark(document, document["digest"] == digest_of(metrics))


async def evaluate_run(sessions: SessionFactory, *, run_id: int) -> Document:
    """Evaluate all metrics that have predictions against a run, store and return the result.

    No transaction is open while it is computed.  Raises NotFound for an unknown run and
    AnalysisImpossible for one without results, or without any prediction.
    """
    async with sessions() as session:
        run = await get_done_run(session, run_id=run_id)
        metrics = await list_study_metrics(session, study_id=run.study_id)
        if not metrics:
            await forget_benchmark(sessions, run_id=run_id)
            raise AnalysisImpossible(NO_PREDICTIONS)
        scores = await load_run_scores(session, run=run)
        predictions = await load_predictions(session, image_ids=scores.image_ids, metrics=metrics)
    started = time.perf_counter()
    dimensions = [
        {"key": key, "label": label}
        | await in_thread(_evaluate, key, run, metrics, scores, predictions)
        for key, label in summary_of(run).labels.items()
    ]
    seconds = time.perf_counter() - started
    document = {
        "digest": digest_of(metrics),
        "metrics": [document_of(metric.facts) for metric in metrics],
        "dimensions": dimensions,
        "methods": list(METHODS),
        "seconds": seconds,
    }
    await _store(sessions, run_id, document)
    log.info("metrics_evaluated", run_id=run_id, metrics=len(metrics), seconds=round(seconds, 1))
    return document


async def fail_benchmark(sessions: SessionFactory, *, run_id: int, sentence: str) -> None:
    """Store why there is no evaluation for the predictions of the moment."""
    async with sessions() as session:
        run = await get_done_run(session, run_id=run_id)
        digest = digest_of(await list_study_metrics(session, study_id=run.study_id))
    await _store(sessions, run_id, {"digest": digest, "failed": sentence})


async def forget_benchmark(sessions: SessionFactory, *, run_id: int) -> None:
    """Remove an evaluation whose predictions are all gone."""
    async with sessions.begin() as session:
        await session.execute(
            delete(RunSection).where(RunSection.run_id == run_id, RunSection.name == SECTION)
        )


def _evaluate(
    key: str,
    run: AnalysisRun,
    metrics: Sequence[StudyMetric],
    scores: RunScores,
    predictions: dict[str, Any],
) -> Document:
    level = AnalysisConfiguration.model_validate(run.configuration).level
    evaluation = evaluate_metrics(
        scores.scores[key],
        predictions,
        scores.groups,
        higher_is_better={metric.name: metric.count.higher_is_better for metric in metrics},
        reliability=scores.reliability.get(key, float("nan")),
        options=Options(level=level),
    )
    labels = {metric.name: metric.label for metric in metrics}
    document = _compact(evaluation, labels)
    return document | {"noise_ceiling_srcc": scores.srcc_ceiling.get(key)}


def _compact(evaluation: MetricEvaluation, labels: dict[str, str]) -> Document:
    """The evaluation without what has a number for every picture or pair; best metric first.

    A metric that runs against its direction is a bad one, however strongly it does.
    """
    panel = evaluation.panel
    rows = [_row(row, labels) for row in evaluation.rows]
    rows.sort(key=lambda row: (row["is_reversed"], -(row["challenge_score"] or 0), row["label"]))
    return {
        "images": evaluation.images,
        "prompts": evaluation.prompts,
        "options": document_of(evaluation.options),
        "noise_ceiling": document_of(evaluation.noise_ceiling),
        "panel": {
            "pairs": len(panel.outcome),
            "possible": panel.possible,
            "is_sample": panel.is_sample,
            "left_out": panel.left_out,
            "threshold": panel.threshold,
        },
        "rows": rows,
        "comparison": _comparison(evaluation, labels),
        "not_compared": [
            {"name": name, "label": labels[name], "reason": reason}
            for name, reason in evaluation.not_compared.items()
        ],
    }


def _row(row: Any, labels: dict[str, str]) -> Document:
    document: Any = document_of(row)
    for curve in ("logistic_4", "logistic_5"):
        del document[curve]["fitted"]
    return {"label": labels[row.name], **document}


def _comparison(evaluation: MetricEvaluation, labels: dict[str, str]) -> Document | None:
    found = evaluation.comparison
    if found is None:
        return None
    document: Any = document_of(found)
    for difference in document["differences"]:
        difference["first_label"] = labels[difference["first"]]
        difference["second_label"] = labels[difference["second"]]
    return {**document, "labels": [labels[name] for name in found.names]}


async def _store(sessions: SessionFactory, run_id: int, document: Document) -> None:
    statement = insert(RunSection).values(run_id=run_id, name=SECTION, document=document)
    async with sessions.begin() as session:
        await session.execute(
            statement.on_conflict_do_update(
                index_elements=[RunSection.run_id, RunSection.name],
                set_={"document": statement.excluded.document},
            )
        )
