"""``beholder plan-raters``: how many raters, how wide the intervals, how much time and money."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter
from rich.console import Console

from app.analysis.planning import PlannedInterval, Question
from app.cli import cli
from app.cli.planning_report import print_plan, print_study_plan
from app.cli.transaction import in_transaction
from app.errors import InvalidInput
from app.results.planning.ahead import Plan, plan_ahead
from app.results.planning.study import StudyPlan, parse_goals, study_plan

ACR_5: tuple[float, float] = (1.0, 5.0)

console = Console(highlight=False, markup=False)


@cli.command("plan-raters")
def plan_raters(
    study: Annotated[
        str | None, typer.Option(help="Short name of a study: use what it measured so far.")
    ] = None,
    half_width: Annotated[
        float | None, typer.Option(help="Interval wanted, ± so many scores; scale / 8 if absent.")
    ] = None,
    reliability: Annotated[float, typer.Option(help="Reliability of the MOS wanted.")] = 0.9,
    level: Annotated[float, typer.Option(help="Confidence level of the intervals.")] = 0.95,
    interval: Annotated[
        PlannedInterval, typer.Option(help="Kind of interval.")
    ] = PlannedInterval.STUDENT_T,
    question: Annotated[
        Question | None, typer.Option(help="Kind of question to assume numbers from.")
    ] = None,
    a: Annotated[
        float | None, typer.Option("--a", help="SOS parameter: how widely opinions differ, 0 to 1.")
    ] = None,
    single: Annotated[
        float | None, typer.Option(help="Reliability of one rater (Krippendorff's alpha).")
    ] = None,
    scale: Annotated[
        tuple[float, float], typer.Option(help="Lowest and highest score; without --study.")
    ] = ACR_5,
    mos: Annotated[
        float | None, typer.Option(help="MOS to plan for; the middle of the scale if absent.")
    ] = None,
    stimuli: Annotated[int | None, typer.Option(help="Pictures to be rated.")] = None,
    seconds: Annotated[
        float | None, typer.Option(help="Seconds one rating takes; with --study, measured.")
    ] = None,
    pay: Annotated[float | None, typer.Option(help="Pay per hour, in any currency.")] = None,
    overhead: Annotated[
        float, typer.Option(help="Share of paid time that is not rating, 0 to 0.95.")
    ] = 0.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Say how many raters a study needs, and what is left to do, with time and cost."""
    goals: dict[str, Any] = {
        "half_width": half_width,
        "reliability": reliability,
        "level": level,
        "interval": interval,
        "question": question,
        "seconds_each": seconds,
        "pay_per_hour": pay,
        "overhead": overhead,
    }
    parsed = parse_goals(goals)
    if study is None:
        plan = plan_ahead(
            parsed,
            low=scale[0],
            high=scale[1],
            mos=mos,
            question=question,
            a=a,
            single=single,
            stimuli=stimuli,
        )
        _show(plan, as_json)
        return
    own = any(given is not None for given in (a, single, mos, stimuli))
    if own or scale != ACR_5:
        raise InvalidInput(
            "With --study, scale, pictures and spread are the study's own; leave out --scale,"
            " --mos, --stimuli, --a and --single."
        )
    now = datetime.now(UTC)
    _show(in_transaction(lambda session: study_plan(session, study, now, goals=parsed)), as_json)


def _show(plan: Plan | StudyPlan, as_json: bool) -> None:
    if as_json:
        typer.echo(TypeAdapter(type(plan)).dump_json(plan, indent=2).decode())
    elif isinstance(plan, StudyPlan):
        print_study_plan(plan, console)
    else:
        print_plan(plan, console)
