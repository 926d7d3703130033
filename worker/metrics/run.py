"""Computing metrics for the pictures of a study, one metric after another.

What is computed is stored batch by batch, so a run that is stopped goes on where it was.  Nothing
that fails ends a run: a metric that cannot be opened, or a picture that it cannot judge, is
reported with its reason.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from app.database.audit import record_event
from app.database.engine import SessionFactory
from app.database.tables.metrics import MetricOrigin
from app.errors import Conflict
from app.pool.metric_catalogue import MetricEntry
from app.pool.metric_predictions import (
    MetricIdentity,
    UnscoredPicture,
    count_pictures,
    ensure_metric,
    list_unscored,
    store_predictions,
)
from app.storage.blobs import BlobStore
from worker.metrics.base import MetricUnavailable, PictureUnscorable, Predictor
from worker.metrics.pictures import load_pixels

ACTOR = "metrics run"
BATCH_S = 5.0
"""What was computed is stored at least this often."""

OpenPredictor = Callable[[MetricEntry], Predictor]
Report = Callable[[MetricEntry, int, int], None]


@dataclass(frozen=True)
class Outcome:
    """What became of one metric; ``why`` says what could not be computed, in a sentence.

    ``there`` counts pictures that had a prediction before, ``failed`` those without one now.
    """

    entry: MetricEntry
    version: str = ""
    computed: int = 0
    there: int = 0
    failed: int = 0
    why: str = ""
    is_stopped: bool = False


@dataclass(frozen=True)
class Bench:
    """What computing needs from the process; ``report`` hears how many pictures of all are done."""

    sessions: SessionFactory
    blobs: BlobStore
    open_predictor: OpenPredictor
    is_stopping: Callable[[], bool]
    report: Report


async def run_metrics(bench: Bench, *, slug: str, entries: Sequence[MetricEntry]) -> list[Outcome]:
    """Compute these metrics for all pictures of a study that lack them; raises NotFound."""
    async with bench.sessions.begin() as session:
        pictures = await count_pictures(session, slug=slug)
    outcomes = []
    for entry in entries:
        if bench.is_stopping():
            break
        try:
            predictor = await asyncio.to_thread(bench.open_predictor, entry)
            outcomes.append(await _run_metric(bench, slug, entry, predictor, pictures))
        except MetricUnavailable as unavailable:
            outcomes.append(Outcome(entry, failed=pictures, why=str(unavailable)))
        except Conflict as conflict:
            outcomes.append(Outcome(entry, failed=pictures, why=conflict.message))
    return outcomes


async def _run_metric(
    bench: Bench, slug: str, entry: MetricEntry, predictor: Predictor, pictures: int
) -> Outcome:
    async with bench.sessions.begin() as session:
        metric_id = await ensure_metric(
            session,
            identity=MetricIdentity(entry.key, predictor.version, predictor.settings),
            higher_is_better=entry.higher_is_better,
            origin=MetricOrigin.COMPUTED,
            actor=ACTOR,
        )
        todo = await list_unscored(session, slug=slug, metric_id=metric_id)
    started = time.monotonic()
    computed, reasons, there = 0, Counter[str](), pictures - len(todo)
    judgements = _judgements(bench.blobs, predictor, todo)
    bench.report(entry, there, pictures)
    while not bench.is_stopping():
        batch = await asyncio.to_thread(_next_batch, judgements, bench.is_stopping)
        values = {image_id: value for image_id, value in batch if isinstance(value, float)}
        reasons.update(value for _, value in batch if isinstance(value, str))
        async with bench.sessions.begin() as session:
            await store_predictions(session, metric_id=metric_id, values=values)
        computed += len(values)
        bench.report(entry, there + computed + reasons.total(), pictures)
        if not batch:
            break
    if computed:
        async with bench.sessions.begin() as session:
            await record_event(
                session,
                actor=ACTOR,
                action="metric_computed",
                subject_kind="study",
                subject_id=slug,
                detail={
                    "metric": entry.key,
                    "version": predictor.version,
                    "computed": computed,
                    "failed": reasons.total(),
                    "seconds": round(time.monotonic() - started, 1),
                },
            )
    return Outcome(
        entry,
        version=predictor.version,
        computed=computed,
        there=there,
        failed=reasons.total(),
        why=reasons.most_common(1)[0][0] if reasons else "",
        is_stopped=computed + reasons.total() < len(todo),
    )


def _judgements(
    blobs: BlobStore, predictor: Predictor, pictures: Sequence[UnscoredPicture]
) -> Iterator[tuple[int, float | str]]:
    """The prediction for each picture, or the sentence that says why there is none."""
    for picture in pictures:
        try:
            value = predictor.predict(load_pixels(blobs, picture), picture.prompt)
        except PictureUnscorable as unscorable:
            yield picture.image_id, str(unscorable)
            continue
        is_finite = abs(value) < float("inf")  # false for NaN, too
        yield picture.image_id, value if is_finite else "The metric gave no number."


def _next_batch(
    judgements: Iterator[tuple[int, float | str]], is_stopping: Callable[[], bool]
) -> list[tuple[int, float | str]]:
    """As many judgements as are made in a few seconds; none are left when it is empty."""
    batch = []
    deadline = time.monotonic() + BATCH_S
    for judgement in judgements:
        batch.append(judgement)
        if time.monotonic() > deadline or is_stopping():
            break
    return batch
