"""Factors: what generators, settings and prompts have to do with the scores."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from app.errors import InvalidInput
from app.web.admin.layout import draw
from app.web.admin.results_frame import section_frame
from app.web.ids import QueryId
from app.web.state import SessionDep

router = APIRouter()

METHODS = {
    "share_method": "factors/variance-share",
    "mean_method": "factors/clustered-mean",
    "difference_method": "factors/setting-difference",
    "agreement_method": "factors/dimensions-within-generator",
}


@router.get("/dashboard/studies/{slug}/results/factors")
async def show_factors(
    request: Request,
    slug: str,
    session: SessionDep,
    run: QueryId = None,
    dimension: Annotated[str, Query(max_length=60)] = "overall",
) -> Response:
    """Generators, settings relative to their default, prompts, and how much each explains."""
    frame = await section_frame(session, slug=slug, run_id=run, section="factors")
    if dimension not in frame["summary"].keys:
        raise InvalidInput("This run has no such dimension.")
    dimensions = (frame["section"] or {}).get("dimensions", ())
    context = (
        frame
        | METHODS
        | {
            "dimension": dimension,
            "found": next((each for each in dimensions if each["key"] == dimension), None),
        }
    )
    return draw(request, "factors.html", context)
