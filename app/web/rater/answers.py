"""Answering: scores come in by form or by script, and earlier ones may be corrected."""

import uuid
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response

from app.errors import InvalidInput, NotFound, RatingIncomplete, ScoreOutOfScale
from app.rating.ratings import submit_rating
from app.rating.steps import StepKind, View, get_presentation, get_step, list_upcoming
from app.rating.views import find_previous
from app.web.errors import wants_json
from app.web.pages import page
from app.web.rater.documents import receipt_document, view_document
from app.web.rater.forms import Answer, parse_answer
from app.web.rater.step import back_to_step, rating_context
from app.web.security import KnownRater, OwnForm
from app.web.state import NowDep, SessionDep

router = APIRouter()

# The picture to rate now, and those whose files the page fetches and decodes ahead.
UPCOMING_COUNT = 4


@router.post("/ratings", dependencies=[OwnForm])
async def take_rating(
    request: Request, slug: str, session: SessionDep, now: NowDep, rater: KnownRater
) -> Response:
    """Store one act of judging; the same answer sent again gets the first receipt."""
    answer = parse_answer(await request.form())
    try:
        receipt = await submit_rating(
            session,
            slug=slug,
            rater_id=rater,
            presentation_id=answer.presentation_id,
            scores=answer.scores,
            revision=answer.revision,
            dwell_ms=answer.dwell_ms,
            shown_px=answer.shown_px,
            now=now,
        )
    except (RatingIncomplete, ScoreOutOfScale) as error:
        if wants_json(request):
            raise
        return await _ask_again(request, slug, session, now, rater, answer, error)
    if wants_json(request):
        return JSONResponse(receipt_document(receipt))
    return back_to_step(slug)


@router.get("/upcoming")
async def list_next(slug: str, session: SessionDep, rater: KnownRater) -> Response:
    """The next presentations, for fetching their pictures ahead."""
    views = await list_upcoming(session, slug=slug, rater_id=rater, count=UPCOMING_COUNT)
    return JSONResponse([view_document(view, slug) for view in views])


@router.get("/previous")
async def show_previous(
    request: Request,
    slug: str,
    session: SessionDep,
    now: NowDep,
    rater: KnownRater,
    before: Annotated[uuid.UUID | None, Query()] = None,
) -> Response:
    """The presentation rated before this one, with its scores, to be corrected."""
    view = await find_previous(session, slug=slug, rater_id=rater, before=before)
    if wants_json(request):
        if view is None:
            raise NotFound("There is no earlier picture in this sitting.")
        return JSONResponse(view_document(view, slug))
    if view is None:
        return back_to_step(slug)
    return await _draw_rating(request, slug, session, now, rater, view)


async def _ask_again(
    request: Request,
    slug: str,
    session: SessionDep,
    now: datetime,
    rater: uuid.UUID,
    answer: Answer,
    error: InvalidInput,
) -> Response:
    """The same picture, what was typed, and beside each field what is wrong with it."""
    view = await get_presentation(
        session, slug=slug, rater_id=rater, presentation_id=answer.presentation_id
    )
    return await _draw_rating(request, slug, session, now, rater, view, answer, error)


async def _draw_rating(
    request: Request,
    slug: str,
    session: SessionDep,
    now: datetime,
    rater: uuid.UUID,
    view: View,
    answer: Answer | None = None,
    error: InvalidInput | None = None,
) -> Response:
    """The rating page for a presentation other than the next one, or for a refused answer."""
    step = await get_step(session, slug=slug, rater_id=rater, now=now)
    if step.progress is None:
        return back_to_step(slug)
    context = {"slug": slug, "step": step, "problem": None} | rating_context(step, view)
    if answer is not None and error is not None:
        problems = {problem.where: problem.sentence for problem in error.problems}
        context |= {"typed": answer.scores, "problem": error.message, "problems": problems}
        context["focus"] = next(iter(problems), context["focus"])
    status = error.status if error else 200
    return page(request, f"rater/{StepKind.RATE}.html", context, status=status)
