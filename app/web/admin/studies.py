"""All studies: where each stands, and what waits for the experimenter."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.study.needs import list_needs
from app.study.progress import list_progress
from app.web.admin.layout import draw
from app.web.state import NowDep, SessionDep

router = APIRouter()


@router.get("/dashboard")
async def show_studies(request: Request, session: SessionDep, now: NowDep) -> Response:
    """The first page after the log-in."""
    studies = await list_progress(session, now=now)
    return draw(request, "studies.html", {"studies": studies, "needs": list_needs(studies)})
