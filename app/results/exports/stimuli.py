"""What is known of a study's stimuli: prompts, conditions, files, provenance."""

from collections.abc import AsyncGenerator, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.arrays import is_one_of
from app.database.tables import Image
from app.results.exports.files import csv_pieces
from app.results.exports.origin import study_origin
from app.results.exports.stimulus_records import StimulusRecord, list_stimulus_records
from app.results.exports.tables import Column, Kind, Row, Table
from app.results.exports.text import CONDITION_COLUMNS, PAGE, condition_cells, json_cell
from app.study.studies import get_study

_COLUMNS = (
    *map(Column, ("name", "kind", "prompt", "language", "source", "category")),
    Column("word_count", Kind.INTEGER),
    *CONDITION_COLUMNS,
    Column("origin"),
    Column("width", Kind.INTEGER),
    Column("height", Kind.INTEGER),
    *map(Column, ("media_type", "sha256", "flags", "original_name")),
    Column("provenance", Kind.DOCUMENT),
)


async def stimuli_table(session: AsyncSession, *, slug: str, suffix: str | None = None) -> Table:
    """The stimuli of a study with their prompts, conditions and files, training ones too.

    ``sha256`` is the digest of the original bytes.
    """
    study = await get_study(session, slug=slug)

    async def pages() -> AsyncGenerator[Sequence[Row], None]:
        records = await list_stimulus_records(session, study_id=study.id, suffix=suffix)
        for start in range(0, len(records), PAGE):
            page = records[start : start + PAGE]
            provenance = await _load_provenance(session, [record.image_id for record in page])
            yield [(*_cells(record), json_cell(provenance[record.image_id])) for record in page]

    return Table(_COLUMNS, study_origin(study), pages())


async def stream_stimuli_csv(
    session: AsyncSession, *, slug: str, suffix: str | None = None
) -> AsyncGenerator[str, None]:
    """The same as CSV."""
    async for text in csv_pieces(await stimuli_table(session, slug=slug, suffix=suffix)):
        yield text


def _cells(record: StimulusRecord) -> tuple[Any, ...]:
    return (
        record.name,
        record.kind,
        record.prompt,
        record.language,
        record.source,
        record.category,
        record.word_count,
        *condition_cells(record),
        record.origin,
        record.width,
        record.height,
        record.media_type,
        record.sha256,
        " ".join(record.flags),
        record.original_name,
    )


async def _load_provenance(
    session: AsyncSession, image_ids: Sequence[int]
) -> dict[int, dict[str, Any]]:
    rows = await session.execute(
        select(Image.id, Image.provenance).where(is_one_of(Image.id, image_ids))
    )
    return dict(rows.all())
