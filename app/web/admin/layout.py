"""A page of the dashboard: the frame, who is logged in, and what was just done."""

from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from app.web.admin.formats import FILTERS
from app.web.admin.notes import find_note
from app.web.pages import page, templates

templates.filters.update(FILTERS)


def draw(
    request: Request, name: str, context: dict[str, Any] | None = None, *, status: int = 200
) -> HTMLResponse:
    """The page ``templates/admin/<name>``; ``may_change`` says whether to show its buttons."""
    frame = {"note": find_note(request), "may_change": request.state.may_change}
    return page(request, f"admin/{name}", frame | (context or {}), status=status)
