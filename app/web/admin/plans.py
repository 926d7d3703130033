"""Generation plans: how far each is, what failed, and trying that again."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.pool.plan_progress import list_plan_progress, retry_failed_items
from app.web.admin.fields import texts
from app.web.admin.layout import draw
from app.web.admin.notes import go_to
from app.web.security import CurrentAccount
from app.web.state import SessionDep

router = APIRouter()


@router.get("/dashboard/pool/plans")
async def show_plans(request: Request, session: SessionDep) -> Response:
    """All plans, newest first."""
    return draw(request, "plans.html", {"plans": await list_plan_progress(session)})


@router.post("/dashboard/pool/plans/retry")
async def take_retry(request: Request, session: SessionDep, account: CurrentAccount) -> Response:
    """Make a plan's failed pictures pending again."""
    name = texts(await request.form()).get("plan", "")
    retried = await retry_failed_items(session, name=name, actor=account.email)
    return go_to("/dashboard/pool/plans", note="plan-retried", n=retried)
