"""The stimuli of a study as a list: what each shows, and how many ratings it has."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables import Condition, Image, Prompt, Stimulus
from app.database.tables.study import StimulusKind


class StimulusOrder(StrEnum):
    """How a list of stimuli is ordered."""

    ADDED = "added"
    FEWEST = "fewest"
    MOST = "most"


@dataclass(frozen=True)
class StimulusEntry:
    """One stimulus in a list."""

    image_id: int
    prompt: str
    generator: str
    kind: StimulusKind
    usable_count: int
    leased_count: int


def _order(columns: Any, order: StimulusOrder) -> tuple[ColumnElement[Any], ...]:
    """The order over these columns, of the table or of the page cut out of it."""
    match order:
        case StimulusOrder.FEWEST:
            return columns.usable_count.asc(), columns.id.asc()
        case StimulusOrder.MOST:
            return columns.usable_count.desc(), columns.id.asc()
    return (columns.id.asc(),)


async def list_stimuli(
    session: AsyncSession,
    *,
    study_id: int,
    kind: StimulusKind | None = None,
    order: StimulusOrder = StimulusOrder.ADDED,
    limit: int = 60,
    offset: int = 0,
) -> list[StimulusEntry]:
    """Stimuli of one kind or of all; the page is cut out before pictures and prompts are joined."""
    chosen = select(Stimulus).where(Stimulus.study_id == study_id)
    if kind is not None:
        chosen = chosen.where(Stimulus.kind == kind)
    page = chosen.order_by(*_order(Stimulus, order)).limit(limit).offset(offset).subquery()
    query = (
        select(
            page.c.image_id,
            Prompt.text.label("prompt"),
            Condition.generator,
            page.c.kind,
            page.c.usable_count,
            page.c.leased_count,
        )
        .join(Image, Image.id == page.c.image_id)
        .join(Prompt, Prompt.id == Image.prompt_id)
        .join(Condition, Condition.id == Image.condition_id)
        .order_by(*_order(page.c, order))
    )
    rows = (await session.execute(query)).mappings()
    return [StimulusEntry(**row) for row in rows]
