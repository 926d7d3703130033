"""`python -m worker.metrics`: computes objective metrics for a study, then says what it did."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from functools import partial

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from app.database.connect import open_database
from app.database.engine import open_session
from app.database.migrate import list_pending_revisions
from app.errors import BeholderError, Conflict, NotFound
from app.logs import configure_logging
from app.pool.metric_catalogue import MetricEntry, find_metric_entry, load_metric_catalogue
from app.settings import Settings, get_settings
from app.storage.blobs import BlobStore
from worker.metrics.registry import open_predictor
from worker.metrics.run import Bench, Outcome, run_metrics

NOTHING_COMPUTED = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Compute, print a table; status 1 when no metric has predictions for the study after it."""
    options = _parse_options(arguments)
    console = Console(highlight=False)
    try:
        settings = get_settings()
        configure_logging(settings, quiet=True)
        entries = choose_metrics(options.metric)
        with open_database(settings) as url:
            if list_pending_revisions(url):
                raise Conflict("The database schema is not current; run `beholder migrate` first.")
            outcomes = asyncio.run(_run(url, settings, options.study, entries, options.device))
    except BeholderError as error:
        sys.stderr.write(f"{error.message}\n")
        return 1
    console.print(outcome_table(outcomes))
    if any(outcome.is_stopped for outcome in outcomes) or len(outcomes) < len(entries):
        console.print("Stopped; the same command goes on where it was.")
    return 0 if any(outcome.computed + outcome.there for outcome in outcomes) else NOTHING_COMPUTED


def choose_metrics(names: Sequence[str] | None) -> list[MetricEntry]:
    """The metrics of these names, all known ones without a name; raises NotFound."""
    if not names:
        return list(load_metric_catalogue().values())
    chosen: dict[str, MetricEntry] = {}
    for name in names:
        entry = find_metric_entry(name)
        if entry is None:
            known = ", ".join(load_metric_catalogue())
            raise NotFound(f"There is no known metric '{name}'; there are {known}.")
        chosen[entry.key] = entry
    return list(chosen.values())


def outcome_table(outcomes: Sequence[Outcome]) -> Table:
    """What was computed, what could not be, and why."""
    table = Table("metric", "computed", "there before", "without", "version", "why not", box=None)
    for outcome in outcomes:
        table.add_row(
            outcome.entry.title,
            *(f"{number:,}" for number in (outcome.computed, outcome.there, outcome.failed)),
            escape(outcome.version or "–"),
            escape(outcome.why or ("stopped" if outcome.is_stopped else "")),
        )
    return table


async def _run(
    url: str, settings: Settings, slug: str, entries: Sequence[MetricEntry], device: str | None
) -> list[Outcome]:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    # The file is named: while a library is kept quiet, sys.stderr leads nowhere.
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(file=sys.stderr),
        transient=True,
    ) as progress:
        bar = progress.add_task("", total=None)

        def report(entry: MetricEntry, done: int, of: int) -> None:
            progress.update(bar, description=entry.title, completed=done, total=of)

        async with open_session(url) as sessions:
            bench = Bench(
                sessions=sessions,
                blobs=BlobStore(settings.blob_folder),
                open_predictor=partial(open_predictor, device=device),
                is_stopping=stop.is_set,
                report=report,
            )
            return await run_metrics(bench, slug=slug, entries=entries)


def _parse_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="beholder metrics run", description=__doc__)
    parser.add_argument("study", metavar="STUDY", help="short name of the study")
    parser.add_argument(
        "--metric",
        action="append",
        metavar="KEY",
        help="a known metric; may be given several times (default: all that can be computed)",
    )
    parser.add_argument(
        "--device", metavar="NAME", help="cpu, cuda or cuda:1 (default: cuda where there is one)"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
