"""Objective metrics of a study: their predictions, and how well they follow the scores."""

import asyncio
import time
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.engine import SessionFactory
from app.database.tables import AnalysisRun
from app.errors import AnalysisImpossible, BeholderError, InvalidInput, NotFound
from app.pool.metric_catalogue import load_metric_catalogue
from app.pool.metric_predictions import list_metrics, remove_metric
from app.results.metrics.benchmark import NO_PREDICTIONS, Benchmark, find_benchmark
from app.results.metrics.queue import is_evaluating, queue_evaluation
from app.results.metrics.table import (
    is_unclear,
    leaderboard_csv,
    near_best,
    runs_wrong_way,
    standings,
    stream_predictions_csv,
)
from app.results.runs.lookup import find_latest_run, get_study_run, list_runs
from app.results.runs.summary import summary_of
from app.study.studies import get_study
from app.web.admin.fields import find_whole_number, texts
from app.web.admin.layout import draw
from app.web.admin.notes import go_to
from app.web.admin.origin import origin_of
from app.web.downloads import csv_download
from app.web.ids import QueryId
from app.web.security import CurrentAccount
from app.web.state import SessionDep, StateDep

router = APIRouter()

METRICS = "/dashboard/studies/{slug}/metrics"

# Small evaluations are done within this time; who waits for them sees no page come and go.
PATIENCE_S = 2.0
LOOK_EVERY_S = 0.1


