"""How the report of a simulation looks on a terminal."""

from collections.abc import Iterator, Mapping

from rich.console import Console
from rich.table import Table

from app.analysis.simulation import RaterKind
from app.simulation.observations import Percentiles
from app.simulation.report import RaterReport, Report

LISTED_RATERS = 40


def print_report(report: Report, console: Console) -> None:
    """Print facts, then the raters, then what went wrong."""
    facts = Table.grid(padding=(0, 2))
    for name, value in _facts(report):
        facts.add_row(name, value)
    console.print(facts)
    console.print(_rater_table(report.raters))
    if len(report.raters) > LISTED_RATERS:
        console.print(f"… and {len(report.raters) - LISTED_RATERS} more; --json lists all.")
    for problem in report.problems:
        console.print(problem, style="bold red", markup=False)


def _facts(report: Report) -> Iterator[tuple[str, str]]:
    yield "Study", f"{report.study} at {report.url}"
    yield "Pictures", f"{report.stimuli:,}, {_truth(report)}"
    yield (
        "Ratings",
        f"{report.ratings:,} in {report.seconds:,.1f} s, {report.ratings_per_second:,.1f} a second",
    )
    yield "Submit", _milliseconds(report.submit_ms)
    yield "Next picture", _milliseconds(report.next_picture_ms)
    yield "Retries", _counted(report.retries)
    yield "Refused answers", _counted(report.refused)
    yield "Answered with the first receipt", f"{report.replayed:,}"
    yield "Repeats", f"{report.repeats:,}"
    yield (
        "Usable ratings per picture",
        f"{report.balance.least} to {report.balance.most}"
        f" (difference {report.balance.difference}; {report.balance.leased:,} places still leased)",
    )
    checked = report.verification
    yield (
        "Acknowledged ratings",
        f"{checked.acknowledged:,} looked up, {checked.lost:,} lost, {checked.altered:,} altered",
    )


def _truth(report: Report) -> str:
    missing = report.stimuli - report.stimuli_with_truth
    if not missing:
        return "the truth about all of them is recorded"
    return f"for {missing:,} of which no truth is recorded, so that opinions of them are made up"


def _milliseconds(found: Percentiles) -> str:
    if found.p50 is None:
        return "nothing measured"
    return (
        f"{found.p50:,.0f} ms median, {found.p95:,.0f} p95, {found.p99:,.0f} p99,"
        f" {found.max:,.0f} at most"
    )


def _counted(counts: Mapping[str, int]) -> str:
    """How many in all, and of what."""
    parts = ", ".join(f"{count:,} × {what}" for what, count in counts.items())
    return f"{sum(counts.values()):,} ({parts})" if counts else "0"


def _rater_table(raters: tuple[RaterReport, ...]) -> Table:
    table = Table("Rater", "Code", "Kind", "Bias", "Inconsistency", "Ratings", "Ended", box=None)
    for rater in raters[:LISTED_RATERS]:
        has_habits = rater.kind not in {RaterKind.RANDOM, RaterKind.CONSTANT}
        table.add_row(
            str(rater.number),
            rater.code or "–",
            rater.kind.value,
            f"{rater.bias:+.2f}" if has_habits else "",
            f"{rater.inconsistency:.2f}" if has_habits else "",
            f"{rater.ratings:,}",
            rater.ending.value,
            style="" if rater.kind is RaterKind.HONEST else "yellow",
        )
    return table
