"""A plan as ``beholder plan-raters`` prints it."""

from rich.console import Console
from rich.table import Table

from app.results.planning.ahead import Plan
from app.results.planning.sentences import study_sentences, work_sentence
from app.results.planning.study import StudyPlan

NOTHING = "–"


def print_plan(plan: Plan, console: Console) -> None:
    """A row for each kind of question, then what the ratings take."""
    table = Table(
        title=f"Raters of each picture (scale {plan.low:g} to {plan.high:g}, MOS {plan.mos:g},"
        f" {100 * plan.goals.level:g} % {plan.goals.interval} interval)",
        title_justify="left",
    )
    table.add_column("Question")
    for name in (
        "Spread a",
        f"for ±{plan.half_width:g}",
        "Reliability of one",
        f"for {plan.goals.reliability:g}",
        "Ratings",
    ):
        table.add_column(name, justify="right")
    for row in plan.questions:
        numbers = (
            _number(row.a),
            _number(row.raters_for_half_width),
            _number(row.single),
            _number(row.raters_for_reliability),
            _number(row.ratings),
        )
        table.add_row(row.label, *numbers)
    console.print(table)
    for row in plan.questions:
        if row.work is not None and row.ratings is not None:
            console.print(work_sentence(row.ratings, row.work, f"for “{row.label}”"))
    _print_advice(plan, console)


def print_study_plan(plan: StudyPlan, console: Console) -> None:
    """What the study needs in each dimension, then sentences."""
    table = Table(title=f"{plan.progress.title}: raters of each picture", title_justify="left")
    table.add_column("Dimension")
    for name in (
        "Spread a",
        f"for ±{plan.half_width:g}",
        "Alpha of one rater",
        f"for {plan.goals.reliability:g}",
        "Now, median ±",
        "Narrow enough",
    ):
        table.add_column(name, justify="right")
    for row in plan.dimensions:
        table.add_row(
            row.label if row.is_measured else f"{row.label} (assumed)",
            _number(row.a),
            _number(row.raters_for_half_width),
            _number(row.single),
            _number(row.raters_for_reliability),
            _number(row.half_width_now),
            f"{100 * row.share_narrow:.0f} %",
        )
    console.print(table)
    for sentence in study_sentences(plan):
        console.print(sentence)
    _print_advice(plan, console)


def _print_advice(plan: Plan | StudyPlan, console: Console) -> None:
    console.print()
    for sentence in plan.advice:
        console.print(f"· {sentence}")
    console.print(f"Methods: {', '.join(plan.methods)}.")


def _number(value: float | None) -> str:
    if value is None:
        return NOTHING
    return f"{value:,}" if isinstance(value, int) else f"{value:.2f}"
