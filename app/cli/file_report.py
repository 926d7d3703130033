"""The report on a file of ratings in the terminal, readable at 80 columns."""

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.results.rating_files.page import as_number
from app.results.rating_files.rater_lines import RaterLine
from app.results.rating_files.report import FileReport, GroupReport
from app.results.rating_files.wording import counted

MOST_RATERS = 15


def print_file_report(report: FileReport, console: Console) -> None:
    """How the file was understood, then each set of dimensions."""
    console.print(f"[bold]{escape(report.understanding)}[/bold]")
    for warning in report.warnings:
        console.print(f"Mind: {escape(warning)}", style="yellow")
    for note in report.notes:
        console.print(f"- {escape(note)}")
    for group in report.groups:
        console.print()
        console.rule(escape(group.title), align="left", style="blue")
        _print_group(group, console)
    console.print()


def _print_group(group: GroupReport, console: Console) -> None:
    console.print(f"{_counts(group)} Scale {group.scale}; {group.each_stimulus}.")
    console.print(_columns_table(group))
    if group.has_raters:
        _print_raters(group, console)
    reliability: Any = group.reliability
    if reliability:
        labels = {column.key: column.label for column in group.columns}
        console.print(_reliability_table(reliability, labels))
    sensitivity: Any = group.sensitivity
    if sensitivity:
        console.print(_methods_table(sensitivity["methods"]))
        _print_methods_note(sensitivity["methods"], console)
        _print_rules(sensitivity["rules"], console)
        for sentence in sensitivity["advice"]:
            console.print(f"- {escape(sentence)}")
    console.print(f"Fingerprint {group.fingerprint}", style="dim", soft_wrap=True)


def _counts(group: GroupReport) -> str:
    of = f"{counted(group.ratings, 'rating')} of {counted(group.stimuli, 'stimulus', 'stimuli')}"
    if group.raters is None:
        return f"{of}; raters not known."
    repeats = f", {counted(group.repeats, 'repeat')}" if group.repeats else ""
    raters = counted(group.raters, "rater")
    return f"{raters}: {group.kept:,} kept, {group.rejected:,} rejected; {of}{repeats}."


def _columns_table(group: GroupReport) -> Table:
    heads = ("Lowest", "Mean", "Highest", "±", "Alpha", "SOS a")
    table = Table(
        title="MOS (scores/mos); ±: half of the interval, averaged over stimuli",
        title_justify="left",
    )
    table.add_column("Dimension", overflow="fold")
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    for column in group.columns:
        table.add_row(
            escape(column.label),
            as_number(column.mos_low),
            as_number(column.mos_mean),
            as_number(column.mos_high),
            as_number(column.half_width),
            as_number(column.alpha, 3),
            as_number(column.sos_a, 3),
        )
    return table


def _print_raters(group: GroupReport, console: Console) -> None:
    noted = [line for line in group.rater_lines if line.failed or line.decision]
    if not noted:
        console.print("No rater failed any check.")
        return
    table = Table(title="Raters who failed a check", title_justify="left")
    table.add_column("Rater", overflow="fold", max_width=22)
    table.add_column("Ratings", justify="right")
    table.add_column("Verdict")
    table.add_column("Why")
    for line in noted[:MOST_RATERS]:
        style = "bold red" if line.verdict == "rejected" else None
        table.add_row(escape(line.rater), str(line.n), _verdict(line), _why(line), style=style)
    console.print(table)
    if len(noted) > MOST_RATERS:
        console.print(f"{len(noted) - MOST_RATERS} more are in raters.csv (--to FOLDER).")
    rejecting = ", ".join(group.configuration["rejecting"]) or "no check"
    console.print(f"Failing {rejecting} rejects; other checks are shown for comparison.")


def _verdict(line: RaterLine) -> str:
    return f"{line.verdict} ({line.decision})" if line.decision else line.verdict


def _why(line: RaterLine) -> str:
    return escape("\n".join(f"{item.check}: {item.reason}" for item in line.failed))


def _reliability_table(reliability: Any, labels: dict[str, str]) -> Table:
    table = Table(title="Reliability", title_justify="left")
    if len(labels) > 1:
        table.add_column("Dimension", overflow="fold")
    table.add_column("Method")
    table.add_column("Value", justify="right", no_wrap=True)
    table.add_column("Interval", no_wrap=True)
    for column in reliability["columns"]:
        if column["column"] not in labels:
            continue
        for name, title in _COEFFICIENTS.items():
            found = column[name]
            bounds = "–"
            if found["low"] is not None:
                bounds = f"{as_number(found['low'], 3)} to {as_number(found['high'], 3)}"
            cells = [title, as_number(found["value"], 3), bounds]
            if len(labels) > 1:
                cells.insert(0, escape(labels[column["column"]]))
            table.add_row(*cells)
    return table


_COEFFICIENTS = {
    "alpha": "Krippendorff's alpha, one rating",
    "icc_single": "ICC(2,1), one rater",
    "icc_average": "ICC(2,k), whole panel",
    "split_half_srcc": "Split-half, order of the MOS",
    "ceiling_srcc": "What a metric can reach (SRCC)",
}


def _methods_table(methods: Any) -> Table:
    table = Table(title="Other methods against the MOS", title_justify="left")
    table.add_column("Method")
    for head in ("SRCC", "Score moves", "Place moves"):
        table.add_column(head, justify="right", no_wrap=True)
    for found in methods:
        if found["refused"]:
            continue
        last = found["comparisons"][-1]
        numbers = (as_number(last["srcc"], 3), _moved(last["value_change"], 2))
        table.add_row(found["title"], *numbers, _moved(last["rank_change"], 1))
    return table


def _print_methods_note(methods: Any, console: Console) -> None:
    console.print(
        "SRCC: rank correlation with the MOS; the score and the place that move most, of the"
        " stimuli with a score in the same unit.",
        style="dim",
    )
    for found in methods:
        for warning in (found["refused"], *found["warnings"]):
            if warning:
                console.print(f"- {found['title']}: {escape(warning)}")


def _moved(change: float | None, digits: int) -> str:
    """The largest change without its direction; a dash where units differ."""
    return as_number(None if change is None else abs(change), digits)


def _print_rules(rules: Any, console: Console) -> None:
    """What each screening rule alone would do: those that would reject, then the others."""
    console.print("[italic]What each screening rule alone would do[/italic]")
    rejecting = [rule for rule in rules if rule["rejected"]]
    for rule in rejecting:
        console.print(f"- {rule['title']}: {escape(rule['sentence'])}")
    idle = [rule for rule in rules if not rule["rejected"]]
    nobody = [rule["title"] for rule in idle if rule["judged"]]
    cannot = [rule["title"] for rule in idle if not rule["judged"]]
    if nobody:
        console.print(f"- Would reject nobody: {'; '.join(nobody)}.")
    if cannot:
        console.print(f"- Cannot judge anybody here: {'; '.join(cannot)}.")
