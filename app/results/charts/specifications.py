"""Charts of a run and of a study's progress, as Vega-Lite specifications made with Altair.

A specification is as wide as its container.  Clickable marks carry what a page needs in their
datum (``image_id``, ``stimulus_id``); Vega-Lite's ``href`` is not used, since it makes the SVG
export fail.  ``chart_drawing`` says how a specification becomes a picture.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
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


@dataclass(frozen=True, slots=True)
class Spread:
    """Spread of opinions against their mean in one dimension.

    marks : MOS, SOS and number of stimuli that have both. curve : the SOS hypothesis as fitted.
    """

    label: str
    low: float
    high: float
    marks: tuple[tuple[float, float, int], ...]
    curve: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """One stimulus by its MOS in two runs."""

    image_id: int
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Pairs:
    """Every stimulus that has a MOS in both runs, with the names of both and the scale's range."""

    before: str
    after: str
    low: float
    high: float
    points: tuple[Pair, ...]


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
        alt.Chart(named_table("bars"))
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
    return finished_chart(
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
        encoding["color"] = series_channel(alt.Color, "generator", generators)
        encoding["shape"] = series_channel(alt.Shape, "generator", generators)
    many = len(points.points) > 1000
    chart = (
        alt.Chart(named_table("points"))
        .mark_point(
            filled=True, size=18 if many else 42, opacity=0.45 if many else 0.75, color=ACCENT
        )
        .encode(**encoding)
    )
    return finished_chart(
        chart,
        height=380,
        description=f"{points.x_label} against {points.y_label} of each stimulus",
        tables={"points": [asdict(point) for point in points.points]},
    )


def generator_means_chart(means: Sequence[GeneratorMean], *, level: float = 0.95) -> Specification:
    """Mean MOS of each generator with its interval over prompts, a line for each dimension."""
    labels = list(dict.fromkeys(mean.label for mean in means))
    generators = list(dict.fromkeys(mean.generator for mean in means))
    title = f"Mean MOS with its {level:.0%} interval over prompts"
    lines = alt.Chart(named_table("means")).encode(
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
        color=series_channel(alt.Color, "label", labels),
    )
    scale = alt.Scale(zero=False, nice=True, padding=16)
    intervals = lines.mark_rule(strokeWidth=2).encode(
        x=alt.X("ci_low:Q", title=title, scale=scale), x2="ci_high:Q"
    )
    dots = lines.mark_point(filled=True, size=70, opacity=1).encode(
        x=alt.X("mean:Q", title=title, scale=scale),
        shape=series_channel(alt.Shape, "label", labels),
    )
    return finished_chart(
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
        alt.Chart(named_table("bars"))
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
    mark = alt.Chart(named_table("target"))
    rule = mark.mark_rule(color=PALETTE[1], strokeDash=[5, 3], strokeWidth=2).encode(x="target:Q")
    text = mark.mark_text(color=PALETTE[1], align="right", dx=4, baseline="bottom").encode(
        x="target:Q", y=alt.value(-3), text="label:N"
    )
    chart = alt.layer(histogram, rule, text)
    tables: Tables = {"bars": bars, "target": [{"target": target, "label": f"target {target}"}]}
    return finished_chart(
        chart, height=180, description="Usable ratings per stimulus", tables=tables
    )


def spread_chart(spread: Spread) -> Specification:
    """Spread of the opinions against their mean, one mark per stimulus, with the fitted curve.

    Stimuli that coincide are one larger mark.
    """
    domain = alt.Scale(domain=[spread.low, spread.high], nice=False)
    x = alt.X("mos:Q", title=f"MOS, {spread.label}", scale=domain, axis=_FEW_TICKS)
    y = alt.Y("sos:Q", title="Standard deviation of opinions (SOS)", axis=_FEW_TICKS)
    most = max((stimuli for *_, stimuli in spread.marks), default=1)
    marks = (
        alt.Chart(named_table("marks"))
        .mark_point(filled=True, color=ACCENT, opacity=0.55)
        .encode(
            x=x,
            y=y,
            size=alt.Size(
                "stimuli:Q", legend=None, scale=alt.Scale(domain=[1, max(most, 2)], range=[18, 320])
            ),
            tooltip=[
                alt.Tooltip("mos:Q", title="MOS", format=".2f"),
                alt.Tooltip("sos:Q", title="SOS", format=".2f"),
                alt.Tooltip("stimuli:Q", title="Stimuli"),
            ],
        )
    )
    curve = (
        alt.Chart(named_table("curve")).mark_line(color=PALETTE[1], strokeWidth=2).encode(x=x, y=y)
    )
    return finished_chart(
        alt.layer(marks, curve),
        height=240,
        description=f"Spread of opinions against the MOS of {spread.label}",
        tables={
            "marks": [{"mos": m, "sos": s, "stimuli": n} for m, s, n in spread.marks],
            "curve": [{"mos": m, "sos": s} for m, s in spread.curve],
        },
    )


def shares_chart(label: str, shares: Sequence[Mapping[str, Any]]) -> Specification:
    """How much each factor explains, as bars with their intervals, in the order given."""
    rows = [
        {"factor": share["label"], **{key: share[key] for key in ("share", "low", "high")}}
        for share in shares
        if share["share"] is not None
    ]
    names = [row["factor"] for row in rows]
    base = alt.Chart(named_table("shares")).encode(
        y=alt.Y("factor:N", sort=names, title=None, axis=alt.Axis(labelLimit=220)),
        tooltip=[
            alt.Tooltip("factor:N", title="Factor"),
            alt.Tooltip("share:Q", title="Share", format=".0%"),
            alt.Tooltip("low:Q", title="Interval from", format=".0%"),
            alt.Tooltip("high:Q", title="Interval to", format=".0%"),
        ],
    )
    scale = alt.Scale(domain=[0, 1])
    title = f"Share explained, {label.lower()}"
    axis = alt.Axis(format=".0%", tickCount=6)
    bars = base.mark_bar(color=ACCENT, opacity=0.75, height=14).encode(
        x=alt.X("share:Q", title=title, scale=scale, axis=axis)
    )
    intervals = base.mark_rule(color=PALETTE[1], strokeWidth=2).encode(
        x=alt.X("low:Q", title=title, scale=scale, axis=axis), x2="high:Q"
    )
    return finished_chart(
        alt.layer(bars, intervals),
        height=max(len(rows), 1) * 28,
        description=f"What explains the scores, {label}",
        tables={"shares": rows},
    )


def pairs_chart(pairs: Pairs) -> Specification:
    """The MOS of one run against another's, a mark per stimulus, with the line of equality."""
    domain = alt.Scale(domain=[pairs.low, pairs.high], nice=False)
    dots = (
        alt.Chart(named_table("points"))
        .mark_point(
            filled=True,
            size=18 if len(pairs.points) > 1000 else 42,
            opacity=0.45,
            color=ACCENT,
        )
        .encode(
            x=alt.X("before:Q", title=pairs.before, scale=domain, axis=_FEW_TICKS),
            y=alt.Y("after:Q", title=pairs.after, scale=domain, axis=_FEW_TICKS),
            tooltip=[
                alt.Tooltip("before:Q", title=pairs.before, format=".3f"),
                alt.Tooltip("after:Q", title=pairs.after, format=".3f"),
            ],
        )
    )
    line = (
        alt.Chart(named_table("line"))
        .mark_line(color=PALETTE[1], strokeDash=[5, 3], strokeWidth=1.5)
        .encode(x="before:Q", y="after:Q")
    )
    return finished_chart(
        alt.layer(line, dots),
        height=380,
        description=f"{pairs.after} against {pairs.before} of each stimulus",
        tables={
            "points": [asdict(point) for point in pairs.points],
            "line": [{"before": end, "after": end} for end in (pairs.low, pairs.high)],
        },
    )


def named_table(name: str) -> Any:
    """A table that is filled in at the end: Altair checks each row of one that it is given, which
    takes seconds for 20,000 stimuli."""
    return alt.NamedData(name=name)


def _fill(specification: Specification, tables: Tables) -> None:
    """Put the rows where the tables are named, in the chart and in its layers."""
    for part in (specification, *specification.get("layer", ())):
        if "data" in part:
            part["data"] = {"values": tables[part["data"]["name"]]}


def series_channel(channel: Any, field: str, names: Sequence[str]) -> Any:
    """Colour or shape (give every series both) of a few series, explained above the chart."""
    values = {alt.Color: PALETTE, alt.Shape: SHAPES}[channel]
    return channel(
        f"{field}:N",
        scale=alt.Scale(domain=list(names), range=list(values[: len(names)])),
        legend=alt.Legend(
            title=None, orient="top", columns=4, symbolOpacity=1, labelLimit=160, offset=12
        ),
    )


def finished_chart(chart: Any, *, height: int, description: str, tables: Tables) -> Specification:
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
