"""The front door, and the two addresses by which machines ask how Beholder is."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy import text

from app.web.pages import page
from app.web.state import SessionDep, StateDep

router = APIRouter(include_in_schema=False)


@router.get("/")
async def show_home(request: Request) -> Response:
    """What this is, and the way to the dashboard; studies are reached by their own links."""
    return page(request, "home.html")


@router.get("/health")
async def report_health() -> JSONResponse:
    """The process answers."""
    return JSONResponse({"status": "alive"})


@router.get("/ready")
async def report_readiness(session: SessionDep, state: StateDep) -> JSONResponse:
    """Ratings can be taken: the database answers and pictures can be stored."""
    await session.execute(text("SELECT 1"))
    if not state.blobs.is_writable():
        return JSONResponse({"status": "blob store not writable"}, status_code=503)
    return JSONResponse({"status": "ready"})