@router.get(METRICS)
async def show_metrics(
    request: Request,
    slug: str,
    session: SessionDep,
    run: QueryId = None,
    dimension: Annotated[str | None, Query(max_length=60)] = None,
    metric: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """The leaderboard of one dimension, who beats whom, and what predictions there are."""
    return await draw_metrics(
        request, session, slug, run_id=run, dimension=dimension, metric=metric
    )


@router.get(METRICS + "/state.json")
async def send_state(slug: str, session: SessionDep, run: QueryId = None) -> JSONResponse:
    """Whether an evaluation is under way, for the script that waits for its end."""
    found = await _find_run(session, slug, run)
    busy = found is not None and await is_evaluating(session, run_id=found.id)
    return JSONResponse({"evaluating": busy})


@router.post(METRICS + "/evaluate")
async def take_evaluation(request: Request, slug: str, state: StateDep) -> Response:
    """Hold all metrics against a run's scores, in the background, and wait a moment for its end."""
    typed = texts(await request.form())
    try:
        run_id = find_whole_number(typed, "run")
        async with state.sessions.begin() as session:
            run = await get_study_run(session, slug=slug, run_id=run_id)
            metrics = await list_metrics(session, study_id=run.study_id)
            if not any(metric.pictures for metric in metrics):
                raise AnalysisImpossible(NO_PREDICTIONS)
            await queue_evaluation(session, run_id=run.id)
    except (AnalysisImpossible, InvalidInput) as error:
        async with state.sessions() as session:
            return await draw_metrics(request, session, slug, error=error)
    asked = f"?run={run.id}" if run_id else ""
    done = state.settings.analysis_worker and await _is_done(state.sessions, run.id)
    if done and not asked:
        return go_to(METRICS.format(slug=slug), note="metrics-evaluated")
    return go_to(METRICS.format(slug=slug) + asked)


@router.post(METRICS + "/remove")
async def take_removal(
    request: Request, slug: str, session: SessionDep, account: CurrentAccount
) -> Response:
    """Remove a metric with all its predictions, for every study."""
    typed = texts(await request.form())
    try:
        study = await get_study(session, slug=slug)
        number = await remove_metric(
            session, metric_id=find_whole_number(typed, "metric") or 0, actor=account.email
        )
        latest = await find_latest_run(session, study_id=study.id)
        if latest is not None:
            await queue_evaluation(session, run_id=latest.id)
    except (NotFound, InvalidInput) as error:
        return await draw_metrics(request, session, slug, error=error)
    return go_to(METRICS.format(slug=slug), note="metric-removed", n=number)


@router.get(METRICS + "/leaderboard.csv")
async def send_leaderboard(slug: str, session: SessionDep, run: QueryId = None) -> Response:
    """All numbers of the evaluation; the header alone before there is one."""
    found = await _find_run(session, slug, run)
    stored = await find_benchmark(session, run=found) if found else None
    document = (
        stored.document if stored and not stored.failed else {"metrics": [], "dimensions": []}
    )
    run_id = found.id if found else 0
    headers = {"Content-Disposition": f'attachment; filename="{slug}-metrics.csv"'}
    content = leaderboard_csv(document, run_id=run_id)
    return Response(content, media_type="text/csv", headers=headers)


@router.get(METRICS + "/predictions.csv")
async def send_predictions(slug: str, session: SessionDep, state: StateDep) -> StreamingResponse:
    """The predictions for the study's pictures, in the form in which they can be imported."""
    return await csv_download(
        state,
        session,
        filename=f"{slug}-predictions.csv",
        export=lambda own: stream_predictions_csv(own, slug=slug),
    )


async def draw_metrics(
    request: Request,
    session: AsyncSession,
    slug: str,
    *,
    run_id: int | None = None,
    dimension: str | None = None,
    metric: str = "",
    error: BeholderError | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    """The page, with what was typed and why it was refused, if so."""
    study = await get_study(session, slug=slug)
    run = await _find_run(session, slug, run_id)
    counts = await list_metrics(session, study_id=study.id)
    catalogue = load_metric_catalogue()
    context: dict[str, Any] = {
        "study": study,
        "run": run,
        "runs": [each for each in await list_runs(session, slug=slug) if each.summary],
        "counts": counts,
        "own": [count for count in counts if count.pictures],
        "has_predictions": {count.key for count in counts},
        "catalogue": list(catalogue.values()),
        "known": catalogue,
        "board": None,
        "evaluating": False,
        "error": error,
        "typed": typed or {},
    }
    if run is not None:
        stored = await find_benchmark(session, run=run)
        context |= {
            "origin": origin_of(run),
            "summary": summary_of(run),
            "stored": stored,
            "evaluating": await is_evaluating(session, run_id=run.id),
        }
        if stored and not stored.failed:
            context |= _board(stored, dimension, metric)
    return draw(request, "metrics.html", context, status=error.status if error else 200)


def _board(stored: Benchmark, key: str | None, metric: str) -> dict[str, Any]:
    """What the page shows of one dimension."""
    document = stored.document
    board = stored.dimension(key or document["dimensions"][0]["key"])
    if board is None:
        raise InvalidInput("This run has no such dimension.")
    rows = board["rows"]
    chosen = next((row for row in rows if row["name"] == metric), rows[0])
    return {
        "board": board,
        "facts": {each["name"]: each for each in document["metrics"]},
        "near_best": near_best(board),
        "standings": standings(board["comparison"]) if board["comparison"] else [],
        "wrong_way": {row["name"] for row in rows if runs_wrong_way(row)},
        "unclear": {row["name"] for row in rows if is_unclear(row)},
        "chosen": chosen,
    }


async def _find_run(session: AsyncSession, slug: str, run_id: int | None) -> AnalysisRun | None:
    """The run asked for, or the newest one; None if there is none with results."""
    if run_id is not None:
        return await get_study_run(session, slug=slug, run_id=run_id)
    study = await get_study(session, slug=slug)
    return await find_latest_run(session, study_id=study.id)


async def _is_done(sessions: SessionFactory, run_id: int) -> bool:
    """Whether the evaluation has ended, or ends within a moment."""
    give_up_at = time.monotonic() + PATIENCE_S
    while True:
        async with sessions() as session:
            if not await is_evaluating(session, run_id=run_id):
                return True
        if time.monotonic() > give_up_at:
            return False
        await asyncio.sleep(LOOK_EVERY_S)
