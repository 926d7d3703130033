"""Selection: which pictures of the pool a study takes, all of them or some at random."""

from collections.abc import Sequence

from sqlalchemy import Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.arrays import is_one_of
from app.database.tables import (
    Condition,
    GenerationItem,
    GenerationPlan,
    Image,
    Stimulus,
    Study,
)
from app.database.tables.study import StimulusKind, StudyState
from app.errors import InvalidInput
from app.study.stimuli import add_stimuli
from app.study.studies import get_study


async def select_main(
    session: AsyncSession,
    *,
    slug: str,
    generators: Sequence[str],
    plans: Sequence[str] = (),
    count: int | None,
    seed: int,
    actor: str,
) -> int:
    """Add pictures to rate: of these generators and plans (none: of all), all or some at random.

    Returns how many were added; pictures already in the study are not looked at.
    """
    study = await get_study(session, slug=slug)
    image_ids = await _draw(session, _not_in(study), generators, plans, count, seed)
    return await add_stimuli(session, slug=slug, image_ids=image_ids, actor=actor)


async def select_training(
    session: AsyncSession,
    *,
    slug: str,
    count: int,
    generators: Sequence[str] = (),
    plans: Sequence[str] = (),
    seed: int,
    actor: str,
) -> int:
    """Add ``count`` training pictures at random; return how many were added.

    Pictures outside the study come first.  A draft may also turn pictures to rate into training
    ones, for when it has taken the whole pool already; later that would waste ratings.
    """
    if count < 1:
        raise InvalidInput("How many training pictures? At least one.")
    study = await get_study(session, slug=slug)
    image_ids = await _draw(session, _not_in(study), generators, plans, count, seed)
    added = await add_stimuli(
        session, slug=slug, image_ids=image_ids, kind=StimulusKind.TRAINING, actor=actor
    )
    if added == count or study.state is not StudyState.DRAFT:
        return added
    return added + await _turn_into_training(session, study, count - added, seed)


async def count_selectable(session: AsyncSession, *, slug: str) -> int:
    """Pictures of the pool that are not in the study."""
    study = await get_study(session, slug=slug)
    query = select(func.count()).select_from(_not_in(study).subquery())
    return await session.scalar(query) or 0


def _not_in(study: Study) -> Select[int]:
    taken = select(Stimulus.id).where(Stimulus.study_id == study.id, Stimulus.image_id == Image.id)
    return (
        select(Image.id).join(Condition, Condition.id == Image.condition_id).where(~taken.exists())
    )


async def _draw(
    session: AsyncSession,
    images: Select[int],
    generators: Sequence[str],
    plans: Sequence[str],
    count: int | None,
    seed: int,
) -> list[int]:
    """Ids of all these images in the pool's order, or of so many at random."""
    if generators:
        images = images.where(Condition.generator.in_(generators))
    if plans:
        images = images.where(Image.id.in_(_rendered_by(plans)))
    if count is None:
        return list(await session.scalars(images.order_by(Image.id)))
    in_random_order = images.order_by(func.hashint8extended(Image.id, seed), Image.id)
    return list(await session.scalars(in_random_order.limit(count)))


def _rendered_by(plans: Sequence[str]) -> Select[int | None]:
    return (
        select(GenerationItem.image_id)
        .join(GenerationPlan, GenerationPlan.id == GenerationItem.plan_id)
        .where(GenerationPlan.name.in_(plans), GenerationItem.image_id.is_not(None))
    )


async def _turn_into_training(session: AsyncSession, study: Study, count: int, seed: int) -> int:
    mains = (
        select(Image.id)
        .join(Condition, Condition.id == Image.condition_id)
        .join(Stimulus, Stimulus.image_id == Image.id)
        .where(Stimulus.study_id == study.id, Stimulus.kind == StimulusKind.MAIN)
    )
    image_ids = await _draw(session, mains, (), (), count, seed)
    await session.execute(
        update(Stimulus)
        .where(Stimulus.study_id == study.id, is_one_of(Stimulus.image_id, image_ids))
        .values(kind=StimulusKind.TRAINING)
    )
    return len(image_ids)
