"""Charts of metrics against the scores: how high each ranks, and one metric picture by picture."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import altair as alt
import numpy as np
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.analysis.metric_evaluation.logistic import Curve, curve_value
from app.database.tables import (
    AnalysisRun,
    Condition,
    Image,
    MetricScore,
    Prompt,
    RunScore,
    Stimulus,
)
from app.results.charts.specifications import (
    ACCENT,
    INK_SOFT,
    PALETTE,
    Specification,
    Tables,
    finished_chart,
    named_table,
    series_channel,
)
from app.results.metrics.benchmark import find_benchmark
from app.results.summaries import PROMPT_EXCERPT

CURVE_POINTS = 101
_NAME = re.compile(r"metric-(?:ranking|scatter-(?P<metric>[0-9]{1,18}))-(?P<dimension>.+)")
MANY = 1000


@dataclass(frozen=True, slots=True)
class MetricPoint:
    """One picture by a metric's prediction and its MOS."""

    image_id: int
    generator: str
    prompt: str
    """The beginning of the prompt."""
    prediction: float
    mos: float


async def list_metric_points(
    session: AsyncSession, *, run: AnalysisRun, metric_id: int, dimension: str
) -> Sequence[MetricPoint]:
    """Every picture of a run that has both a MOS and a prediction, by id."""
    rows = await session.execute(
        select(
            Image.id,
            Condition.generator,
            func.left(Prompt.text, PROMPT_EXCERPT),
            MetricScore.value,
            RunScore.mos,
        )
        .select_from(RunScore)
        .join(Stimulus, Stimulus.id == RunScore.stimulus_id)
        .join(Image, Image.id == Stimulus.image_id)
        .join(Condition, Condition.id == Image.condition_id)
        .join(Prompt, Prompt.id == Image.prompt_id)
        .join(
            MetricScore,
            (MetricScore.image_id == Image.id) & (MetricScore.metric_id == metric_id),
        )
        .where(
            RunScore.run_id == run.id,
            RunScore.dimension == dimension,
            RunScore.mos.is_not(None),
        )
        .order_by(Image.id)
    )
    return [MetricPoint(*row) for row in rows]


def metric_scatter_chart(
    points: Sequence[MetricPoint],
    *,
    metric: str,
    dimension: str,
    four: Sequence[float | None],
    five: Sequence[float | None],
) -> Specification:
    """Predictions against MOS with the two fitted curves, as far as there are any."""
    generators = sorted({point.generator for point in points})
    curves = _curve_rows(points, Curve.FOUR, four) + _curve_rows(points, Curve.FIVE, five)
    x = alt.X("prediction:Q", title=metric, scale=alt.Scale(zero=False, nice=True))
    y = alt.Y("mos:Q", title=f"MOS, {dimension.lower()}", scale=alt.Scale(zero=False, nice=True))
    encoding: dict[str, Any] = {
        "x": x,
        "y": y,
        "tooltip": [
            alt.Tooltip("prompt:N", title="Prompt"),
            alt.Tooltip("generator:N", title="Generator"),
            alt.Tooltip("prediction:Q", title=metric, format=".4g"),
            alt.Tooltip("mos:Q", title="MOS", format=".2f"),
        ],
    }
    if 1 < len(generators) <= len(PALETTE):
        encoding["color"] = series_channel(alt.Color, "generator", generators)
        encoding["shape"] = series_channel(alt.Shape, "generator", generators)
    is_crowded = len(points) > MANY
    marks = (
        alt.Chart(named_table("points"))
        .mark_point(filled=True, size=18 if is_crowded else 42, opacity=0.45, color=ACCENT)
        .encode(**encoding)
    )
    lines = (
        alt.Chart(named_table("curves"))
        .mark_line(color="#1c2430", strokeWidth=2)
        .encode(
            x=x,
            y=y,
            strokeDash=alt.StrokeDash(
                "curve:N",
                scale=alt.Scale(domain=["4 parameters", "5 parameters"], range=[[1, 0], [5, 4]]),
                legend=alt.Legend(title=None, orient="bottom"),
            ),
        )
    )
    tables: Tables = {"points": [asdict(point) for point in points], "curves": curves}
    return finished_chart(
        alt.layer(marks, lines),
        height=380,
        description=f"{metric} against the MOS of {dimension}",
        tables=tables,
    )


