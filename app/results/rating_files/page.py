"""The report as one HTML file that needs nothing else: readable on a screen and on paper."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from app.results.rating_files.analysis import GroupAnalysis
from app.results.rating_files.pictures import distribution_of, draw, spread_of
from app.results.rating_files.report import FileReport, label_of, shown_columns
from app.settings import PROJECT_FOLDER

EXTREMES = 8
MOST_RATERS = 200

_templates = Environment(
    loader=FileSystemLoader(PROJECT_FOLDER / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


async def report_page(report: FileReport, analyses: Sequence[GroupAnalysis]) -> str:
    """The page, with its charts drawn into it."""
    charts = [[await _charts(found, c) for c in shown_columns(found)] for found in analyses]
    extremes = [[_extremes(found, c) for c in shown_columns(found)] for found in analyses]
    return _templates.get_template("reports/rating_file.html").render(
        report=report,
        charts=charts,
        extremes=extremes,
        labels=[{c.key: c.label for c in group.columns} for group in report.groups],
        most_raters=MOST_RATERS,
        number=as_number,
        docs=docs_of,
    )


def as_number(value: float | None, digits: int = 2) -> str:
    """A number as a report shows it; a dash where it is not defined."""
    return "–" if value is None else f"{value:,.{digits}f}".replace("-", "−")


def docs_of(method_id: str) -> str:
    """Id of a method's entry in docs/methods.md: the id without its version."""
    return method_id.partition("@")[0]


async def _charts(found: GroupAnalysis, c: int) -> dict[str, Markup]:
    drawn = {"distribution": distribution_of(found, c), "spread": spread_of(found, c)}
    # The drawing is our own; every text in it has been escaped by the library that wrote it.
    return {name: Markup(await draw(chart)) for name, chart in drawn.items()}  # noqa: S704


def _extremes(found: GroupAnalysis, c: int) -> dict[str, Any]:
    """The stimuli with the highest and the lowest MOS of a column; by id where they are equal."""
    mos, bounds = found.analysis.mos, found.analysis.mos_bounds
    rated = np.flatnonzero(mos.n[:, c] > 0)
    by_mos = rated[np.argsort(-mos.mean[rated, c], kind="stable")]

    def rows(places: np.ndarray[Any, np.dtype[np.intp]]) -> list[dict[str, Any]]:
        return [
            {
                "stimulus": found.kept.stimulus_ids[j],
                "mos": float(mos.mean[j, c]),
                "n": int(mos.n[j, c]),
                "low": _defined(bounds.low[j, c]),
                "high": _defined(bounds.high[j, c]),
            }
            for j in places
        ]

    enough = len(by_mos) > 2 * EXTREMES
    by_least = rated[np.argsort(mos.mean[rated, c], kind="stable")]
    highest, lowest = (
        int((mos.mean[rated, c] == mos.mean[side[0], c]).sum()) if side.size else 0
        for side in (by_mos, by_least)
    )
    return {
        "label": label_of(found, found.analysis.columns[c]),
        "highest": rows(by_mos[:EXTREMES] if enough else by_mos),
        "lowest": rows(by_least[:EXTREMES]) if enough else [],
        "alike_highest": highest,
        "alike_lowest": lowest,
    }


def _defined(number: float) -> float | None:
    return float(number) if np.isfinite(number) else None
