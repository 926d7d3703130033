"""The picture of a presentation, under an address that says nothing about it."""

import asyncio
import uuid

from fastapi import APIRouter
from fastapi.responses import Response

from app.rating.pictures import get_picture_address
from app.web.security import KnownRater
from app.web.state import SessionDep, StateDep

router = APIRouter()

HEADERS = {
    "Cache-Control": "private, max-age=31536000, immutable",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@router.get("/pictures/{presentation_id}")
async def send_picture(
    slug: str, presentation_id: uuid.UUID, session: SessionDep, state: StateDep, rater: KnownRater
) -> Response:
    """The bare rendition, to its own rater alone; it never changes, so browsers may keep it."""
    address = await get_picture_address(
        session, slug=slug, rater_id=rater, presentation_id=presentation_id
    )
    content = await asyncio.to_thread(state.blobs.get, address)
    return Response(content, media_type="image/png", headers=HEADERS)