def metric_ranking_chart(
    rows: Sequence[dict[str, Any]], *, dimension: str, level: float, ceiling: float | None
) -> Specification:
    """Every metric's SRCC with its interval, turned by its direction; the ceiling is marked."""
    shown = [_ranking_row(row) for row in rows if row["correlations"]["srcc"] is not None]
    order = [row["label"] for row in sorted(shown, key=lambda row: -row["srcc"])]
    x = alt.X(
        "srcc:Q",
        title=f"SRCC with its {level:.0%} interval, {dimension.lower()}",
        scale=alt.Scale(domain=[min([0.0, *(row["low"] for row in shown)]), 1], nice=False),
    )
    base = alt.Chart(named_table("rows")).encode(
        y=alt.Y("label:N", sort=order, title=None, axis=alt.Axis(labelLimit=200)),
        tooltip=[
            alt.Tooltip("label:N", title="Metric"),
            alt.Tooltip("srcc:Q", title="SRCC", format=".3f"),
            alt.Tooltip("low:Q", title="Interval from", format=".3f"),
            alt.Tooltip("high:Q", title="Interval to", format=".3f"),
            alt.Tooltip("n:Q", title="Pictures"),
        ],
    )
    layers = [
        base.mark_rule(color=ACCENT, strokeWidth=2).encode(x=alt.X("low:Q"), x2="high:Q"),
        base.mark_point(filled=True, size=70, opacity=1, color=ACCENT).encode(x=x),
    ]
    tables: Tables = {"rows": shown}
    if ceiling is not None:
        mark = alt.Chart(named_table("ceiling"))
        layers += [
            mark.mark_rule(color=PALETTE[1], strokeDash=[5, 3], strokeWidth=2).encode(x="at:Q"),
            mark.mark_text(color=INK_SOFT, align="right", dx=-5, dy=-4, baseline="bottom").encode(
                x="at:Q", y=alt.value(0), text="label:N"
            ),
        ]
        tables["ceiling"] = [{"at": ceiling, "label": "noise ceiling"}]
    return finished_chart(
        alt.layer(*layers),
        height=max(len(shown), 1) * 26 + 10,
        description=f"How well each metric follows the MOS of {dimension}",
        tables=tables,
    )


def _ranking_row(row: dict[str, Any]) -> dict[str, Any]:
    """The correlation and its interval, turned so that 1 is good."""
    found = row["correlations"]["srcc"]
    sign = -1 if row["higher_is_better"] is False else 1
    ends = [found if end is None else end for end in (row["srcc_low"], row["srcc_high"])]
    low, high = sorted(sign * end for end in ends)
    return {"label": row["label"], "srcc": sign * found, "low": low, "high": high, "n": row["n"]}


def _curve_rows(
    points: Sequence[MetricPoint], curve: Curve, parameters: Sequence[float | None]
) -> list[dict[str, Any]]:
    known = [parameter for parameter in parameters if parameter is not None]
    if not points or len(known) != curve.parameters:
        return []
    values = [point.prediction for point in points]
    x = np.linspace(min(values), max(values), CURVE_POINTS)
    y = curve_value(curve, np.array(known), x)
    name = f"{curve.parameters} parameters"
    return [
        {"prediction": float(a), "mos": float(b), "curve": name} for a, b in zip(x, y, strict=True)
    ]


async def find_metric_chart(
    session: AsyncSession, *, run: AnalysisRun, name: str
) -> Specification | None:
    """The chart of this name: ``metric-ranking-quality``, ``metric-scatter-7-quality``."""
    found = await find_benchmark(session, run=run)
    wanted = _NAME.fullmatch(name)
    if wanted is None or found is None or found.failed:
        return None
    dimension = found.dimension(wanted["dimension"])
    if dimension is None:
        return None
    if wanted["metric"] is None:
        return metric_ranking_chart(
            dimension["rows"],
            dimension=dimension["label"],
            level=dimension["options"]["level"],
            ceiling=dimension["noise_ceiling_srcc"],
        )
    facts = found.metric(int(wanted["metric"]))
    row = next((row for row in dimension["rows"] if facts and row["name"] == facts["name"]), None)
    if row is None or facts is None:
        return None
    points = await list_metric_points(
        session, run=run, metric_id=facts["metric_id"], dimension=dimension["key"]
    )
    return metric_scatter_chart(
        points,
        metric=row["label"],
        dimension=dimension["label"],
        four=row["logistic_4"]["parameters"],
        five=row["logistic_5"]["parameters"],
    )
