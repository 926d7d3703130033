"""Everything known of a study's stimuli, and the names they have in every export."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables import Condition, Image, Prompt, Stimulus
from app.database.tables.pool import ImageOrigin
from app.database.tables.study import StimulusKind
from app.results.exports.names import Named, export_names


@dataclass(frozen=True, slots=True)
class StimulusRecord:
    """A stimulus with its picture, prompt and condition; ``name`` is the one in exports."""

    stimulus_id: int
    kind: StimulusKind
    image_id: int
    original_name: str | None
    prompt: str
    language: str
    source: str | None
    category: str | None
    word_count: int
    generator: str
    revision: str | None
    guidance: float | None
    steps: int | None
    scheduler: str | None
    extra: dict[str, Any]
    seed: int | None
    origin: ImageOrigin
    width: int
    height: int
    media_type: str
    sha256: str
    display_sha256: str
    flags: list[str]
    name: str


_RECORDS = (
    select(
        Stimulus.id,
        Stimulus.kind,
        Image.id,
        Image.name,
        Prompt.text,
        Prompt.language,
        Prompt.source,
        Prompt.category,
        Prompt.word_count,
        Condition.generator,
        Condition.revision,
        Condition.guidance,
        Condition.steps,
        Condition.scheduler,
        Condition.extra,
        Image.seed,
        Image.origin,
        Image.width,
        Image.height,
        Image.media_type,
        Image.sha256,
        Image.display_sha256,
        Image.flags,
    )
    .join(Image, Image.id == Stimulus.image_id)
    .join(Prompt, Prompt.id == Image.prompt_id)
    .join(Condition, Condition.id == Image.condition_id)
    .order_by(Stimulus.id)
)
_NAMED = (
    select(Stimulus.id, Image.name, Condition.generator, Image.media_type)
    .join(Image, Image.id == Stimulus.image_id)
    .join(Condition, Condition.id == Image.condition_id)
    .order_by(Stimulus.id)
)


async def list_stimulus_records(
    session: AsyncSession, *, study_id: int, suffix: str | None = None
) -> Sequence[StimulusRecord]:
    """All stimuli of a study by id, training ones too; ``suffix`` as in ``export_names``."""
    names = await load_export_names(session, study_id=study_id, suffix=suffix)
    rows = await session.execute(_RECORDS.where(Stimulus.study_id == study_id))
    return [_record(tuple(row), names[row[0]]) for row in rows]


async def load_export_names(
    session: AsyncSession, *, study_id: int, suffix: str | None = None
) -> dict[int, str]:
    """The name of every stimulus of a study in exports, by id."""
    rows = await session.execute(_NAMED.where(Stimulus.study_id == study_id))
    return export_names((Named(*row) for row in rows), suffix=suffix)


def _record(values: tuple[Any, ...], name: str) -> StimulusRecord:
    """The record of one row of ``_RECORDS``, whose columns have the order of its fields."""
    return StimulusRecord(*(*values, name))
