"""Charts of the report, as SVG that stands in the page itself."""

import re

import numpy as np

from app.results.charts.drawing import ChartForm, render
from app.results.charts.specifications import (
    Specification,
    Spread,
    distribution_chart,
    spread_chart,
)
from app.results.rating_files.analysis import GroupAnalysis
from app.results.rating_files.report import label_of
from app.results.summaries import BINS, Distribution

WIDTH_PX = 440
_CURVE_POINTS = 81


async def draw(specification: Specification) -> str:
    """The chart as an SVG element, as wide as the page lets it be."""
    svg = (await render(specification | {"width": WIDTH_PX}, form=ChartForm.SVG)).decode()
    return re.sub(r'<svg ([^>]*?)width="[\d.]+" height="[\d.]+"', r"<svg \1", svg, count=1)


def distribution_of(found: GroupAnalysis, c: int) -> Specification:
    """How the MOS of one column spreads over the scale."""
    scale, mos = found.matrix.scale, found.analysis.mos.mean[:, c]
    bins = min(BINS, scale.level_max * 4)
    counts, _ = np.histogram(mos[~np.isnan(mos)], bins=bins, range=(scale.low, scale.high))
    key = found.analysis.columns[c]
    label = label_of(found, key)
    chart = distribution_chart(
        Distribution(key, label, scale.low, scale.high, tuple(counts.tolist()))
    )
    chart["encoding"]["x"]["title"] = f"MOS, {label}"  # a column's name, in its own capitals
    return chart


def spread_of(found: GroupAnalysis, c: int) -> Specification:
    """SOS against MOS of one column, with the curve of the SOS hypothesis."""
    scale, scores, a = found.matrix.scale, found.analysis.mos, found.analysis.sos_a[c]
    defined = ~np.isnan(scores.sos[:, c])
    points = np.round(np.column_stack([scores.mean[defined, c], scores.sos[defined, c]]), 6)
    marks, stimuli = np.unique(points, axis=0, return_counts=True)
    x = np.linspace(scale.low, scale.high, _CURVE_POINTS)
    y = np.sqrt(a * (x - scale.low) * (scale.high - x))
    return spread_chart(
        Spread(
            label=label_of(found, found.analysis.columns[c]),
            low=scale.low,
            high=scale.high,
            marks=tuple(
                (float(m), float(s), int(n)) for (m, s), n in zip(marks, stimuli, strict=True)
            ),
            curve=() if np.isnan(a) else tuple(zip(x.tolist(), y.tolist(), strict=True)),
        )
    )
