"""The pictures behind a few stimuli that a page speaks of."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.arrays import is_one_of
from app.database.tables import Condition, Image, Prompt, Stimulus
from app.results.summaries import PROMPT_EXCERPT, excerpt


@dataclass(frozen=True, slots=True)
class StimulusPicture:
    """A stimulus' picture, with the beginning of its prompt."""

    image_id: int
    prompt: str
    generator: str


async def load_pictures(
    session: AsyncSession, *, stimulus_ids: Iterable[int]
) -> Mapping[int, StimulusPicture]:
    """The pictures of these stimuli, by the stimuli's ids."""
    query = (
        select(
            Stimulus.id,
            Stimulus.image_id,
            func.left(Prompt.text, PROMPT_EXCERPT + 1),
            Condition.generator,
        )
        .join(Image, Image.id == Stimulus.image_id)
        .join(Prompt, Prompt.id == Image.prompt_id)
        .join(Condition, Condition.id == Image.condition_id)
        .where(is_one_of(Stimulus.id, set(stimulus_ids)))
    )
    return {
        stimulus_id: StimulusPicture(image_id, excerpt(prompt), generator)
        for stimulus_id, image_id, prompt, generator in await session.execute(query)
    }
