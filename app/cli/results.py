"""``beholder analyse`` and ``beholder release``: from ratings to scores, and out of the house."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from app.cli import cli
from app.cli.analysis_report import Report, make_report, print_report
from app.database.connect import open_database
from app.database.engine import open_session
from app.errors import InvalidInput
from app.logs import configure_logging
from app.results.configuration import AnalysisConfiguration, parse_configuration
from app.results.exports import ScoreKind
from app.results.release import Release, release_study
from app.results.release_files import ReleaseImages
from app.results.runs import get_run, run_analysis
from app.results.summaries import list_generator_means
from app.results.verdicts import list_verdicts
from app.settings import get_settings
from app.storage.blobs import BlobStore

ACTOR = "command line"

Slug = Annotated[str, typer.Argument(help="Short name of the study, as in its address.")]

console = Console(highlight=False)


@cli.command()
def analyse(
    study: Slug,
    configuration: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="JSON file with settings that differ."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Screen the raters of a study, compute MOS and z-score MOS, and store the run."""
    setup = _read_configuration(configuration) if configuration else AnalysisConfiguration()
    configure_logging(get_settings(), quiet=True)
    report = asyncio.run(_analyse(study, setup))
    if as_json:
        typer.echo(report.model_dump_json(indent=2))
    else:
        print_report(report, console)


@cli.command()
def release(
    study: Slug,
    to: Annotated[Path, typer.Option(help="Folder to write; must not exist, or be empty.")],
    run: Annotated[int | None, typer.Option(help="Analysis run; the newest if absent.")] = None,
    images: Annotated[
        ReleaseImages, typer.Option(help="Original files, what raters saw, or none.")
    ] = ReleaseImages.ORIGINALS,
    agiqa3k: Annotated[
        ScoreKind, typer.Option(help="MOS in AGIQA-3K's columns: raw or z-scored.")
    ] = ScoreKind.RAW,
) -> None:
    """Write scores, ratings, prompts, pictures, a data card and checksums into a folder."""
    configure_logging(get_settings(), quiet=True)
    written = asyncio.run(_release(study, to.absolute(), run, images, agiqa3k))
    console.print(
        f"Run {written.run_id} of {study} is released in [bold]{escape(str(to))}[/bold]:"
        f" {written.images} pictures, {written.files} other files."
    )
    console.print(f"Fingerprint {written.fingerprint}")


def _read_configuration(path: Path) -> AnalysisConfiguration:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except RecursionError:
        raise InvalidInput(f"{path} is nested too deeply.") from None
    except ValueError as error:
        raise InvalidInput(f"{path} is not a JSON document: {error}.") from None
    return parse_configuration(document)


async def _analyse(slug: str, setup: AnalysisConfiguration) -> Report:
    now = datetime.now(UTC)
    with open_database(get_settings()) as url:
        async with open_session(url) as sessions, sessions.begin() as session:
            run_id = await run_analysis(
                session, slug=slug, configuration=setup, actor=ACTOR, now=now
            )
            run = await get_run(session, run_id=run_id)
            verdicts = await list_verdicts(session, run_id=run_id)
            means = await list_generator_means(session, run_id=run_id)
    return make_report(slug, run, verdicts, means)


async def _release(
    slug: str, folder: Path, run_id: int | None, images: ReleaseImages, score: ScoreKind
) -> Release:
    settings = get_settings()
    with open_database(settings) as url:
        async with open_session(url) as sessions, sessions.begin() as session:
            return await release_study(
                session,
                BlobStore(settings.blob_folder),
                slug=slug,
                folder=folder,
                run_id=run_id,
                images=images,
                score=score,
                actor=ACTOR,
                now=datetime.now(UTC),
            )
