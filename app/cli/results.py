"""``beholder analyse`` and ``beholder release``: from ratings to scores, and out of the house."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from app.cli import cli
from app.cli.analysis_report import Report, make_report, print_report
from app.cli.file_analysis import analyse_files, names_a_file, reading_options
from app.database.connect import open_database
from app.database.engine import open_session
from app.errors import InvalidInput
from app.logs import configure_logging
from app.results.exports import ScoreKind
from app.results.rating_files.options import ReadingOptions, Wide
from app.results.release.files import ReleaseImages
from app.results.release.folder import Release, release_study
from app.results.runs.configuration import AnalysisConfiguration, parse_configuration
from app.results.runs.execution import run_analysis
from app.results.runs.lookup import get_run
from app.results.runs.progress import STEP_WORDS, Step, Tell
from app.results.screening.verdicts import list_verdicts
from app.results.summaries import list_generator_means
from app.settings import get_settings
from app.storage.blobs import BlobStore

ACTOR = "command line"

Slug = Annotated[str, typer.Argument(help="Short name of the study, as in its address.")]

Targets = Annotated[
    list[str], typer.Argument(metavar="STUDY|FILE...", help="A study's short name, or files.")
]

_FILES = "Files of ratings"

console = Console(highlight=False)


_ANALYSE = (
    "Screen raters and compute scores: of a study, or of any file of raw ratings.\n\n"
    "Give a study's short name, or one or more files (CSV, TSV, JSON, JSON lines, Parquet) with a"
    " row for each rating, each rater or each stimulus. A study's run is stored; a file needs no"
    " database.\n\n"
    "Columns of a file are found by their names, and the report says how it was understood. Where"
    " that is not certain, nothing is guessed: the options for files tell."
)


def _of_file(text: str) -> Any:
    """An option that is for files of ratings alone."""
    return typer.Option(help=text, rich_help_panel=_FILES)


@cli.command(help=_ANALYSE)
def analyse(
    study: Targets,
    configuration: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="JSON file with settings that differ."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    rater: Annotated[str | None, _of_file("Column of the rater; none if nobody is named.")] = None,
    stimulus: Annotated[
        str | None, _of_file("Column of the stimulus, or several: --stimulus model,item.")
    ] = None,
    score: Annotated[
        str | None, _of_file("Column of the score; several are several dimensions.")
    ] = None,
    dimension: Annotated[str | None, _of_file("Column that names the dimension.")] = None,
    wide: Annotated[Wide | None, _of_file("Each row is one of the raters, or stimuli.")] = None,
    scale: Annotated[
        list[str] | None,
        _of_file("LOWEST:HIGHEST:STEP, such as 1:5:1; DIMENSION=1:5:1 for one of several."),
    ] = None,
    rounding: Annotated[
        bool, typer.Option("--round", help="Round scores to --scale.", rich_help_panel=_FILES)
    ] = False,
    words: Annotated[str | None, _of_file("Categories from the lowest: no,maybe,yes.")] = None,
    missing: Annotated[str | None, _of_file("Cells that mean no score, such as 99.")] = None,
    seconds: Annotated[str | None, _of_file("Column of the time a rating took.")] = None,
    sitting: Annotated[str | None, _of_file("Column of the sitting or session.")] = None,
    order: Annotated[str | None, _of_file("Column of the order of presentation.")] = None,
    repetition: Annotated[str | None, _of_file("Column that numbers repeated ratings.")] = None,
    header: Annotated[
        bool | None,
        typer.Option(
            "--header/--no-header",
            help="Whether the first row is one.",
            rich_help_panel=_FILES,
        ),
    ] = None,
    to: Annotated[
        Path | None,
        _of_file("Folder for scores.csv, raters.csv, report.html and report.json."),
    ] = None,
    force: Annotated[
        bool,
        typer.Option("--force", help="Replace reports in that folder.", rich_help_panel=_FILES),
    ] = False,
) -> None:
    """Analyse a study, or files of ratings."""
    setup = _read_configuration(configuration) if configuration else AnalysisConfiguration()
    said = ReadingOptions(
        dimension=dimension,
        seconds=seconds,
        sitting=sitting,
        order=order,
        repetition=repetition,
        wide=wide,
        has_header=header,
        is_rounding=rounding,
    )
    options = reading_options(
        rater=rater, stimulus=stimulus, score=score, scales=scale or (), words=words,
        missing=missing, base=said,
    )  # fmt: skip
    if len(study) > 1 or names_a_file(study[0]):
        paths = [Path(name) for name in study]
        analyse_files(
            paths, options, setup, to=to, is_forced=force, as_json=as_json, console=console
        )
        return
    if options != ReadingOptions() or to is not None or force:
        raise InvalidInput(
            f"{study[0]} is taken for a study, and these options are for files of ratings."
        )
    configure_logging(get_settings(), quiet=True)
    report = asyncio.run(_analyse(study[0], setup))
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


@contextmanager
def _shown_progress() -> Iterator[Tell]:
    """A line that says what the analysis is at; on a terminal only, and never in the output."""
    with Console(stderr=True).status("Starting …") as status:

        async def tell(step: Step) -> None:
            status.update(f"{STEP_WORDS[step]} …")

        yield tell


async def _analyse(slug: str, setup: AnalysisConfiguration) -> Report:
    now = datetime.now(UTC)
    with open_database(get_settings()) as url, _shown_progress() as tell:
        async with open_session(url) as sessions, sessions.begin() as session:
            run_id = await run_analysis(
                session, slug=slug, configuration=setup, actor=ACTOR, now=now, tell=tell
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
