"""What ``beholder metrics report`` prints: a leaderboard for each dimension, and who beats whom."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.results.metric_table import Standing, is_unclear, near_best, runs_wrong_way, standings

NOTHING = "–"


def print_benchmark(document: dict[str, Any], *, run_id: int, console: Console) -> None:
    """Print an evaluation, dimension by dimension."""
    console.print(f"Metrics against the raw MOS of run {run_id}")
    for dimension in document["dimensions"]:
        console.print()
        console.print(f"[bold]{escape(dimension['label'])}[/bold]  {_extent(dimension)}")
        console.print(_leaderboard(dimension))
        for sentence in _sentences(dimension):
            console.print(f"  {sentence}", markup=False)


def _extent(dimension: dict[str, Any]) -> str:
    ceiling = dimension["noise_ceiling"]
    reach = f", noise ceiling of PLCC {ceiling:.3f}" if ceiling is not None else ""
    return f"{dimension['images']:,} pictures of {dimension['prompts']:,} prompts{reach}"


def _leaderboard(dimension: dict[str, Any]) -> Table:
    headings = ("SRCC", "interval", "KRCC", "PLCC", "PLCC 4p", "PLCC 5p", "RMSE 4p", "outliers")
    table = Table("metric", *headings, "AUC d/s", "AUC b/w", "challenge", "n", "", box=None)
    near = near_best(dimension)
    for row in dimension["rows"]:
        found, four, five = row["correlations"], row["logistic_4"], row["logistic_5"]
        pairs = row["pairs"]
        table.add_row(
            escape(row["label"]),
            _decimal(found["srcc"]),
            f"{_decimal(row['srcc_low'])} … {_decimal(row['srcc_high'])}",
            *map(_decimal, (found["krcc"], found["plcc"], four["plcc"], five["plcc"])),
            *map(_decimal, (four["rmse"], row["outliers"]["ratio"])),
            *map(_decimal, (pairs["auc_different_similar"], pairs["auc_better_worse"])),
            _decimal(row["challenge_score"]),
            f"{row['n']:,}",
            ", ".join(_remarks(row, is_near_best=near.get(row["name"], False))),
        )
    return table


def _remarks(row: dict[str, Any], *, is_near_best: bool) -> list[str]:
    remarks = []
    if is_near_best:
        remarks.append("among the best")
    if runs_wrong_way(row):
        remarks.append("runs the wrong way")
    elif is_unclear(row):
        remarks.append("no clear relation")
    if row["missing"]:
        remarks.append(f"{row['missing']:,} without a value")
    return remarks


def _sentences(dimension: dict[str, Any]) -> list[str]:
    comparison = dimension["comparison"]
    sentences = [_standing_sentence(each) for each in standings(comparison)] if comparison else []
    reasons = dimension["not_compared"]
    return sentences + [f"{each['label']} is not compared: {each['reason']}" for each in reasons]


def _standing_sentence(standing: Standing) -> str:
    said = []
    if standing.better_than:
        said.append(f"is better than {_listed(standing.better_than)}")
    if standing.like:
        said.append(f"cannot be told from {_listed(standing.like)}")
    if standing.worse_than:
        said.append(f"is worse than {_listed(standing.worse_than)}")
    return f"{standing.label} {'; '.join(said)}."


def _listed(labels: Sequence[str]) -> str:
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"


def _decimal(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.3f}"
