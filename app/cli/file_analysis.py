"""``beholder analyse FILE``: ratings that did not come from Beholder, without any database."""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import typer
from rich.console import Console
from rich.markup import escape

from app.cli.file_report import print_file_report
from app.errors import InvalidInput
from app.results.rating_files.analysis import analyse_file
from app.results.rating_files.options import ReadingOptions
from app.results.rating_files.reading import read_ratings
from app.results.rating_files.report import report_on
from app.results.rating_files.report_files import full_document, require_free, write_report
from app.results.rating_files.scales import RatingScale, parse_scale
from app.results.rating_files.source import FILE_SUFFIXES
from app.results.runs.configuration import AnalysisConfiguration


def names_a_file(word: str) -> bool:
    """Whether an argument of ``analyse`` means a file and not the short name of a study."""
    path = Path(word)
    return path.is_file() or "/" in word or "\\" in word or path.suffix.lower() in FILE_SUFFIXES


def columns_named(text: str | None) -> tuple[str, ...] | None:
    """Columns in an option: separated by commas."""
    if text is None:
        return None
    names = tuple(part.strip() for part in text.split(",") if part.strip())
    if not names:
        raise InvalidInput("An option that names columns is empty.")
    return names


def scales_named(texts: Sequence[str]) -> dict[str, RatingScale]:
    """Scales by dimension: ``1:5:1`` is that of all, ``quality=1:5`` of one."""
    scales = {}
    for text in texts:
        name, _, scale = text.rpartition("=")
        scales[name.strip()] = parse_scale(scale)
    return scales


def analyse_files(
    paths: Sequence[Path],
    options: ReadingOptions,
    configuration: AnalysisConfiguration,
    *,
    to: Path | None,
    is_forced: bool,
    as_json: bool,
    console: Console,
) -> None:
    """Read, analyse and report, on the terminal and into a folder."""
    started = time.perf_counter()
    if to is not None:
        require_free(to, is_forced=is_forced)
    ratings = read_ratings(paths, options)
    analyses = analyse_file(ratings, configuration)
    report = report_on(ratings, analyses)
    written = () if to is None else asyncio.run(write_report(to, report, ratings, analyses))
    if as_json:
        document = full_document(report, ratings, analyses)
        typer.echo(json.dumps(document, ensure_ascii=False, indent=1))
        return
    print_file_report(report, console)
    console.print(f"Analysed in {time.perf_counter() - started:.1f} s.")
    if to is None:
        console.print("Give --to FOLDER for the scores of all stimuli and a page to print.")
    else:
        console.print(f"Written to {escape(str(to))}: {', '.join(written)}.")


def reading_options(
    *,
    rater: str | None,
    stimulus: str | None,
    score: str | None,
    scales: Sequence[str],
    words: str | None,
    missing: str | None,
    base: ReadingOptions,
) -> ReadingOptions:
    """The options as typed, with their lists taken apart."""
    return replace(
        base,
        rater=columns_named(rater),
        stimulus=columns_named(stimulus),
        score=columns_named(score),
        scales=scales_named(scales),
        words=columns_named(words) or (),
        missing=columns_named(missing) or (),
    )
