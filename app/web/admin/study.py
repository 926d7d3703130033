"""One study: where it stands, its protocol, and opening, pausing and closing it."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables.study import StudyState
from app.errors import BeholderError, WrongStudyState
from app.rating.sitting_log import list_sittings
from app.study.needs import list_needs
from app.study.progress import get_progress, list_usable_histogram
from app.study.studies import change_state, get_study, protocol_of
from app.web.admin.layout import draw
from app.web.admin.notes import go_to
from app.web.security import CurrentAccount
from app.web.state import NowDep, SessionDep, get_state

router = APIRouter()


@router.get("/dashboard/studies/{slug}")
async def show_study(request: Request, slug: str, session: SessionDep, now: NowDep) -> Response:
    """Progress, the rater link, recent sittings and the protocol."""
    return await _draw_study(request, slug, session, now)


@router.post("/dashboard/studies/{slug}/state")
async def take_state(
    request: Request,
    slug: str,
    session: SessionDep,
    now: NowDep,
    account: CurrentAccount,
    to: Annotated[StudyState, Form()],
) -> Response:
    """Open, pause or close; where that cannot be, the page says why."""
    try:
        await change_state(session, slug=slug, to=to, now=now, actor=account.email)
    except WrongStudyState as error:
        return await _draw_study(request, slug, session, now, error)
    return go_to(f"/dashboard/studies/{slug}", note=f"study-{to}")


async def _draw_study(
    request: Request,
    slug: str,
    session: AsyncSession,
    now: datetime,
    error: BeholderError | None = None,
) -> Response:
    study = await get_study(session, slug=slug)
    progress = await get_progress(session, slug=slug, now=now)
    context = {
        "study": study,
        "progress": progress,
        "needs": list_needs([progress]),
        "protocol": protocol_of(study),
        "histogram": await list_usable_histogram(session, study_id=study.id),
        "sittings": await list_sittings(session, study_id=study.id, most=8),
        "rater_link": f"{get_state(request).settings.base_url}/rate/{slug}",
        "error": error,
    }
    return draw(request, "study.html", context, status=error.status if error else 200)
