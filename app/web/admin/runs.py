"""Runs of a study: asked for, watched while they are carried out, tried again, given up."""

import asyncio
import time
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.engine import SessionFactory
from app.database.tables.results import RunState
from app.errors import BeholderError
from app.results.runs.listing import list_run_lines
from app.results.runs.lookup import get_own_run, get_run
from app.results.runs.queue import discard_run, has_ratings, retry_run
from app.study.studies import get_study, protocol_of
from app.web.admin.analysis_form import (
    CHECKS,
    INTERVALS,
    LEVELS,
    default_document,
)
from app.web.admin.analysis_parts import METHODS, PARTS, default_parts
from app.web.admin.layout import draw
from app.web.admin.notes import go_to
from app.web.admin.run_words import labels_of, run_words, step_words
from app.web.ids import PathId
from app.web.security import CurrentAccount
from app.web.state import SessionDep

router = APIRouter()

RUNS = "/dashboard/studies/{slug}/results/runs"
ENDED = (RunState.DONE, RunState.FAILED)

# Most runs are done within this time; who waits for them sees no page come and go.
PATIENCE_S = 1.0
LOOK_EVERY_S = 0.05


@router.get(RUNS)
async def show_runs(request: Request, slug: str, session: SessionDep) -> Response:
    """All runs in any state, and the form that asks for another one."""
    return await draw_runs(request, session, slug)


@router.get(RUNS + "/{run_id}")
async def show_run(request: Request, slug: str, run_id: PathId, session: SessionDep) -> Response:
    """One run that is under way or has failed; one that is done is shown by its results."""
    run = await get_own_run(session, slug=slug, run_id=run_id)
    if run.state is RunState.DONE:
        return RedirectResponse(
            f"/dashboard/studies/{slug}/results?run={run_id}&note=run-done", status_code=303
        )
    study = await get_study(session, slug=slug)
    context = {
        "study": study,
        "run": None,
        "watched": run,
        "progress": step_words(run.progress),
        "words": run_words(run.configuration, labels_of(protocol_of(study))),
    }
    return draw(request, "run.html", context)


@router.get(RUNS + "/{run_id}/state.json")
async def send_state(slug: str, run_id: PathId, session: SessionDep) -> JSONResponse:
    """Where a run stands, for the script that watches it."""
    run = await get_own_run(session, slug=slug, run_id=run_id)
    return JSONResponse({"state": run.state, **step_words(run.progress)})


@router.post(RUNS + "/{run_id}/retry")
async def take_retry(
    slug: str, run_id: PathId, session: SessionDep, account: CurrentAccount
) -> Response:
    """Try a failed run again."""
    await retry_run(session, slug=slug, run_id=run_id, actor=account.email)
    return go_to(f"/dashboard/studies/{slug}/results/runs/{run_id}")


@router.post(RUNS + "/{run_id}/discard")
async def take_discard(
    slug: str, run_id: PathId, session: SessionDep, account: CurrentAccount
) -> Response:
    """Give up a run that has no results."""
    await discard_run(session, slug=slug, run_id=run_id, actor=account.email)
    return go_to(f"/dashboard/studies/{slug}/results/runs", note="run-discarded")


async def wait_for(sessions: SessionFactory, run_id: int) -> RunState:
    """The state of a run once it has ended, or after a moment."""
    give_up_at = time.monotonic() + PATIENCE_S
    while True:
        async with sessions() as session:
            state = (await get_run(session, run_id=run_id)).state
        if state in ENDED or time.monotonic() > give_up_at:
            return state
        await asyncio.sleep(LOOK_EVERY_S)


async def draw_runs(
    request: Request,
    session: AsyncSession,
    slug: str,
    *,
    typed: dict[str, Any] | None = None,
    error: BeholderError | None = None,
) -> Response:
    """The list of runs with the form, and what was wrong with what was typed."""
    study = await get_study(session, slug=slug)
    protocol = protocol_of(study)
    lines = await list_run_lines(session, slug=slug)
    labels = labels_of(protocol)
    done = [line.run_id for line in lines if line.state is RunState.DONE]
    context = {
        "study": study,
        "run": None,
        "runs": lines,
        "words": {line.run_id: run_words(line.configuration, labels) for line in lines},
        "first": done[1] if len(done) > 1 else None,
        "second": done[0] if len(done) > 1 else None,
        "has_ratings": await has_ratings(session, study_id=study.id),
        "error": error,
        "protocol": protocol,
        "checks": CHECKS,
        "intervals": INTERVALS,
        "levels": LEVELS,
        "methods": METHODS,
        "report_parts": PARTS,
        "typed": typed or default_document(protocol) | default_parts(),
    }
    return draw(request, "runs.html", context, status=error.status if error else 200)
