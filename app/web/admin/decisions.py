"""Decisions about proposed raters: confirm, overrule, take back; and analyse with them."""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import Conflict, InvalidInput
from app.results.runs.configuration import AnalysisConfiguration
from app.results.runs.lookup import get_study_run
from app.results.runs.queue import queue_run
from app.results.screening.decisions import (
    confirm_rejection,
    overrule_rejection,
    take_back_decision,
)
from app.web.admin.fields import texts
from app.web.admin.notes import go_to
from app.web.admin.raters import draw_rater
from app.web.security import CurrentAccount
from app.web.state import NowDep, SessionDep

router = APIRouter()


@router.post("/dashboard/studies/{slug}/raters/{code}/confirm")
async def take_confirmation(
    request: Request, slug: str, code: str, session: SessionDep, account: CurrentAccount
) -> Response:
    """Confirm the rejection that the newest run proposes, for the reason typed."""
    actor = account.email
    return await _decide(request, session, slug, code, actor, "confirm", confirm_rejection)


@router.post("/dashboard/studies/{slug}/raters/{code}/overrule")
async def take_overruling(
    request: Request, slug: str, code: str, session: SessionDep, account: CurrentAccount
) -> Response:
    """Keep the rater in spite of the proposal, for the reason typed."""
    actor = account.email
    return await _decide(request, session, slug, code, actor, "overrule", overrule_rejection)


@router.post("/dashboard/studies/{slug}/raters/{code}/take-back")
async def take_taking_back(
    request: Request, slug: str, code: str, session: SessionDep, account: CurrentAccount
) -> Response:
    """Leave the rater to the checks again."""
    try:
        await take_back_decision(session, slug=slug, public_code=code, actor=account.email)
    except Conflict as error:
        return await draw_rater(request, session, slug, code, error=error)
    return go_to(f"/dashboard/studies/{slug}/raters/{code}", note="decision-taken-back")


@router.post("/dashboard/studies/{slug}/raters-analysis")
async def take_analysis_again(
    slug: str, session: SessionDep, now: NowDep, account: CurrentAccount
) -> Response:
    """Analyse once more, as in the newest run, with the decisions of the moment."""
    run = await get_study_run(session, slug=slug, run_id=None)
    configuration = AnalysisConfiguration.model_validate(run.configuration).undecided()
    run_id = await queue_run(
        session, slug=slug, configuration=configuration, actor=account.email, now=now
    )
    return go_to(f"/dashboard/studies/{slug}/results/runs/{run_id}", note="run-asked-again")


async def _decide(
    request: Request,
    session: AsyncSession,
    slug: str,
    code: str,
    actor: str,
    what: str,
    decide: Callable[..., Awaitable[None]],
) -> Response:
    reason = texts(await request.form()).get("reason", "")
    try:
        await decide(session, slug=slug, public_code=code, reason=reason, actor=actor)
    except (InvalidInput, Conflict) as error:
        return await draw_rater(request, session, slug, code, typed={what: reason}, error=error)
    return go_to(f"/dashboard/studies/{slug}/raters/{code}", note=f"rejection-{what}")
