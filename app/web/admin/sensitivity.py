"""Methods side by side: what another method, or leaving out a rater, would change."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from app.errors import InvalidInput
from app.results.runs.sections import find_section
from app.results.runs.sensitivity import RaterSensitivity, list_rater_sensitivities
from app.results.stimulus_pictures import load_pictures
from app.web.admin.layout import draw
from app.web.admin.paging import paging
from app.web.admin.results_frame import section_frame
from app.web.ids import QueryId
from app.web.state import SessionDep

router = APIRouter()

PAGE_SIZE = 25


@router.get("/dashboard/studies/{slug}/results/methods")
async def show_sensitivity(
    request: Request,
    slug: str,
    session: SessionDep,
    run: QueryId = None,
    dimension: Annotated[str, Query(max_length=60)] = "overall",
) -> Response:
    """Every method against the MOS, and the MOS with and without each rater."""
    frame = await section_frame(session, slug=slug, run_id=run, section="sensitivity")
    run_id = frame["run"].id
    if dimension not in frame["summary"].keys:
        raise InvalidInput("This run has no such dimension.")
    raters = await list_rater_sensitivities(session, run_id=run_id)
    pages = paging(request, total=len(raters), size=PAGE_SIZE)
    shown = raters[pages.offset : pages.offset + pages.size]
    methods = list(_methods(frame["section"], dimension))
    named = [*_stimuli(row["comparison"] for row in methods), *_rater_stimuli(shown, dimension)]
    context = frame | {
        "dimension": dimension,
        "methods": methods,
        "estimates": await find_section(session, run_id=run_id, name="estimates"),
        "raters": shown,
        "paging": pages,
        "pictures": await load_pictures(session, stimulus_ids=named),
    }
    return draw(request, "sensitivity.html", context)


def _methods(section: dict[str, Any] | None, dimension: str) -> Iterator[dict[str, Any]]:
    """The methods with their comparison in this dimension, None where one was refused."""
    for method in (section or {}).get("methods", ()):
        comparisons = {item["column"]: item for item in method["comparisons"]}
        yield method | {"comparison": comparisons.get(dimension)}


def _stimuli(comparisons: Iterable[dict[str, Any] | None]) -> Iterator[int]:
    for comparison in comparisons:
        for key in ("value_stimulus", "rank_stimulus"):
            if comparison and comparison[key]:
                yield int(comparison[key])


def _rater_stimuli(raters: Iterable[RaterSensitivity], dimension: str) -> Iterator[int]:
    return _stimuli(rater.document["columns"][dimension] for rater in raters)
