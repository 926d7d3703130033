"""The page of the step a rater is at: reload, back and a second tab all end up here."""

import math
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from app.rating.steps import Step, StepKind, View, get_step
from app.web.pages import page
from app.web.rater.scales import lay_out_scales
from app.web.security import FoundRater
from app.web.state import NowDep, SessionDep

router = APIRouter()

SOURCE = r"^[a-z0-9_-]{1,40}$"
SourceQuery = Annotated[str, Query(pattern=SOURCE)]
IdQuery = Annotated[str | None, Query(alias="id", max_length=200)]


@router.get("")
async def show_step(
    request: Request,
    slug: str,
    session: SessionDep,
    now: NowDep,
    rater: FoundRater,
    source: SourceQuery = "link",
    external_id: IdQuery = None,
) -> Response:
    """Consent, instructions, a picture to rate, a break, or thanks."""
    step = await get_step(session, slug=slug, rater_id=rater, now=now)
    arrival = {"source": source, "external_id": external_id or ""}
    return draw_step(request, slug, step, now=now, more={"arrival": arrival})


@router.get("/consent")
@router.get("/start")
@router.get("/ratings")
@router.get("/break/end")
@router.get("/leave")
async def go_to_step(slug: str) -> Response:
    """A form's address, visited after a refusal or from the history, leads to the step."""
    return back_to_step(slug)


def back_to_step(slug: str) -> RedirectResponse:
    """After every form: ask the server what is next."""
    return RedirectResponse(f"/rate/{slug}", status_code=303)


def draw_step(
    request: Request,
    slug: str,
    step: Step,
    *,
    now: datetime,
    more: dict[str, Any] | None = None,
    status: int = 200,
) -> Response:
    """The page of this step."""
    context: dict[str, Any] = {"slug": slug, "step": step, "problem": None}
    context["scales"] = lay_out_scales(step.protocol)
    if step.kind is StepKind.RATE and step.presentation is not None:
        context |= rating_context(step, step.presentation)
    if step.break_until is not None:
        context["seconds_left"] = max(0, math.ceil((step.break_until - now).total_seconds()))
    return page(request, f"rater/{step.kind}.html", context | (more or {}), status=status)


def rating_context(step: Step, view: View) -> dict[str, Any]:
    """What the rating page needs to show one presentation, rated before or not."""
    return {
        "view": view,
        "scales": lay_out_scales(step.protocol),
        "typed": view.scores,
        "problems": {},
        "focus": step.protocol.dimensions[0].key,
    }
