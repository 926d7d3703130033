"""Importing predictions of objective metrics: first a plan that changes nothing, then the import.

All or nothing: a file with a single mistake imports nothing, and every mistake is named with its
line.  A value that is here already is left alone; another value for the same picture, metric,
version and settings is refused unless the import says that it replaces.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.database.audit import record_event
from app.database.tables.metrics import MetricOrigin
from app.errors import ImportRefused, Problem
from app.pool.metric_catalogue import MetricEntry, metric_title
from app.pool.metric_file import PredictionFile, read_predictions
from app.pool.metric_names import ImportOptions, NamedMetric
from app.pool.metric_pictures import PictureNames, list_pictures
from app.pool.metric_predictions import (
    MetricIdentity,
    ensure_metric,
    find_metric,
    load_values,
    mismatch,
    store_predictions,
)
from app.pool.records import Mistakes, refusal


@dataclass(frozen=True)
class PlannedMetric:
    """What an import would do to one metric; ``values`` are by image."""

    name: str
    identity: MetricIdentity
    entry: MetricEntry | None
    higher_is_better: bool
    values: Mapping[int, float]
    added: int
    unchanged: int
    replaced: int
    outside: int
    """Values beyond the ends of the metric's scale."""

    @property
    def title(self) -> str:
        return metric_title(self.identity.key)


@dataclass(frozen=True)
class MetricImportPlan:
    """What an import would do; it can be carried out when there are no problems."""

    file_name: str
    metrics: tuple[PlannedMetric, ...]
    pictures: int
    empty_cells: int
    warnings: tuple[str, ...]
    problems: tuple[Problem, ...]
    problem_count: int

    def refuse_if_wrong(self) -> None:
        """Raise ImportRefused with the problems, if there are any."""
        if self.problem_count:
            raise ImportRefused(refusal(self.problem_count), problems=self.problems)


async def plan_metric_import(
    session: AsyncSession,
    *,
    content: bytes,
    file_name: str,
    options: ImportOptions,
    slug: str | None = None,
    export_names: Mapping[str, int] | None = None,
) -> MetricImportPlan:
    """Read a file of predictions and find its pictures, changing nothing.

    With ``slug``, pictures of that study go before others of the same name; ``export_names`` are
    the names that they have in its exports.
    """
    mistakes = Mistakes()
    file = await asyncio.to_thread(read_predictions, content, options, mistakes)
    image_ids = await _find_pictures(session, file, slug, export_names or {}, mistakes)
    values = _values_by_metric(file, image_ids, mistakes)
    metrics = [
        await _planned(session, metric, values[number], options, mistakes)
        for number, metric in enumerate(file.metrics)
        if values[number]
    ]
    return MetricImportPlan(
        file_name=file_name,
        metrics=tuple(metrics),
        pictures=len(set(image_ids.values())),
        empty_cells=file.empty_cells,
        warnings=tuple(sentence for metric in metrics for sentence in _warnings(metric)),
        problems=mistakes.as_problems(),
        problem_count=mistakes.count,
    )


async def carry_out_metric_import(
    session: AsyncSession, *, plan: MetricImportPlan, actor: str
) -> dict[str, int]:
    """Import what was planned, all or nothing; return the id of each metric by its name there."""
    plan.refuse_if_wrong()
    metric_ids = {}
    for metric in plan.metrics:
        metric_id = await ensure_metric(
            session,
            identity=metric.identity,
            higher_is_better=metric.higher_is_better,
            origin=MetricOrigin.IMPORTED,
            actor=actor,
        )
        await store_predictions(
            session, metric_id=metric_id, values=metric.values, replace=metric.replaced > 0
        )
        metric_ids[metric.name] = metric_id
    await record_event(
        session,
        actor=actor,
        action="predictions_imported",
        subject_kind="pool",
        subject_id="metrics",
        detail={
            "file": plan.file_name,
            "metrics": {
                metric.identity.key: {
                    "version": metric.identity.version,
                    "added": metric.added,
                    "unchanged": metric.unchanged,
                    "replaced": metric.replaced,
                }
                for metric in plan.metrics
            },
        },
    )
    return metric_ids


