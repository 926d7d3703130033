"""Arriving: consent makes a rater, and the instructions' button opens a sitting."""

import re
import secrets

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.errors import ConsentRequired, InvalidInput
from app.rating.arrival import join_study
from app.rating.sittings import open_sitting
from app.rating.steps import StepKind, get_step
from app.web.rater.forms import parse_environment, text_of
from app.web.rater.step import SOURCE, back_to_step, draw_step
from app.web.security import FoundRater, KnownRater, OwnForm, remember_rater
from app.web.state import NowDep, SessionDep, StateDep

router = APIRouter()

SEED_BITS = 62  # fits PostgreSQL's signed bigint


@router.post("/consent", dependencies=[OwnForm])
async def accept_consent(
    request: Request,
    slug: str,
    session: SessionDep,
    state: StateDep,
    now: NowDep,
    rater: FoundRater,
) -> Response:
    """Join the study; a second click, or one in another tab, joins only once."""
    step = await get_step(session, slug=slug, rater_id=rater, now=now)
    if rater is not None and step.kind is not StepKind.CONSENT:
        return back_to_step(slug)
    form = await request.form()
    arrival = {"source": text_of(form, "source") or "link", "external_id": text_of(form, "id")}
    if not re.fullmatch(SOURCE, arrival["source"]):
        raise InvalidInput("This link is damaged; please use the link that you were given.")
    try:
        joined = await join_study(
            session,
            slug=slug,
            consent_version=text_of(form, "consent_version"),
            source=arrival["source"],
            external_id=arrival["external_id"] or None,
            now=now,
        )
    except ConsentRequired as error:
        more = {"arrival": arrival, "problem": error.message}
        return draw_step(request, slug, step, now=now, more=more, status=InvalidInput.status)
    response = back_to_step(slug)
    remember_rater(response, state, slug=slug, rater=joined)
    return response


@router.post("/start", dependencies=[OwnForm])
async def start_sitting(
    request: Request, slug: str, session: SessionDep, now: NowDep, rater: KnownRater
) -> Response:
    """Open a sitting, noting the window in which the pictures will be seen."""
    await open_sitting(
        session,
        slug=slug,
        rater_id=rater,
        environment=parse_environment(await request.form()),
        now=now,
        seed=secrets.randbits(SEED_BITS),
    )
    return back_to_step(slug)
