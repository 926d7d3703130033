"""Pictures for the dashboard: thumbnails and display renditions, for those who are logged in."""

import asyncio

from fastapi import APIRouter
from fastapi.responses import Response

from app.pool.addresses import get_picture_addresses
from app.web.ids import PathId
from app.web.state import SessionDep, StateDep

router = APIRouter()

# An image's bytes never change; only a browser that was logged in may keep them.
CACHING = {"Cache-Control": "private, max-age=31536000, immutable"}


@router.get("/dashboard/pictures/{image_id}/thumbnail")
async def send_thumbnail(image_id: PathId, session: SessionDep, state: StateDep) -> Response:
    """The small lossy rendition."""
    addresses = await get_picture_addresses(session, image_id=image_id)
    content = await asyncio.to_thread(state.blobs.get, addresses.thumbnail_sha256)
    return Response(content, media_type="image/webp", headers=CACHING)


@router.get("/dashboard/pictures/{image_id}/display")
async def send_display(image_id: PathId, session: SessionDep, state: StateDep) -> Response:
    """The pixel-identical rendition without metadata."""
    addresses = await get_picture_addresses(session, image_id=image_id)
    content = await asyncio.to_thread(state.blobs.get, addresses.display_sha256)
    return Response(content, media_type="image/png", headers=CACHING)