async def _find_pictures(
    session: AsyncSession,
    file: PredictionFile,
    slug: str | None,
    export_names: Mapping[str, int],
    mistakes: Mistakes,
) -> dict[str, int]:
    """The picture of every reference that means exactly one; the others are mistakes."""
    lines: dict[str, int] = {}
    for prediction in file.predictions:
        lines.setdefault(prediction.reference, prediction.line)
    found: dict[str, set[int]] = {}
    if slug is not None and lines:
        own = PictureNames(await list_pictures(session, slug=slug), export_names)
        found = {name: own.find(name, file.reference_kind) for name in lines}
    others = [name for name in lines if not found.get(name)]
    if others:
        pool = PictureNames(await list_pictures(session))
        found |= {name: pool.find(name, file.reference_kind) for name in others}
    for name, line in lines.items():
        if len(found[name]) != 1:
            mistakes.add(line, _picture_sentence(name, len(found[name])))
    return {name: min(ids) for name, ids in found.items() if len(ids) == 1}


def _picture_sentence(name: str, number: int) -> str:
    shown = name if len(name) <= 80 else f"{name[:79]}…"
    if not number:
        return f"There is no picture “{shown}”."
    return f"“{shown}” can mean {number} pictures; please name them by image_id."


def _values_by_metric(
    file: PredictionFile, image_ids: Mapping[str, int], mistakes: Mistakes
) -> list[dict[int, float]]:
    """The predictions of each metric by image; a second one for a picture is a mistake."""
    values: list[dict[int, float]] = [{} for _ in file.metrics]
    lines: list[dict[int, int]] = [{} for _ in file.metrics]
    for prediction in file.predictions:
        image_id = image_ids.get(prediction.reference)
        if image_id is None:
            continue
        first = lines[prediction.metric].setdefault(image_id, prediction.line)
        if first != prediction.line:
            name = file.metrics[prediction.metric].name
            mistakes.add(
                prediction.line,
                f"This picture has a value of {name} in line {first} already.",
            )
        else:
            values[prediction.metric][image_id] = prediction.value
    return values


async def _planned(
    session: AsyncSession,
    metric: NamedMetric,
    values: dict[int, float],
    options: ImportOptions,
    mistakes: Mistakes,
) -> PlannedMetric:
    """One metric against what is here already."""
    identity = MetricIdentity(metric.key, options.version, options.settings)
    known = await find_metric(session, identity=identity)
    there = await load_values(session, metric_id=known.id) if known else {}
    unchanged = sum(there.get(image_id) == value for image_id, value in values.items())
    replaced = sum(image_id in there for image_id in values) - unchanged
    if known and (objection := _mismatch(known, metric)):
        mistakes.add(1, objection)
    elif replaced and not options.replace:
        mistakes.add(1, _already_there(metric, options, replaced))
    return PlannedMetric(
        name=metric.name,
        identity=identity,
        entry=metric.entry,
        higher_is_better=metric.higher_is_better,
        values=values,
        added=len(values) - unchanged - replaced,
        unchanged=unchanged,
        replaced=replaced,
        outside=_count_outside(metric.entry, values),
    )


def _mismatch(known: Any, metric: NamedMetric) -> str | None:
    return mismatch(known, higher_is_better=metric.higher_is_better, origin=MetricOrigin.IMPORTED)


def _already_there(metric: NamedMetric, options: ImportOptions, replaced: int) -> str:
    version = f" version {options.version}" if options.version else ""
    pictures = "one of these pictures" if replaced == 1 else f"{replaced:,} of these pictures"
    return (
        f"{metric_title(metric.key)}{version} has other values for {pictures} already; replace"
        " them, or give the new ones a version of their own."
    )


def _count_outside(entry: MetricEntry | None, values: Mapping[int, float]) -> int:
    if entry is None:
        return 0
    lowest = float("-inf") if entry.lowest is None else entry.lowest
    highest = float("inf") if entry.highest is None else entry.highest
    return sum(not lowest <= value <= highest for value in values.values())


def _warnings(metric: PlannedMetric) -> list[str]:
    """Remarks that need not stop anybody."""
    warnings = []
    entry = metric.entry
    if entry is not None and metric.outside:
        ends = [f"{end:g}" if end is not None else "…" for end in (entry.lowest, entry.highest)]
        warnings.append(
            f"{entry.title} usually lies between {ends[0]} and {ends[1]};"
            f" {metric.outside:,} of {len(metric.values):,} values do not."
        )
    if entry is not None and entry.higher_is_better != metric.higher_is_better:
        usual = "higher" if entry.higher_is_better else "lower"
        warnings.append(f"{entry.title} usually has {usual} values for better pictures.")
    return warnings
