"""Where an image's renditions lie in the store."""

from dataclasses import dataclass

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables import Image
from app.errors import NotFound

# Asked for every thumbnail of a grid, so built once.
ADDRESSES = select(Image.display_sha256, Image.thumbnail_sha256).where(
    Image.id == bindparam("image_id")
)


@dataclass(frozen=True)
class PictureAddresses:
    """Addresses of an image's display rendition (PNG) and thumbnail (WebP)."""

    display_sha256: str
    thumbnail_sha256: str


async def get_picture_addresses(session: AsyncSession, *, image_id: int) -> PictureAddresses:
    """The addresses of one image's renditions; raises NotFound."""
    row = (await session.execute(ADDRESSES, {"image_id": image_id})).first()
    if row is None:
        raise NotFound("There is no such image in the pool.")
    return PictureAddresses(*row)
