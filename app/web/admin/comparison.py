"""Two runs of a study side by side."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.results.runs.comparison import compare_runs, find_newest_two
from app.results.stimulus_pictures import load_pictures
from app.study.studies import get_study
from app.web.admin.layout import draw
from app.web.admin.origin import origin_of
from app.web.ids import QueryId
from app.web.state import SessionDep

router = APIRouter()


@router.get("/dashboard/studies/{slug}/results/compare")
async def show_comparison(
    request: Request, slug: str, session: SessionDep, a: QueryId = None, b: QueryId = None
) -> Response:
    """In what two runs differ, or the two newest: configuration, verdicts, scores."""
    study = await get_study(session, slug=slug)
    if a is None or b is None:
        a, b = await find_newest_two(session, slug=slug)
    found = await compare_runs(session, slug=slug, first=a, second=b)
    changed = [
        change.stimulus_id
        for dimension in found.dimensions
        for change in (*dimension.by_value, *dimension.by_rank)
    ]
    context = {
        "study": study,
        "run": None,
        "found": found,
        "origins": [origin_of(found.first), origin_of(found.second)],
        "pictures": await load_pictures(session, stimulus_ids=changed),
    }
    return draw(request, "comparison.html", context)
