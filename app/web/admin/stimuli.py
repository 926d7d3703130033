"""The pictures of a study: which it has, and taking more from the pool."""

import secrets
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables.study import StimulusKind
from app.errors import BeholderError, Conflict, InvalidInput
from app.pool.browse import list_generators
from app.study.drafts import remove_stimuli
from app.study.progress import get_progress
from app.study.selection import count_selectable, select_main, select_training
from app.study.stimulus_list import StimulusOrder, list_stimuli
from app.study.studies import get_study
from app.web.admin.fields import find_whole_number, texts
from app.web.admin.layout import draw
from app.web.admin.notes import go_to
from app.web.admin.paging import paging
from app.web.security import CurrentAccount
from app.web.state import NowDep, SessionDep

router = APIRouter()

PAGE_SIZE = 60
ORDERS = {
    StimulusOrder.ADDED: "as added",
    StimulusOrder.FEWEST: "fewest ratings first",
    StimulusOrder.MOST: "most ratings first",
}
SEED_BITS = 62  # fits PostgreSQL's signed bigint


@router.get("/dashboard/studies/{slug}/stimuli")
async def show_stimuli(
    request: Request,
    slug: str,
    session: SessionDep,
    now: NowDep,
    kind: Annotated[StimulusKind, Query()] = StimulusKind.MAIN,
    order: Annotated[StimulusOrder, Query()] = StimulusOrder.ADDED,
) -> Response:
    """Thumbnails with their ratings, and the forms that add more."""
    return await _draw(request, session, now, slug, kind=kind, order=order)


@router.post("/dashboard/studies/{slug}/stimuli/main")
async def take_main(
    request: Request, slug: str, session: SessionDep, now: NowDep, account: CurrentAccount
) -> Response:
    """Add pictures to rate, of the generators chosen, all or some at random."""
    form = await request.form()
    typed = texts(form)
    try:
        added = await select_main(
            session,
            slug=slug,
            generators=[str(generator) for generator in form.getlist("generator")],
            count=find_whole_number(typed, "count"),
            seed=secrets.randbits(SEED_BITS),
            actor=account.email,
        )
    except (InvalidInput, Conflict) as error:
        return await _draw(request, session, now, slug, error=error)
    return go_to(f"/dashboard/studies/{slug}/stimuli", note="main-added", n=added)


@router.post("/dashboard/studies/{slug}/stimuli/training")
async def take_training(
    request: Request, slug: str, session: SessionDep, now: NowDep, account: CurrentAccount
) -> Response:
    """Add training pictures at random."""
    typed = texts(await request.form())
    try:
        added = await select_training(
            session,
            slug=slug,
            count=find_whole_number(typed, "count") or 0,
            seed=secrets.randbits(SEED_BITS),
            actor=account.email,
        )
    except (InvalidInput, Conflict) as error:
        return await _draw(request, session, now, slug, error=error)
    address = f"/dashboard/studies/{slug}/stimuli"
    return go_to(address, note="training-added", n=added)


@router.post("/dashboard/studies/{slug}/stimuli/remove")
async def take_removal(
    request: Request,
    slug: str,
    session: SessionDep,
    now: NowDep,
    account: CurrentAccount,
    kind: Annotated[StimulusKind, Form()],
) -> Response:
    """Take all pictures of one kind out of a draft."""
    try:
        removed = await remove_stimuli(session, slug=slug, kind=kind, actor=account.email)
    except Conflict as error:
        return await _draw(request, session, now, slug, error=error)
    return go_to(f"/dashboard/studies/{slug}/stimuli", note="stimuli-removed", n=removed)


async def _draw(
    request: Request,
    session: AsyncSession,
    now: datetime,
    slug: str,
    *,
    kind: StimulusKind = StimulusKind.MAIN,
    order: StimulusOrder = StimulusOrder.ADDED,
    error: BeholderError | None = None,
) -> Response:
    study = await get_study(session, slug=slug)
    progress = await get_progress(session, slug=slug, now=now)
    is_main = kind is StimulusKind.MAIN
    total = progress.main_stimuli if is_main else progress.training_stimuli
    pages = paging(request, total=total, size=PAGE_SIZE)
    context = {
        "study": study,
        "progress": progress,
        "kind": kind,
        "order": order,
        "orders": ORDERS,
        "paging": pages,
        "stimuli": await list_stimuli(
            session,
            study_id=study.id,
            kind=kind,
            order=order,
            limit=pages.size,
            offset=pages.offset,
        ),
        "generators": await list_generators(session),
        "selectable": await count_selectable(session, slug=slug),
        "error": error,
    }
    return draw(request, "stimuli.html", context, status=error.status if error else 200)
