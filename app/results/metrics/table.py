"""An evaluation of metrics as a table, and in words."""

from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.results.exports.stimulus_records import list_stimulus_records
from app.results.exports.text import PAGE, csv_text, json_cell
from app.results.metrics.data import list_study_metrics, load_predictions
from app.study.studies import get_study

Document = dict[str, Any]

LEADERBOARD_HEADER = (
    *("dimension", "generator", "metric", "key", "version", "settings", "higher_is_better"),
    *("n", "missing", "srcc", "srcc_low", "srcc_high", "krcc", "plcc"),
    *("plcc_4", "rmse_4", "plcc_5", "rmse_5", "is_monotone_5"),
    *("outlier_ratio", "outlier_ratio_two_se", "auc_different_similar", "auc_better_worse"),
    *("correct_order", "challenge_score", "share_of_ceiling", "is_reversed", "near_best"),
    *("srcc_within_generators", "srcc_of_generators"),
    *("test_srcc", "test_plcc", "test_rmse", "run_id"),
)
# What stands between "plcc" and "run_id", for the lines of single generators.
_NOT_BY_GENERATOR = [""] * (len(LEADERBOARD_HEADER) - LEADERBOARD_HEADER.index("plcc") - 2)


@dataclass(frozen=True)
class Standing:
    """One metric beside the others on the pictures that all of them have, by their labels."""

    label: str
    srcc: float | None
    is_near_best: bool
    better_than: tuple[str, ...]
    like: tuple[str, ...]
    worse_than: tuple[str, ...]


def standings(comparison: Document) -> list[Standing]:
    """Every compared metric, best first: which ones it beats, and which it cannot be told from."""
    better: dict[str, list[str]] = {label: [] for label in comparison["labels"]}
    like: dict[str, list[str]] = {label: [] for label in comparison["labels"]}
    worse: dict[str, list[str]] = {label: [] for label in comparison["labels"]}
    for difference in comparison["differences"]:
        first, second = difference["first_label"], difference["second_label"]
        if difference["is_significant"]:
            better[first].append(second)
            worse[second].append(first)
        else:
            like[first].append(second)
            like[second].append(first)
    return [
        Standing(label, srcc, near, tuple(better[label]), tuple(like[label]), tuple(worse[label]))
        for label, srcc, near in zip(
            comparison["labels"], comparison["srcc"], comparison["near_best"], strict=True
        )
    ]


def near_best(dimension: Document) -> dict[str, bool]:
    """Whether each compared metric cannot be told from the best one, by name."""
    comparison = dimension["comparison"]
    if comparison is None:
        return {}
    return dict(zip(comparison["names"], comparison["near_best"], strict=True))


def is_unclear(row: Document) -> bool:
    """Whether no relation was found: the interval of the SRCC holds 0, or there is none.

    A perfect correlation has no interval, and is clear.
    """
    found, low, high = row["correlations"]["srcc"], row["srcc_low"], row["srcc_high"]
    if low is None or high is None:
        return found is None or abs(found) < 1
    return bool(low <= 0 <= high)


def runs_wrong_way(row: Document) -> bool:
    """Whether a metric clearly goes against its direction, which is often a slip of the pen."""
    return bool(row["is_reversed"])


def leaderboard_csv(document: Document, *, run_id: int) -> str:
    """All numbers of an evaluation: a line for each dimension and metric, then its generators."""
    return csv_text([LEADERBOARD_HEADER, *_leaderboard_rows(document, run_id)])


async def stream_predictions_csv(session: AsyncSession, *, slug: str) -> AsyncGenerator[str, None]:
    """The predictions for a study's pictures, a column for each metric, as they can be imported."""
    study = await get_study(session, slug=slug)
    metrics = await list_study_metrics(session, study_id=study.id)
    yield csv_text([("name", "image_id", *(metric.label for metric in metrics))])
    records = await list_stimulus_records(session, study_id=study.id)
    predictions = await load_predictions(
        session, image_ids=[record.image_id for record in records], metrics=metrics
    )
    columns = [predictions[metric.name].tolist() for metric in metrics]
    for start in range(0, len(records), PAGE):
        yield csv_text(
            (
                record.name,
                record.image_id,
                *("" if column[i] != column[i] else column[i] for column in columns),
            )
            for i, record in enumerate(records[start : start + PAGE], start=start)
        )


def _leaderboard_rows(document: Document, run_id: int) -> Iterator[Sequence[Any]]:
    facts = {metric["name"]: metric for metric in document["metrics"]}
    for dimension in document["dimensions"]:
        near = near_best(dimension)
        for row in dimension["rows"]:
            named = _names(dimension["key"], facts[row["name"]])
            found = row["correlations"]
            yield (
                *(named[0], "", *named[1:], row["n"], row["missing"]),
                *(found["srcc"], row["srcc_low"], row["srcc_high"], found["krcc"], found["plcc"]),
                *(row["logistic_4"]["plcc"], row["logistic_4"]["rmse"]),
                *(row["logistic_5"]["plcc"], row["logistic_5"]["rmse"]),
                row["logistic_5"]["is_monotone"],
                *(row["outliers"]["ratio"], row["outliers_two_se"]["ratio"]),
                *(row["pairs"]["auc_different_similar"], row["pairs"]["auc_better_worse"]),
                *(row["pairs"]["correct"], row["challenge_score"], row["share_of_ceiling"]),
                *(row["is_reversed"], near.get(row["name"], "")),
                *(row["srcc_within_generators"], row["srcc_of_generators"]),
                *(row["splits"]["srcc"], row["splits"]["plcc"], row["splits"]["rmse"], run_id),
            )
            for part in row["generators"]:
                found = part["correlations"]
                yield (
                    *(named[0], part["generator"], *named[1:], part["n"], part["missing"]),
                    *(found["srcc"], part["srcc_low"], part["srcc_high"]),
                    *(found["krcc"], found["plcc"], *_NOT_BY_GENERATOR, run_id),
                )


def _names(dimension: str, metric: Document) -> tuple[Any, ...]:
    return (
        dimension,
        metric["label"],
        metric["key"],
        metric["version"],
        json_cell(metric["settings"]),
        metric["higher_is_better"],
    )
