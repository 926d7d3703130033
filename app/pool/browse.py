"""Looking at the pool: pages of images, one image's whole story, and how much there is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables import (
    Condition,
    GenerationItem,
    GenerationPlan,
    Image,
    Prompt,
    Stimulus,
    Study,
)
from app.errors import NotFound
from app.pool.conditions import ConditionSettings
from app.pool.prompt_text import clean


@dataclass(frozen=True)
class ImageFilter:
    """Which images to show; an empty filter means all."""

    generator: str | None = None
    search: str = ""
    plan: str | None = None
    flag: str | None = None


@dataclass(frozen=True)
class ImageEntry:
    """One image in a list."""

    id: int
    name: str | None
    prompt: str
    generator: str
    thumbnail_sha256: str
    width: int
    height: int
    flags: Sequence[str]
    created_at: datetime


@dataclass(frozen=True)
class ImagePage:
    """Some images, newest first; ``next_before_id`` asks for those after them."""

    images: tuple[ImageEntry, ...]
    next_before_id: int | None


_ENTRIES = (
    select(
        Image.id,
        Image.name,
        Prompt.text.label("prompt"),
        Condition.generator,
        Image.thumbnail_sha256,
        Image.width,
        Image.height,
        Image.flags,
        Image.created_at,
    )
    .join(Prompt, Prompt.id == Image.prompt_id)
    .join(Condition, Condition.id == Image.condition_id)
)


async def list_images(
    session: AsyncSession,
    *,
    only: ImageFilter | None = None,
    before_id: int | None = None,
    size: int = 60,
) -> ImagePage:
    """A page of images, newest first."""
    query = _filtered(_ENTRIES, only or ImageFilter())
    if before_id is not None:
        query = query.where(Image.id < before_id)
    # One more than fits tells whether there is a next page.
    rows = await session.execute(query.order_by(Image.id.desc()).limit(size + 1))
    entries = tuple(ImageEntry(**row) for row in rows.mappings())
    page = entries[:size]
    return ImagePage(page, page[-1].id if len(entries) > size else None)


async def count_images(session: AsyncSession, *, only: ImageFilter | None = None) -> int:
    """How many images a filter lets through."""
    counting = (
        select(func.count())
        .select_from(Image)
        .join(Prompt, Prompt.id == Image.prompt_id)
        .join(Condition, Condition.id == Image.condition_id)
    )
    return await session.scalar(_filtered(counting, only or ImageFilter())) or 0


def _filtered(query: Select[*tuple[Any, ...]], only: ImageFilter) -> Select[*tuple[Any, ...]]:
    if only.generator:
        query = query.where(Condition.generator == only.generator)
    if search := clean(only.search):
        query = query.where(Prompt.text.icontains(search, autoescape=True))
    if only.plan:
        rendered = (
            select(GenerationItem.image_id)
            .join(GenerationPlan, GenerationPlan.id == GenerationItem.plan_id)
            .where(GenerationPlan.name == only.plan)
        )
        query = query.where(Image.id.in_(rendered))
    if only.flag:
        query = query.where(literal(only.flag) == func.any(Image.flags))
    return query


@dataclass(frozen=True)
class StudyUse:
    """A study that shows an image, and as what."""

    slug: str
    title: str
    kind: str


@dataclass(frozen=True)
class ImageStory:
    """Everything that is known of an image."""

    id: int
    name: str | None
    prompt_id: int
    prompt: str
    prompt_language: str
    prompt_source: str | None
    prompt_category: str | None
    condition_id: int
    condition: ConditionSettings
    seed: int | None
    origin: str
    sha256: str
    display_sha256: str
    thumbnail_sha256: str
    width: int
    height: int
    media_type: str
    byte_count: int
    provenance: dict[str, Any]
    flags: Sequence[str]
    created_at: datetime
    studies: tuple[StudyUse, ...]
    plans: tuple[str, ...]


_STORY = (
    select(Image, Prompt, Condition)
    .join(Prompt, Prompt.id == Image.prompt_id)
    .join(Condition, Condition.id == Image.condition_id)
)


async def get_image_story(session: AsyncSession, *, image_id: int) -> ImageStory:
    """The whole story of an image: where it came from and where it is shown; raises NotFound."""
    row = (await session.execute(_STORY.where(Image.id == image_id))).one_or_none()
    if row is None:
        raise NotFound("There is no such image in the pool.")
    image, prompt, condition = row
    return ImageStory(
        id=image.id,
        name=image.name,
        prompt_id=prompt.id,
        prompt=prompt.text,
        prompt_language=prompt.language,
        prompt_source=prompt.source,
        prompt_category=prompt.category,
        condition_id=condition.id,
        condition=ConditionSettings.of(condition),
        seed=image.seed,
        origin=image.origin.value,
        sha256=image.sha256,
        display_sha256=image.display_sha256,
        thumbnail_sha256=image.thumbnail_sha256,
        width=image.width,
        height=image.height,
        media_type=image.media_type,
        byte_count=image.byte_count,
        provenance=image.provenance,
        flags=tuple(image.flags),
        created_at=image.created_at,
        studies=await _list_uses(session, image_id),
        plans=await _list_plans(session, image_id),
    )


async def _list_uses(session: AsyncSession, image_id: int) -> tuple[StudyUse, ...]:
    rows = await session.execute(
        select(Study.slug, Study.title, Stimulus.kind)
        .join(Stimulus, Stimulus.study_id == Study.id)
        .where(Stimulus.image_id == image_id)
        .order_by(Study.id)
    )
    return tuple(StudyUse(**row) for row in rows.mappings())


async def _list_plans(session: AsyncSession, image_id: int) -> tuple[str, ...]:
    names = await session.scalars(
        select(GenerationPlan.name)
        .join(GenerationItem, GenerationItem.plan_id == GenerationPlan.id)
        .where(GenerationItem.image_id == image_id)
        .order_by(GenerationPlan.id)
    )
    return tuple(names)


@dataclass(frozen=True)
class PoolCounts:
    """How much is in the pool; ``byte_count`` is the size of the distinct originals."""

    prompts: int
    conditions: int
    images: int
    generators: int
    plans: int
    byte_count: int


async def count_pool(session: AsyncSession) -> PoolCounts:
    """How much is in the pool."""
    originals = select(Image.sha256, func.max(Image.byte_count).label("bytes")).group_by(
        Image.sha256
    )
    sizes = originals.subquery()
    row = await session.execute(
        select(
            select(func.count()).select_from(Prompt).scalar_subquery().label("prompts"),
            select(func.count()).select_from(Condition).scalar_subquery().label("conditions"),
            select(func.count()).select_from(Image).scalar_subquery().label("images"),
            select(func.count(Condition.generator.distinct()))
            .scalar_subquery()
            .label("generators"),
            select(func.count()).select_from(GenerationPlan).scalar_subquery().label("plans"),
            select(func.coalesce(func.sum(sizes.c.bytes), 0)).scalar_subquery().label("byte_count"),
        )
    )
    counts = row.mappings().one()
    return PoolCounts(**{name: int(number) for name, number in counts.items()})


@dataclass(frozen=True)
class GeneratorEntry:
    """A generator that has images or conditions in the pool."""

    generator: str
    conditions: int
    images: int


async def list_generators(session: AsyncSession) -> list[GeneratorEntry]:
    """Generators by name, with how many conditions and images each has."""
    rows = await session.execute(
        select(
            Condition.generator,
            func.count(Condition.id.distinct()).label("conditions"),
            func.count(Image.id).label("images"),
        )
        .outerjoin(Image, Image.condition_id == Condition.id)
        .group_by(Condition.generator)
        .order_by(Condition.generator)
    )
    return [GeneratorEntry(**row) for row in rows.mappings()]


async def list_flags(session: AsyncSession) -> list[str]:
    """Flags that any image carries, by name."""
    flag = func.unnest(Image.flags).label("flag")
    return sorted(await session.scalars(select(flag).distinct()))
