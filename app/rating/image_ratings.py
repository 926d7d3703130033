"""Every rating that a picture got, in whatever study."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables.rating import RaterStatus
from app.rating.raters import SIMULATED
from app.study.protocol import Protocol


@dataclass(frozen=True)
class ImageRating:
    """One act of judging; ``scores`` are label and score, as written on its scale, in order."""

    study_slug: str
    study_title: str
    code: str
    status: RaterStatus
    is_simulated: bool
    is_training: bool
    scores: tuple[tuple[str, str], ...]
    dwell_ms: int | None
    revision: int
    created_at: datetime


# By the unique index on (study_id, image_id) for each study, then ix_presentation_stimulus_id.
OF_IMAGE = text(
    """
    SELECT study.slug, study.title, study.protocol, rater.public_code, rater.status,
        rater.recruitment_source, presentation.phase, rating.levels, rating.dwell_ms,
        rating.revision, rating.created_at
    FROM study
    JOIN stimulus ON stimulus.study_id = study.id AND stimulus.image_id = :image_id
    JOIN presentation ON presentation.stimulus_id = stimulus.id
    JOIN rating ON rating.presentation_id = presentation.id AND rating.superseded_at IS NULL
    JOIN rater ON rater.id = presentation.rater_id
    ORDER BY study.id, rating.created_at DESC, rating.id DESC
    """
)


async def list_image_ratings(session: AsyncSession, *, image_id: int) -> list[ImageRating]:
    """The current ratings of a picture, study by study, newest first."""
    rows = (await session.execute(OF_IMAGE, {"image_id": image_id})).mappings().all()
    protocols = {row["slug"]: row["protocol"] for row in rows}
    parsed = {slug: Protocol.model_validate(document) for slug, document in protocols.items()}
    return [_rating(row, parsed[row["slug"]]) for row in rows]


def _rating(row: RowMapping, protocol: Protocol) -> ImageRating:
    labels = [dimension.label for dimension in protocol.dimensions]
    scale = protocol.scale
    scores = [f"{scale.score_of(level):.{scale.decimals}f}" for level in row["levels"]]
    return ImageRating(
        study_slug=row["slug"],
        study_title=row["title"],
        code=row["public_code"],
        status=RaterStatus(row["status"]),
        is_simulated=row["recruitment_source"] == SIMULATED,
        is_training=row["phase"] == "training",
        scores=tuple(zip(labels, scores, strict=True)),
        dwell_ms=row["dwell_ms"],
        revision=row["revision"],
        created_at=row["created_at"],
    )
