"""Charts of a run and of a study's progress, as Vega-Lite specifications made with Altair.

A specification is as wide as its container.  Clickable marks carry what a page needs in their
datum (``image_id``, ``stimulus_id``); Vega-Lite's ``href`` is not used, since it makes the SVG
export fail.  ``chart_drawing`` says how a specification becomes a picture.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import altair as alt

from app.results.summaries import Distribution, GeneratorMean, Points

Specification = dict[str, Any]
Tables = dict[str, list[dict[str, Any]]]

INK, INK_SOFT, LINE, ACCENT = "#1c2430", "#545f6e", "#d5dbe2", "#23395d"

# Each has a contrast of 4.5 or more against white; every series also has a shape of its own.
PALETTE = (ACCENT, "#a63f2b", "#1f6b45", "#7a5200", "#6b3fa0", "#0b7285", "#b02a7a", "#545f6e")
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "stroke", "wedge")

FONT = "Noto Sans, Helvetica Neue, Arial, sans-serif"
_FEW_TICKS = alt.Axis(tickCount=6, tickMinStep=0.1)


def distribution_chart(distribution: Distribution) -> Specification:
    """Histogram of the MOS of one dimension."""
    width = (distribution.high - distribution.low) / len(distribution.counts)
    bars = [
        {
            "from": round(distribution.low + place * width, 6),
            "to": round(distribution.low + (place + 1) * width, 6),
            "stimuli": count,
        }
        for place, count in enumerate(distribution.counts)
    ]
    chart = (
        alt.Chart(_table("bars"))
        .mark_bar(color=ACCENT, binSpacing=1)
        .encode(
            x=alt.X(
                "from:Q",
                bin="binned",
                title=f"MOS, {distribution.label.lower()}",
                scale=alt.Scale(domain=[distribution.low, distribution.high], nice=False),
                axis=_FEW_TICKS,
            ),
            x2="to:Q",
            y=alt.Y("stimuli:Q", title="Stimuli", axis=alt.Axis(tickMinStep=1, format="d")),
            tooltip=[
                alt.Tooltip("from:Q", title="From"),
                alt.Tooltip("to:Q", title="To"),
                alt.Tooltip("stimuli:Q", title="Stimuli"),
            ],
        )
    )
    return _finished(
        chart,
        height=200,
        description=f"How the MOS of {distribution.label} spreads",
        tables={"bars": bars},
    )


def points_chart(points: Points) -> Specification:
    """One dimension against the other, a mark per stimulus; ``image_id`` is in the datum.

    Up to eight generators have colours and shapes of their own; more would be told apart by
    nobody, and are drawn alike.
    """
    generators = sorted({point.generator for point in points.points})
    domain = alt.Scale(domain=[points.low, points.high], nice=False)
    encoding: dict[str, Any] = {
        "x": alt.X("x:Q", title=f"MOS, {points.x_label.lower()}", scale=domain, axis=_FEW_TICKS),
        "y": alt.Y("y:Q", title=f"MOS, {points.y_label.lower()}", scale=domain, axis=_FEW_TICKS),
        "tooltip": [
            alt.Tooltip("prompt:N", title="Prompt"),
            alt.Tooltip("generator:N", title="Generator"),
            alt.Tooltip("x:Q", title=points.x_label, format=".2f"),
            alt.Tooltip("y:Q", title=points.y_label, format=".2f"),
        ],
    }
    if 1 < len(generators) <= len(PALETTE):
        encoding["color"] = _series(alt.Color, "generator", generators)
        encoding["shape"] = _series(alt.Shape, "generator", generators)
    many = len(points.points) > 1000
    chart = (
        alt.Chart(_table("points"))
        .mark_point(
            filled=True, size=18 if many else 42, opacity=0.45 if many else 0.75, color=ACCENT
        )
        .encode(**encoding)
    )
    return _finished(
        chart,
        height=380,
        description=f"{points.x_label} against {points.y_label} of each stimulus",
        tables={"points": [asdict(point) for point in points.points]},
    )


def generator_means_chart(means: Sequence[GeneratorMean], *, level: float = 0.95) -> Specification:
    """Mean MOS of each generator with its interval over stimuli, a line for each dimension."""
    labels = list(dict.fromkeys(mean.label for mean in means))
    generators = list(dict.fromkeys(mean.generator for mean in means))
    title = f"Mean MOS with its {level:.0%} interval over stimuli"
    lines = alt.Chart(_table("means")).encode(
        y=alt.Y("generator:N", sort=generators, title=None, axis=alt.Axis(labelLimit=180)),
        yOffset=alt.YOffset("label:N", sort=labels),
        tooltip=[
            alt.Tooltip("generator:N", title="Generator"),
            alt.Tooltip("label:N", title="Dimension"),
            alt.Tooltip("mean:Q", title="Mean MOS", format=".3f"),
            alt.Tooltip("ci_low:Q", title="Interval from", format=".3f"),
            alt.Tooltip("ci_high:Q", title="Interval to", format=".3f"),
            alt.Tooltip("stimuli:Q", title="Stimuli"),
        ],
        color=_series(alt.Color, "label", labels),
    )
    scale = alt.Scale(zero=False, nice=True, padding=16)
    intervals = lines.mark_rule(strokeWidth=2).encode(
        x=alt.X("ci_low:Q", title=title, scale=scale), x2="ci_high:Q"
    )
    dots = lines.mark_point(filled=True, size=70, opacity=1).encode(
        x=alt.X("mean:Q", title=title, scale=scale),
        shape=_series(alt.Shape, "label", labels),
    )
    return _finished(
        alt.layer(intervals, dots),
        height=max(len(generators), 1) * (18 * max(len(labels), 1) + 10),
        description="Mean MOS of each generator, by dimension",
        tables={"means": [asdict(mean) for mean in means]},
    )


def rating_counts_chart(counts: Sequence[tuple[int, int]], *, target: int) -> Specification:
    """How many stimuli have 0, 1, 2 … usable ratings, with the target marked."""
    bars = [
        {"ratings": n, "from": n - 0.5, "to": n + 0.5, "stimuli": stimuli} for n, stimuli in counts
    ]
    highest = max([target, *(n for n, _ in counts)])
    histogram = (
        alt.Chart(_table("bars"))
        .mark_bar(color=ACCENT, binSpacing=1)
        .encode(
            x=alt.X(
                "from:Q",
                bin="binned",
                title="Usable ratings of a stimulus",
                scale=alt.Scale(domain=[-0.5, highest + 0.5], nice=False),
                axis=alt.Axis(tickMinStep=1, format="d", tickCount=min(highest + 1, 12)),
            ),
            x2="to:Q",
            y=alt.Y("stimuli:Q", title="Stimuli", axis=alt.Axis(tickMinStep=1, format="d")),
            tooltip=[
                alt.Tooltip("ratings:Q", title="Ratings"),
                alt.Tooltip("stimuli:Q", title="Stimuli"),
            ],
        )
    )
    mark = alt.Chart(_table("target"))
    rule = mark.mark_rule(color=PALETTE[1], strokeDash=[5, 3], strokeWidth=2).encode(x="target:Q")
    text = mark.mark_text(color=PALETTE[1], align="right", dx=4, baseline="bottom").encode(
        x="target:Q", y=alt.value(-3), text="label:N"
    )
    chart = alt.layer(histogram, rule, text)
    tables: Tables = {"bars": bars, "target": [{"target": target, "label": f"target {target}"}]}
    return _finished(chart, height=180, description="Usable ratings per stimulus", tables=tables)


def _table(name: str) -> Any:
    """A table that is filled in at the end: Altair checks each row of one that it is given, which
    takes seconds for 20,000 stimuli."""
    return alt.NamedData(name=name)


def _fill(specification: Specification, tables: Tables) -> None:
    """Put the rows where the tables are named, in the chart and in its layers."""
    for part in (specification, *specification.get("layer", ())):
        if "data" in part:
            part["data"] = {"values": tables[part["data"]["name"]]}


def _series(channel: Any, field: str, names: Sequence[str]) -> Any:
    """Colour or shape (give every series both) of a few series, explained above the chart."""
    values = {alt.Color: PALETTE, alt.Shape: SHAPES}[channel]
    return channel(
        f"{field}:N",
        scale=alt.Scale(domain=list(names), range=list(values[: len(names)])),
        legend=alt.Legend(
            title=None, orient="top", columns=4, symbolOpacity=1, labelLimit=160, offset=12
        ),
    )


def _finished(chart: Any, *, height: int, description: str, tables: Tables) -> Specification:
    """The specification with the theme: quiet lines, dark ink, no frame, a description."""
    axis = {
        "labelColor": INK_SOFT,
        "titleColor": INK,
        "titleFontWeight": 500,
        "gridColor": LINE,
        "gridOpacity": 0.6,
        "domainColor": INK_SOFT,
        "tickColor": INK_SOFT,
        "labelFontSize": 12,
        "titleFontSize": 13,
        "titlePadding": 10,
    }
    styled = (
        chart.properties(
            width="container",
            height=height,
            description=description,
            autosize=alt.AutoSizeParams(type="fit-x", contains="padding"),
        )
        .configure(font=FONT, background="white", padding=8)
        .configure_axis(**axis)
        .configure_view(stroke=None)
        .configure_legend(labelFontSize=12, labelColor=INK, symbolSize=80)
    )
    specification: Specification = styled.to_dict()
    _fill(specification, tables)
    return specification
