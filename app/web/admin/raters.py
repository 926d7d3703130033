"""Raters of a study: what they gave, what the checks say of them, and taking part or not."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables.rating import RaterStatus
from app.errors import BeholderError, Conflict, InvalidInput
from app.rating.panel import list_beside_panel
from app.rating.raters import exclude_rater, get_rater, list_raters, readmit_rater
from app.rating.sitting_log import list_sittings
from app.results.runs import find_latest_run
from app.results.verdicts import RaterVerdict, list_verdicts
from app.study.progress import get_progress
from app.study.studies import get_study, protocol_of
from app.web.admin.fields import texts
from app.web.admin.layout import draw
from app.web.admin.notes import go_to
from app.web.admin.paging import paging
from app.web.security import CurrentAccount
from app.web.state import NowDep, SessionDep

router = APIRouter()

PAGE_SIZE = 100


@router.get("/dashboard/studies/{slug}/raters")
async def show_raters(
    request: Request,
    slug: str,
    session: SessionDep,
    now: NowDep,
    status: Annotated[RaterStatus | None, Query()] = None,
) -> Response:
    """All raters, newest first, with the verdict of the latest run."""
    study = await get_study(session, slug=slug)
    progress = await get_progress(session, slug=slug, now=now)
    total = progress.rater_count if status is None else progress.raters.get(status, 0)
    pages = paging(request, total=total, size=PAGE_SIZE)
    raters = await list_raters(
        session, slug=slug, status=status, limit=pages.size, offset=pages.offset
    )
    run = await find_latest_run(session, study_id=study.id)
    shown = [rater.rater_id for rater in raters]
    verdicts = await list_verdicts(session, run_id=run.id, rater_ids=shown) if run else []
    context = {
        "study": study,
        "progress": progress,
        "protocol": protocol_of(study),
        "raters": raters,
        "paging": pages,
        "status": status,
        "run": run,
        "verdicts": {verdict.rater_id: verdict for verdict in verdicts},
        "is_partial": any(r.statistics.looked_at < r.ratings for r in raters),
    }
    return draw(request, "raters.html", context)


@router.get("/dashboard/studies/{slug}/raters/{code}")
async def show_rater(request: Request, slug: str, code: str, session: SessionDep) -> Response:
    """One rater: evidence of every check, scores beside the panel's, sittings."""
    return await _draw_rater(request, session, slug, code)


@router.post("/dashboard/studies/{slug}/raters/{code}/exclude")
async def take_exclusion(
    request: Request,
    slug: str,
    code: str,
    session: SessionDep,
    now: NowDep,
    account: CurrentAccount,
) -> Response:
    """Exclude the rater, for the reason typed."""
    typed = texts(await request.form())
    reason = typed.get("reason", "")
    try:
        await exclude_rater(
            session, slug=slug, public_code=code, reason=reason, actor=account.email, now=now
        )
    except (InvalidInput, Conflict) as error:
        return await _draw_rater(request, session, slug, code, reason=reason, error=error)
    return go_to(f"/dashboard/studies/{slug}/raters/{code}", note="rater-excluded")


@router.post("/dashboard/studies/{slug}/raters/{code}/readmit")
async def take_readmission(
    request: Request, slug: str, code: str, session: SessionDep, account: CurrentAccount
) -> Response:
    """Take an exclusion back."""
    try:
        await readmit_rater(session, slug=slug, public_code=code, actor=account.email)
    except Conflict as error:
        return await _draw_rater(request, session, slug, code, error=error)
    return go_to(f"/dashboard/studies/{slug}/raters/{code}", note="rater-readmitted")


async def _draw_rater(
    request: Request,
    session: AsyncSession,
    slug: str,
    code: str,
    *,
    reason: str = "",
    error: BeholderError | None = None,
) -> Response:
    study = await get_study(session, slug=slug)
    rater = await get_rater(session, slug=slug, public_code=code)
    run = await find_latest_run(session, study_id=study.id)
    verdicts: Sequence[RaterVerdict] = ()
    if run is not None:
        verdicts = await list_verdicts(session, run_id=run.id, rater_ids=[rater.rater_id])
    protocol = protocol_of(study)
    context = {
        "study": study,
        "protocol": protocol,
        "labels": {dimension.key: dimension.label for dimension in protocol.dimensions},
        "rater": rater,
        "run": run,
        "verdict": next(iter(verdicts), None),
        "beside": await list_beside_panel(session, slug=slug, public_code=code),
        "sittings": await list_sittings(session, study_id=study.id, public_code=code, most=20),
        "reason": reason,
        "error": error,
    }
    return draw(request, "rater.html", context, status=error.status if error else 200)
