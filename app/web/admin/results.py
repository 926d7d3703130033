"""Results of a study: asking for an analysis, a run in short, its pictures as a table."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from app.database.tables.results import RunState
from app.errors import AnalysisImpossible, InvalidInput
from app.results.runs.configuration import parse_configuration
from app.results.runs.lookup import find_latest_run
from app.results.runs.queue import queue_run
from app.results.score_table import (
    ScoreColumn,
    ScoreOrder,
    count_scored,
    list_score_table,
)
from app.study.stimuli import count_usable_ratings
from app.study.studies import get_study
from app.web.admin.analysis_form import configuration_document
from app.web.admin.analysis_parts import parts_document
from app.web.admin.layout import draw
from app.web.admin.notes import go_to
from app.web.admin.paging import paging
from app.web.admin.results_frame import results_frame
from app.web.admin.run_words import run_words
from app.web.admin.runs import draw_runs, wait_for
from app.web.ids import QueryId
from app.web.security import CurrentAccount
from app.web.state import NowDep, SessionDep, StateDep

router = APIRouter()

PAGE_SIZE = 50


@router.get("/dashboard/studies/{slug}/results")
async def show_results(
    request: Request, slug: str, session: SessionDep, run: QueryId = None
) -> Response:
    """The newest run, or the one asked for; without any, the form that makes one."""
    study = await get_study(session, slug=slug)
    if run is None and await find_latest_run(session, study_id=study.id) is None:
        return await draw_runs(request, session, slug)
    frame = await results_frame(session, slug=slug, run_id=run)
    context = frame | {
        "usable_ratings": await count_usable_ratings(session, study_id=study.id),
        "words": run_words(frame["run"].configuration, frame["summary"].labels),
    }
    return draw(request, "results.html", context)


@router.post("/dashboard/studies/{slug}/results")
async def take_analysis(
    request: Request, slug: str, state: StateDep, now: NowDep, account: CurrentAccount
) -> Response:
    """Ask for an analysis as the form says, and wait a moment for its end."""
    form = await request.form()
    typed = configuration_document(form) | parts_document(form)
    try:
        async with state.sessions.begin() as session:
            run_id = await queue_run(
                session,
                slug=slug,
                configuration=parse_configuration(typed),
                actor=account.email,
                now=now,
            )
    except (InvalidInput, AnalysisImpossible) as error:
        async with state.sessions() as session:
            return await draw_runs(request, session, slug, typed=typed, error=error)
    if state.settings.analysis_worker and await wait_for(state.sessions, run_id) is RunState.DONE:
        return go_to(f"/dashboard/studies/{slug}/results", note="run-done")
    return go_to(f"/dashboard/studies/{slug}/results/runs/{run_id}")


@router.get("/dashboard/studies/{slug}/results/stimuli")
async def show_scores(
    request: Request,
    slug: str,
    session: SessionDep,
    run: QueryId = None,
    dimension: Annotated[str, Query(max_length=60)] = "overall",
    column: Annotated[ScoreColumn, Query()] = ScoreColumn.MOS,
    ascending: bool = False,
    generator: str = "",
) -> Response:
    """The stimuli of a run in the order of any column."""
    frame = await results_frame(session, slug=slug, run_id=run)
    run_id = frame["run"].id
    if dimension not in frame["summary"].keys:
        raise InvalidInput("This run has no such dimension.")
    generators = await count_scored(session, run_id=run_id)
    total = generators.get(generator, 0) if generator else sum(generators.values())
    pages = paging(request, total=total, size=PAGE_SIZE)
    order = ScoreOrder(dimension, column, is_descending=not ascending)
    context = frame | {
        "paging": pages,
        "order": order,
        "generator": generator,
        "generators": generators,
        "stimuli": await list_score_table(
            session,
            run_id=run_id,
            order=order,
            generator=generator or None,
            limit=pages.size,
            offset=pages.offset,
        ),
    }
    return draw(request, "scores.html", context)
