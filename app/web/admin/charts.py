"""Charts of a run: the specification that the browser draws, and files to download."""

from enum import StrEnum
from re import compile as compile_pattern

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables import AnalysisRun
from app.errors import NotFound
from app.results.charts.drawing import ChartForm, load_chart_bundle, render
from app.results.charts.scatter import load_run_pairs, load_spread
from app.results.charts.specifications import (
    Specification,
    distribution_chart,
    generator_means_chart,
    pairs_chart,
    points_chart,
    shares_chart,
    spread_chart,
)
from app.results.metrics.charts import find_metric_chart
from app.results.runs.configuration import AnalysisConfiguration
from app.results.runs.lookup import get_done_run, get_study_run
from app.results.runs.sections import find_section
from app.results.summaries import find_points, list_distributions, list_generator_means
from app.web.ids import PathId
from app.web.state import SessionDep

router = APIRouter()

DISTRIBUTION = "distribution-"
SPREAD = "spread-"
FACTORS = "factors-"
# One run against another: against-<run>-<dimension>.
AGAINST = compile_pattern(r"against-(\d{1,18})-(.+)")


class Drawing(StrEnum):
    """Charts that a run has once; distributions are one for each dimension."""

    POINTS = "points"
    GENERATORS = "generators"


@router.get("/dashboard/charts.js")
async def send_chart_script(request: Request) -> Response:
    """The script that draws specifications; browsers keep it and ask whether it is current."""
    bundle = await load_chart_bundle()
    headers = {"ETag": f'"{bundle.digest}"', "Cache-Control": "private, no-cache"}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(bundle.script, media_type="text/javascript", headers=headers)


@router.get("/dashboard/studies/{slug}/results/{run_id}/charts/{name}.json")
async def send_specification(
    slug: str, run_id: PathId, name: str, session: SessionDep
) -> JSONResponse:
    """The chart with its data, for the browser to draw."""
    run = await get_study_run(session, slug=slug, run_id=run_id)
    return JSONResponse(await _specification(session, run, name))


@router.get("/dashboard/studies/{slug}/results/{run_id}/charts/{name}.{form}")
async def send_drawing(
    slug: str, run_id: PathId, name: str, form: ChartForm, session: SessionDep
) -> Response:
    """The chart as a file."""
    run = await get_study_run(session, slug=slug, run_id=run_id)
    content = await render(await _specification(session, run, name), form=form)
    filename = f"{slug}-run-{run_id}-{name}.{form}"
    headers = {"Content-Disposition": f'inline; filename="{filename}"'}
    return Response(content, media_type=form.media_type, headers=headers)


async def _specification(session: AsyncSession, run: AnalysisRun, name: str) -> Specification:
    if name == Drawing.POINTS:
        points = await find_points(session, run_id=run.id)
        if points is not None:
            return points_chart(points)
    if name == Drawing.GENERATORS:
        level = AnalysisConfiguration.model_validate(run.configuration).level
        means = await list_generator_means(session, run_id=run.id)
        return generator_means_chart(means, level=level)
    if name.startswith(DISTRIBUTION):
        for distribution in await list_distributions(session, run_id=run.id):
            if name == f"{DISTRIBUTION}{distribution.dimension}":
                return distribution_chart(distribution)
    if name.startswith(SPREAD):
        spread = await load_spread(session, run_id=run.id, dimension=name.removeprefix(SPREAD))
        if spread is not None:
            return spread_chart(spread)
    if name.startswith(FACTORS):
        return await _factors(session, run, name.removeprefix(FACTORS))
    if against := AGAINST.fullmatch(name):
        return await _against(session, run, int(against[1]), against[2])
    if (chart := await find_metric_chart(session, run=run, name=name)) is not None:
        return chart
    raise NotFound("This run has no such chart.")


async def _factors(session: AsyncSession, run: AnalysisRun, dimension: str) -> Specification:
    section = await find_section(session, run_id=run.id, name="factors") or {}
    for found in section.get("dimensions", ()):
        if found["key"] == dimension:
            return shares_chart(found["label"], found["shares"])
    raise NotFound("This run has no such chart.")


async def _against(
    session: AsyncSession, run: AnalysisRun, other_id: int, dimension: str
) -> Specification:
    other = await get_done_run(session, run_id=other_id)
    if other.study_id != run.study_id:
        raise NotFound("This run belongs to another study.")
    pairs = await load_run_pairs(session, first=run.id, second=other_id, dimension=dimension)
    return pairs_chart(pairs)
