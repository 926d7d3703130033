"""The screening table of a run: raters by checks, and what each check alone would say."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from app.results.runs.sections import find_section
from app.results.screening.verdicts import Standing, count_by_rule, list_verdicts
from app.web.admin.evidence_words import grounds_in_words
from app.web.admin.layout import draw
from app.web.admin.paging import paging
from app.web.admin.results_frame import results_frame
from app.web.ids import QueryId
from app.web.state import SessionDep

router = APIRouter()

PAGE_SIZE = 100


@router.get("/dashboard/studies/{slug}/results/screening")
async def show_screening(
    request: Request,
    slug: str,
    session: SessionDep,
    run: QueryId = None,
    standing: Annotated[Standing | None, Query()] = None,
) -> Response:
    """Every rater of a run with the outcome of every check, the rejected first."""
    frame = await results_frame(session, slug=slug, run_id=run)
    everyone = await list_verdicts(session, run_id=frame["run"].id)
    shown = [rater for rater in everyone if standing in (None, rater.standing)]
    pages = paging(request, total=len(shown), size=PAGE_SIZE)
    raters = shown[pages.offset : pages.offset + pages.size]
    counts = {each: sum(rater.standing is each for rater in everyone) for each in Standing}
    section = await find_section(session, run_id=frame["run"].id, name="sensitivity") or {}
    context = frame | {
        "other_rules": section.get("rules", ()),
        "raters": raters,
        "reasons": {
            rater.rater_id: grounds_in_words(rater.grounds, frame["summary"].labels)
            for rater in raters
        },
        "paging": pages,
        "standing": standing,
        "standings": counts,
        "rules": await count_by_rule(session, run=frame["run"]),
    }
    return draw(request, "screening.html", context)
