"""Pausing, leaving and withdrawing; each is possible at any time."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.rating.sittings import end_break, leave_sitting
from app.rating.steps import get_step
from app.rating.withdrawal import withdraw
from app.web.pages import page
from app.web.rater.step import back_to_step
from app.web.security import KnownRater, OwnForm
from app.web.state import NowDep, SessionDep

router = APIRouter()


@router.post("/break/end", dependencies=[OwnForm])
async def go_on(slug: str, session: SessionDep, now: NowDep, rater: KnownRater) -> Response:
    """Go on after a break."""
    await end_break(session, slug=slug, rater_id=rater, now=now)
    return back_to_step(slug)


@router.post("/leave", dependencies=[OwnForm])
async def leave(slug: str, session: SessionDep, now: NowDep, rater: KnownRater) -> Response:
    """Finish the sitting early; what is rated stays."""
    await leave_sitting(session, slug=slug, rater_id=rater, now=now)
    return back_to_step(slug)


@router.get("/withdraw")
async def explain_withdrawal(
    request: Request, slug: str, session: SessionDep, now: NowDep, rater: KnownRater
) -> Response:
    """What withdrawing does, before it is done."""
    step = await get_step(session, slug=slug, rater_id=rater, now=now)
    return page(request, "rater/withdraw.html", {"slug": slug, "step": step})


@router.post("/withdraw", dependencies=[OwnForm])
async def erase_ratings(slug: str, session: SessionDep, now: NowDep, rater: KnownRater) -> Response:
    """Erase this rater's ratings; the page that follows says so."""
    await withdraw(session, slug=slug, rater_id=rater, now=now)
    return back_to_step(slug)
