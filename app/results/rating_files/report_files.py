"""The report as a folder of files: scores, raters, a page for people, and everything as JSON."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from app.errors import Conflict, InvalidInput
from app.results.rating_files.analysis import GroupAnalysis
from app.results.rating_files.page import report_page
from app.results.rating_files.reading import FileRatings
from app.results.rating_files.report import FileReport
from app.results.rating_files.score_rows import raters_csv, scores_csv, scores_document

NAMES = ("scores.csv", "raters.csv", "report.html", "report.json")


def require_free(folder: Path, *, is_forced: bool) -> None:
    """Raises Conflict if a file of the report exists already, InvalidInput if it is no folder."""
    if folder.exists() and not folder.is_dir():
        raise InvalidInput(f"{folder} is a file; name a folder for the report.")
    there = [name for name in NAMES if (folder / name).exists()]
    if there and not is_forced:
        raise Conflict(
            f"{folder} already has {', '.join(there)}; choose another folder, or replace the files"
            " with --force."
        )


def full_document(
    report: FileReport, ratings: FileRatings, analyses: Sequence[GroupAnalysis]
) -> dict[str, Any]:
    """Report and scores as one JSON document."""
    return report.model_dump(mode="json") | {"scores": scores_document(ratings, analyses)}


async def write_report(
    folder: Path,
    report: FileReport,
    ratings: FileRatings,
    analyses: Sequence[GroupAnalysis],
) -> tuple[str, ...]:
    """Write the files and return their names; there are no raters to write if none are known."""
    document = full_document(report, ratings, analyses)
    contents = {
        "scores.csv": scores_csv(ratings, analyses),
        "report.html": await report_page(report, analyses),
        "report.json": json.dumps(document, ensure_ascii=False, indent=1) + "\n",
    }
    if any(group.has_raters for group in report.groups):
        contents["raters.csv"] = raters_csv(report)
    await asyncio.to_thread(_write, folder, contents)
    return tuple(name for name in NAMES if name in contents)


def _write(folder: Path, contents: Mapping[str, str]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in contents.items():
            (folder / name).write_text(text, encoding="utf-8")
        for name in set(NAMES).difference(contents):  # of an earlier report, if --force was said
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise InvalidInput(f"{folder} cannot be written: {error.strerror}.") from None
