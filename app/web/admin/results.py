"""Results of a study: running an analysis, and reading what a run says."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables.results import Verdict
from app.errors import AnalysisImpossible, BeholderError, InvalidInput
from app.results.configuration import parse_configuration
from app.results.run_summary import summary_of
from app.results.runs import get_study_run, list_runs, run_analysis
from app.results.score_table import (
    ScoreColumn,
    ScoreOrder,
    count_scored,
    list_score_table,
)
from app.results.summaries import list_generator_means
from app.results.verdicts import list_verdicts
from app.study.progress import get_progress
from app.study.studies import get_study, protocol_of
from app.web.admin.analysis_form import (
    CHECKS,
    INTERVALS,
    LEVELS,
    configuration_document,
    default_document,
)
from app.web.admin.layout import draw
from app.web.admin.notes import go_to
from app.web.admin.origin import origin_of
from app.web.admin.paging import paging
from app.web.ids import QueryId
from app.web.security import CurrentAccount
from app.web.state import NowDep, SessionDep

router = APIRouter()

PAGE_SIZE = 50


@router.get("/dashboard/studies/{slug}/results")
async def show_results(
    request: Request, slug: str, session: SessionDep, now: NowDep, run: QueryId = None
) -> Response:
    """The newest run, or the one asked for; without any, the form that makes one."""
    return await _draw(request, session, now, slug, run_id=run)


@router.post("/dashboard/studies/{slug}/results")
async def take_analysis(
    request: Request, slug: str, session: SessionDep, now: NowDep, account: CurrentAccount
) -> Response:
    """Analyse the ratings there are now, as the form says."""
    form = await request.form()
    try:
        await run_analysis(
            session,
            slug=slug,
            configuration=parse_configuration(configuration_document(form)),
            actor=account.email,
            now=now,
        )
    except (InvalidInput, AnalysisImpossible) as error:
        typed = configuration_document(form)
        return await _draw(request, session, now, slug, typed=typed, error=error)
    return go_to(f"/dashboard/studies/{slug}/results", note="run-done")


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
    study = await get_study(session, slug=slug)
    found = await get_study_run(session, slug=slug, run_id=run)
    summary = summary_of(found)
    if dimension not in summary.keys:
        raise InvalidInput("This run has no such dimension.")
    generators = await count_scored(session, run_id=found.id)
    total = generators.get(generator, 0) if generator else sum(generators.values())
    pages = paging(request, total=total, size=PAGE_SIZE)
    order = ScoreOrder(dimension, column, is_descending=not ascending)
    context = {
        "study": study,
        "run": found,
        "origin": origin_of(found),
        "summary": summary,
        "paging": pages,
        "order": order,
        "generator": generator,
        "generators": generators,
        "stimuli": await list_score_table(
            session,
            run_id=found.id,
            order=order,
            generator=generator or None,
            limit=pages.size,
            offset=pages.offset,
        ),
    }
    return draw(request, "scores.html", context)


async def _draw(
    request: Request,
    session: AsyncSession,
    now: datetime,
    slug: str,
    *,
    run_id: int | None = None,
    typed: dict[str, Any] | None = None,
    error: BeholderError | None = None,
) -> Response:
    study = await get_study(session, slug=slug)
    protocol = protocol_of(study)
    runs = await list_runs(session, slug=slug)
    context: dict[str, Any] = {
        "study": study,
        "protocol": protocol,
        "progress": await get_progress(session, slug=slug, now=now),
        "runs": runs,
        "run": None,
        "checks": CHECKS,
        "intervals": INTERVALS,
        "levels": LEVELS,
        "typed": typed or default_document(protocol),
        "error": error,
    }
    if runs:
        run = await get_study_run(session, slug=slug, run_id=run_id)
        verdicts = await list_verdicts(session, run_id=run.id)
        context |= {
            "run": run,
            "origin": origin_of(run),
            "summary": summary_of(run),
            "rejected": [verdict for verdict in verdicts if verdict.verdict is Verdict.REJECTED],
            "means": await list_generator_means(session, run_id=run.id),
        }
    return draw(request, "results.html", context, status=error.status if error else 200)
