"""Refusals to guess: what is not certain, what the table holds, and the options that tell."""

from collections.abc import Sequence

from app.errors import InvalidInput, Problem
from app.results.rating_files import column_names
from app.results.rating_files.cells import number_of
from app.results.rating_files.table import RatingTable


def uncertain(table: RatingTable, name: str, what: str, columns: Sequence[str]) -> InvalidInput:
    """The refusal to guess ``what``, with the columns concerned and the options that tell."""
    problems = [Problem(column, _described(table, column)) for column in columns[:15]]
    means = [x for x in table.names if column_names.is_summary(x)]
    remark = f" ({listed(means, 5)}: means or spreads, not the single ratings?)" if means else ""
    return InvalidInput(
        f"{name} was not understood: {what}{remark}. It has the columns"
        f" {listed(table.names)}. Say which is which: --rater COLUMN (or none),"
        " --stimulus COLUMN, --score COLUMN (several separated by commas are several dimensions);"
        " for a table with a row for each rater or stimulus say --wide raters or --wide stimuli.",
        problems=problems,
    )


def _described(table: RatingTable, name: str) -> str:
    values = table.column(name).values
    numbers = [number for x in values if (number := number_of(x)) is not None]
    if numbers and len(numbers) >= len([x for x in values if x]) - 1:
        return f"{len(values):,} different cells, numbers from {min(numbers):f} to {max(numbers):f}"
    example = next((x for x in values if x), "")
    return f"{len(values):,} different cells, such as “{example[:50]}”"


def listed(names: Sequence[str], most: int = 25) -> str:
    """Names with commas, the first of many."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
