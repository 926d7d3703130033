"""What ``beholder metrics report`` prints: a leaderboard for each dimension, and who beats whom."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.results.metrics.table import Standing, is_unclear, near_best, runs_wrong_way, standings

NOTHING = "–"


def print_benchmark(document: dict[str, Any], *, run_id: int, console: Console) -> None:
    """Print an evaluation, dimension by dimension."""
    console.print(f"Metrics against the raw MOS of run {run_id}")
    for dimension in document["dimensions"]:
        console.print()
        console.print(f"[bold]{escape(dimension['label'])}[/bold]  {_extent(dimension)}")
        console.print(_correlations(dimension))
        console.print()
        console.print(_after_a_curve(dimension))
        for sentence in _sentences(dimension):
            console.print(f"  {sentence}", markup=False)


def _extent(dimension: dict[str, Any]) -> str:
    ceiling = dimension["noise_ceiling"]
    reach = f", noise ceiling of PLCC {ceiling:.3f}" if ceiling is not None else ""
    return f"{dimension['images']:,} pictures of {dimension['prompts']:,} prompts{reach}"


def _correlations(dimension: dict[str, Any]) -> Table:
    table = _table("metric", "SRCC", "interval", "KRCC", "PLCC", "n")
    table.add_column("", overflow="fold")
    near = near_best(dimension)
    for row in dimension["rows"]:
        found = row["correlations"]
        table.add_row(
            escape(row["label"]),
            _decimal(found["srcc"]),
            f"{_decimal(row['srcc_low'])} … {_decimal(row['srcc_high'])}",
            *map(_decimal, (found["krcc"], found["plcc"])),
            f"{row['n']:,}",
            ", ".join(_remarks(row, is_near_best=near.get(row["name"], False))),
        )
    return table


def _after_a_curve(dimension: dict[str, Any]) -> Table:
    """The same metrics in the same order; one table of all would be too wide for a terminal."""
    headings = ("PLCC 4p", "PLCC 5p", "RMSE 4p", "outliers", "AUC d/s", "AUC b/w", "challenge")
    table = _table("metric", *headings)
    for row in dimension["rows"]:
        four, five, pairs = row["logistic_4"], row["logistic_5"], row["pairs"]
        numbers = (
            *(four["plcc"], five["plcc"], four["rmse"], row["outliers"]["ratio"]),
            *(pairs["auc_different_similar"], pairs["auc_better_worse"], row["challenge_score"]),
        )
        table.add_row(escape(row["label"]), *map(_decimal, numbers))
    return table


def _table(first: str, *numbers: str) -> Table:
    """Names break, numbers never do."""
    table = Table(box=None)
    table.add_column(first, overflow="fold")
    for heading in numbers:
        table.add_column(heading, justify="right", no_wrap=True)
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
        said.append(f"{'it ' if said else ''}cannot be told from {_listed(standing.like)}")
    if standing.worse_than:
        said.append(f"{'it ' if said else ''}is worse than {_listed(standing.worse_than)}")
    return f"{standing.label} {'; '.join(said)}."


def _listed(labels: Sequence[str]) -> str:
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"


def _decimal(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.3f}"
