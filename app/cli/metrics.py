"""``beholder metrics …``: objective metrics, their predictions, and how they follow the scores."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncSession

from app.cli import cli
from app.cli.metric_report import print_benchmark
from app.cli.pool import read_file
from app.cli.transaction import in_transaction
from app.database.connect import open_database
from app.database.engine import open_session
from app.errors import InvalidInput, NotFound
from app.logs import configure_logging
from app.pool.metric_catalogue import find_metric_entry, load_metric_catalogue
from app.pool.metric_import import (
    MetricImportPlan,
    carry_out_metric_import,
    plan_metric_import,
)
from app.pool.metric_names import ImportOptions
from app.pool.metric_options import parse_settings, parse_version
from app.pool.metric_predictions import MetricCount, list_metrics, remove_metric
from app.results.metrics.benchmark import evaluate_run
from app.results.metrics.data import load_image_names
from app.results.runs.lookup import get_study_run
from app.settings import get_settings

ACTOR = "command line"

metrics_cli = typer.Typer(help="Objective metrics and their predictions.", no_args_is_help=True)
cli.add_typer(metrics_cli, name="metrics")
console = Console(highlight=False)

Names = list[str] | None


@metrics_cli.command("list")
def show_metrics() -> None:
    """List the known metrics, and those that have predictions here."""
    table = Table("key", "metric", "measures", "better", "computed by", "source", box=None)
    for entry in load_metric_catalogue().values():
        by = "Beholder" if entry.is_built_in else "pyiqa" if entry.pyiqa else "its authors' code"
        better = "higher" if entry.higher_is_better else "lower"
        cells = (entry.key, entry.title, entry.measures, better, by, f"{entry.venue} {entry.year}")
        table.add_row(*map(escape, cells))
    console.print(table)
    counts = in_transaction(list_metrics)
    if not counts:
        console.print("\nNo metric has predictions yet.")
        return
    console.print()
    there = Table("id", "metric", "version", "settings", "origin", "better", "pictures", box=None)
    for count in counts:
        there.add_row(*map(escape, _count_cells(count)))
    console.print(there)


@metrics_cli.command("import")
def import_predictions(
    file: Annotated[
        Path, typer.Argument(help="CSV: image, metric, value; or a column for each metric.")
    ],
    study: Annotated[
        str | None, typer.Option(help="Study whose pictures are meant before all others.")
    ] = None,
    version: Annotated[str, typer.Option(help="Version of the metrics, as you call it.")] = "",
    settings: Annotated[
        str, typer.Option(help='Their settings as JSON, such as {"weights": "koniq10k"}.')
    ] = "",
    lower_is_better: Annotated[
        Names, typer.Option(help="Metric whose lower values are better; several times if need be.")
    ] = None,
    higher_is_better: Annotated[
        Names, typer.Option(help="Metric whose higher values are better.")
    ] = None,
    ignore: Annotated[Names, typer.Option(help="Column or metric to leave out.")] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace other values that are here already.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Verify everything, change nothing.")
    ] = False,
) -> None:
    """Import predictions of metrics for pictures of the pool, all or none."""
    options = ImportOptions(
        version=parse_version(version),
        settings=parse_settings(settings),
        lower=tuple(lower_is_better or ()),
        higher=tuple(higher_is_better or ()),
        ignored=tuple(ignore or ()),
        replace=replace,
    )

    async def work(session: AsyncSession) -> MetricImportPlan:
        plan = await plan_metric_import(
            session,
            content=read_file(file),
            file_name=file.name,
            options=options,
            slug=study,
            export_names=await load_image_names(session, slug=study) if study else None,
        )
        plan.refuse_if_wrong()
        if not dry_run:
            await carry_out_metric_import(session, plan=plan, actor=ACTOR)
        return plan

    _print_plan(in_transaction(work))
    if dry_run:
        console.print("This was a dry run; nothing was imported.")


@metrics_cli.command("run")
def run_metrics(
    study: Annotated[str, typer.Argument(help="Short name of the study, as in its address.")],
    metric: Annotated[
        Names, typer.Option(help="A known metric, several times if need be; all if absent.")
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="cpu, cuda or cuda:1; cuda where there is one if absent.")
    ] = None,
) -> None:
    """Compute metrics for the pictures of a study, and say which could not be, and why."""
    chosen = [word for name in metric or () for word in ("--metric", name)]
    options = [*chosen, *(("--device", device) if device else ()), "--", study]
    # The server never imports the worker, so the process is replaced instead.
    command = [sys.executable, "-m", "worker.metrics", *options]
    os.execv(sys.executable, command)  # noqa: S606  # our own command, no shell


@metrics_cli.command("report")
def report(
    study: Annotated[str, typer.Argument(help="Short name of the study, as in its address.")],
    run: Annotated[int | None, typer.Option(help="Analysis run; the newest if absent.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Hold every metric against the scores of a run, store the result and print it."""
    configure_logging(get_settings(), quiet=True)
    run_id, document = asyncio.run(_report(study, run))
    if as_json:
        typer.echo(json.dumps({"run": run_id, **document}, indent=2, ensure_ascii=False))
    else:
        print_benchmark(document, run_id=run_id, console=console)


@metrics_cli.command("remove")
def remove(
    metric: Annotated[str, typer.Argument(help="Its number, or its key if only one has it.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove a metric with all its predictions."""
    chosen = _the_one(in_transaction(list_metrics), metric)
    sentence = f"Remove {chosen.title} with {chosen.predictions:,} predictions?"
    if not yes and not typer.confirm(sentence):
        console.print("Nothing was removed.")
        return
    number = in_transaction(
        lambda session: remove_metric(session, metric_id=chosen.id, actor=ACTOR)
    )
    console.print(f"{chosen.title} was removed with {number:,} predictions.", markup=False)


async def _report(slug: str, run_id: int | None) -> tuple[int, dict[str, Any]]:
    with open_database(get_settings()) as url:
        async with open_session(url) as sessions:
            async with sessions() as session:
                found = await get_study_run(session, slug=slug, run_id=run_id)
            return found.id, await evaluate_run(sessions, run_id=found.id)


def _the_one(counts: Any, named: str) -> MetricCount:
    """The metric with this number or key; raises NotFound or InvalidInput."""
    entry = find_metric_entry(named)
    key = entry.key if entry else named
    found: list[MetricCount] = [c for c in counts if named == str(c.id) or key == c.key]
    if not found:
        raise NotFound(f"No metric '{named}' has predictions here.")
    if len(found) > 1:
        ids = ", ".join(str(count.id) for count in found)
        raise InvalidInput(f"There are several of {found[0].title}: please give one of {ids}.")
    return found[0]


def _count_cells(count: MetricCount) -> tuple[str, ...]:
    return (
        str(count.id),
        count.title,
        count.version or "–",
        json.dumps(count.settings) if count.settings else "–",
        count.origin.value,
        "higher" if count.higher_is_better else "lower",
        f"{count.predictions:,}",
    )


def _print_plan(plan: MetricImportPlan) -> None:
    """Say what an import does."""
    table = Table("metric", "better", "new", "there already", "replaced", box=None)
    for metric in plan.metrics:
        better = "higher" if metric.higher_is_better else "lower"
        numbers = (metric.added, metric.unchanged, metric.replaced)
        table.add_row(escape(metric.title), better, *(f"{number:,}" for number in numbers))
    console.print(table)
    console.print(f"{plan.pictures:,} pictures, {plan.empty_cells:,} empty cells.")
    for warning in plan.warnings:
        console.print(f"  {warning}", markup=False)
