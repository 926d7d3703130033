"""Prompts of the pool: reading them, and importing more from a file."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import UploadFile

from app.errors import BeholderError, InvalidInput
from app.pool.browse import count_pool
from app.pool.prompts import PromptImport, import_prompts, list_prompts
from app.web.admin.access import LARGEST_UPLOAD_BYTES
from app.web.admin.layout import draw
from app.web.ids import HIGHEST_ID
from app.web.security import CurrentAccount
from app.web.state import SessionDep

router = APIRouter()

PAGE_SIZE = 100


@router.get("/dashboard/pool/prompts")
async def show_prompts(
    request: Request,
    session: SessionDep,
    search: Annotated[str, Query(max_length=200)] = "",
    after: Annotated[int, Query(ge=0, le=HIGHEST_ID)] = 0,
) -> Response:
    """Prompts in the order in which they came."""
    return await _draw(request, session, search=search, after=after)


@router.post("/dashboard/pool/prompts", max_body_size=LARGEST_UPLOAD_BYTES)
async def take_prompts(request: Request, session: SessionDep, account: CurrentAccount) -> Response:
    """Import the prompts of a file, all or none; mistakes are listed by line."""
    upload = (await request.form()).get("file")
    try:
        if not isinstance(upload, UploadFile) or not upload.filename:
            raise InvalidInput("Please choose a file first.")
        done = await import_prompts(
            session,
            content=await upload.read(),
            file_name=upload.filename,
            actor=account.email,
        )
    except InvalidInput as error:
        return await _draw(request, session, error=error)
    return await _draw(request, session, done=done)


async def _draw(
    request: Request,
    session: AsyncSession,
    *,
    search: str = "",
    after: int = 0,
    done: PromptImport | None = None,
    error: BeholderError | None = None,
) -> Response:
    # One more than fits tells whether there is a next page.
    found = await list_prompts(session, search=search, after_id=after, size=PAGE_SIZE + 1)
    prompts = found[:PAGE_SIZE]
    kept = {"search": search} if search else {}
    following = None
    if len(found) > PAGE_SIZE:
        following = "?" + urlencode(kept | {"after": str(prompts[-1].id)})
    context = {
        "counts": await count_pool(session),
        "prompts": prompts,
        "search": search,
        "is_first": after == 0,
        "first": "?" + urlencode(kept),
        "following": following,
        "done": done,
        "error": error,
    }
    return draw(request, "prompts.html", context, status=error.status if error else 200)
