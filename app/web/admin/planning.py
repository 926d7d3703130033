"""Planning of a study: raters for a goal, intervals so far, time and money left."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.errors import InvalidInput
from app.results.planning.sentences import hours, study_sentences
from app.results.planning.study import Goals, parse_goals, study_plan
from app.study.studies import get_study, protocol_of
from app.web.admin.layout import draw
from app.web.admin.planning_form import FIELDS, INTERVALS, QUESTIONS, goals_document, typed_of
from app.web.state import NowDep, SessionDep

router = APIRouter()


@router.get("/dashboard/studies/{slug}/planning")
async def show_planning(request: Request, slug: str, session: SessionDep, now: NowDep) -> Response:
    """What the study needs for the goals in the address; without any, for the usual ones."""
    study = await get_study(session, slug=slug)
    typed = {name: request.query_params[name] for name in FIELDS if name in request.query_params}
    error = None
    try:
        goals = parse_goals(goals_document(typed))
        plan = await study_plan(session, slug, now, goals=goals)
    except InvalidInput as refusal:
        error, goals = refusal, Goals()
        plan = await study_plan(session, slug, now)
    context = {
        "study": study,
        "protocol": protocol_of(study),
        "plan": plan,
        "sentences": study_sentences(plan),
        "hours": hours,
        "typed": typed_of(goals, plan.half_width) | (typed if error else {}),
        "questions": QUESTIONS,
        "intervals": INTERVALS,
        "error": error,
        "problems": {problem.where: problem.sentence for problem in error.problems}
        if error
        else {},
    }
    return draw(request, "planning.html", context, status=error.status if error else 200)
