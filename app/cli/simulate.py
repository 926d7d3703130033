"""``beholder simulate``: raters that are programs, for demonstration, rehearsal and load."""

import asyncio
import json
from collections.abc import Coroutine
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from app.analysis.simulation import RaterKind
from app.cli import cli
from app.cli.simulation_report import print_report
from app.database.connect import open_database
from app.database.engine import open_session
from app.logs import configure_logging
from app.settings import Settings, get_settings
from app.simulation.observations import Observations
from app.simulation.panel import PanelPlan
from app.simulation.report import Report
from app.simulation.run import simulate

WATCH_EVERY_S = 0.2


@cli.command("simulate")
def simulate_raters(
    study: Annotated[str, typer.Argument(help="Short name of the study, as in its link.")],
    raters: Annotated[int, typer.Option(help="Raters in all, planted ones included.")] = 12,
    random: Annotated[int, typer.Option(help="How many of them answer at random.")] = 0,
    constant: Annotated[int, typer.Option(help="How many always give the same answer.")] = 0,
    reversed_: Annotated[
        int, typer.Option("--reversed", help="How many read the scale upside down.")
    ] = 0,
    two_level: Annotated[
        int, typer.Option(help="How many only say “rather good” or “rather bad”.")
    ] = 0,
    half_random: Annotated[
        int, typer.Option(help="How many answer at random every other time, by chance.")
    ] = 0,
    shuffled: Annotated[
        int, typer.Option(help="How many give honest scores, each to another picture.")
    ] = 0,
    shifted: Annotated[
        int, typer.Option(help="How many score a quarter of the scale too high.")
    ] = 0,
    pace: Annotated[
        float, typer.Option(help="Seconds an honest rater takes per rating; 0: no waiting.")
    ] = 0.0,
    concurrency: Annotated[
        int | None, typer.Option(help="Raters at work at a time; all of them if not given.")
    ] = None,
    sittings: Annotated[
        int | None, typer.Option(help="Sittings each does; all the study allows if not given.")
    ] = None,
    drop_out: Annotated[
        float, typer.Option(help="Chance of a rater to leave without a word, 0 to 1.")
    ] = 0.0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same raters.")] = 1,
    url: Annotated[
        str | None, typer.Option(help="Address of the web server; the settings' if not given.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Let simulated raters rate an open study through its pages, and report what they saw.

    They are marked as simulated on every page and in every export.  Ends with status 1 if an
    acknowledged rating is missing, a rater met the same picture twice, or a rater failed.
    """
    settings = get_settings()
    configure_logging(settings, quiet=True)
    kinds = {
        RaterKind.RANDOM: random,
        RaterKind.CONSTANT: constant,
        RaterKind.REVERSED: reversed_,
        RaterKind.TWO_LEVEL: two_level,
        RaterKind.HALF_RANDOM: half_random,
        RaterKind.SHUFFLED: shuffled,
        RaterKind.SHIFTED: shifted,
    }
    work = _simulate(
        settings,
        slug=study,
        url=url or local_url(settings),
        panel=PanelPlan(raters, kinds, drop_out=drop_out, seed=seed),
        pace_s=pace,
        concurrency=concurrency,
        sittings=sittings,
    )
    report = asyncio.run(work)
    if as_json:
        print(json.dumps(report.as_json(), indent=2))  # noqa: T201  # the output itself
    else:
        print_report(report, Console(highlight=False))
    if report.problems:
        raise typer.Exit(1)


def local_url(settings: Settings) -> str:
    """Where the web server of these settings listens, as seen from this machine."""
    is_everywhere = settings.host in {"0.0.0.0", "::"}  # noqa: S104  # compared, not bound
    return f"http://{'127.0.0.1' if is_everywhere else settings.host}:{settings.port}"


async def _simulate(settings: Settings, **how: Any) -> Report:
    seen = Observations()
    with open_database(settings) as database_url:
        async with open_session(database_url) as sessions:
            return await _watched(simulate(sessions, **how, observations=seen), seen)


async def _watched(simulation: Coroutine[Any, Any, Report], seen: Observations) -> Report:
    """Run the simulation, with the number of ratings on the terminal."""
    task = asyncio.create_task(simulation)
    columns = (SpinnerColumn(), TextColumn("{task.completed:,} ratings"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("", total=None)
        while not task.done():
            await asyncio.wait({task}, timeout=WATCH_EVERY_S)
            progress.update(bar, completed=len(seen.acknowledged))
    return task.result()
