"""The picture of a presentation: only its own rater gets it, and only the bare rendition."""

import uuid

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables import Image, Presentation, Rater, Stimulus, Study
from app.errors import PresentationNotFound

ADDRESS = (
    select(Image.display_sha256)
    .join(Stimulus, Stimulus.image_id == Image.id)
    .join(Presentation, Presentation.stimulus_id == Stimulus.id)
    .join(Rater, Rater.id == Presentation.rater_id)
    .join(Study, Study.id == Rater.study_id)
    .where(
        Presentation.public_id == bindparam("presentation_id"),
        Rater.public_id == bindparam("rater_id"),
        Study.slug == bindparam("slug"),
    )
)


async def get_picture_address(
    session: AsyncSession, *, slug: str, rater_id: uuid.UUID, presentation_id: uuid.UUID
) -> str:
    """Where the display rendition (PNG) lies; raises PresentationNotFound for a stranger's."""
    address = await session.scalar(
        ADDRESS, {"slug": slug, "rater_id": rater_id, "presentation_id": presentation_id}
    )
    if address is None:
        raise PresentationNotFound
    return address
