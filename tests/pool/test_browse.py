"""Looking at the pool: filters, pages, and an image's whole story."""

import time

import pytest
from factories import make_image, make_study
from sqlalchemy import insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables import GenerationItem, GenerationPlan, Image, Stimulus
from app.database.tables.pool import ItemState
from app.errors import NotFound
from app.pool.browse import (
    ImageFilter,
    count_images,
    count_pool,
    get_image_story,
    list_flags,
    list_generators,
    list_images,
)
from app.storage.blobs import BlobStore


async def make_plan_of(session: AsyncSession, image_id: int, name: str) -> None:
    """A plan that has rendered this image."""
    plan_id = await session.scalar(
        insert(GenerationPlan)
        .values(name=name, seed=1, specification={})
        .returning(GenerationPlan.id)
    )
    image = await session.get_one(Image, image_id)
    await session.execute(
        insert(GenerationItem).values(
            plan_id=plan_id,
            position=0,
            chunk=0,
            prompt_id=image.prompt_id,
            condition_id=image.condition_id,
            seed=image.seed,
            state=ItemState.DONE,
            image_id=image_id,
        )
    )


async def test_images_are_filtered_by_generator_text_plan_and_flag(
    session: AsyncSession, blobs: BlobStore
) -> None:
    dog = await make_image(session, blobs, prompt="a dog, 100% wool", generator="SDXL")
    cat = await make_image(session, blobs, prompt="a cat", generator="SDXL")
    owl = await make_image(session, blobs, prompt="an Owl", generator="MJ")
    await session.execute(update(Image).where(Image.id == cat).values(flags=["blank"]))
    await make_plan_of(session, owl, "night")

    async def found(**only: str) -> list[int]:
        page = await list_images(session, only=ImageFilter(**only))
        assert len(page.images) == await count_images(session, only=ImageFilter(**only))
        return [image.id for image in page.images]

    assert await found() == [owl, cat, dog]
    assert await found(generator="SDXL") == [cat, dog]
    assert await found(search="OWL") == [owl]
    assert await found(search="0%") == [dog]
    assert await found(search="_") == []
    assert await found(plan="night") == [owl]
    assert await found(flag="blank") == [cat]
    assert await found(generator="MJ", search="cat") == []
    assert await list_flags(session) == ["blank"]


async def test_pages_follow_each_other_without_gap_or_overlap(
    session: AsyncSession, blobs: BlobStore
) -> None:
    ids = [await make_image(session, blobs) for _ in range(5)]
    seen: list[int] = []
    before: int | None = None
    for _ in range(3):
        page = await list_images(session, before_id=before, size=2)
        seen += [image.id for image in page.images]
        before = page.next_before_id
    assert seen == sorted(ids, reverse=True)
    assert before is None


async def test_a_story_tells_prompt_condition_provenance_studies_and_plans(
    session: AsyncSession, blobs: BlobStore
) -> None:
    await make_study(session, blobs, slug="example", stimuli=2)
    image_id = (await session.scalars(select(Stimulus.image_id))).first()
    assert image_id is not None
    await make_plan_of(session, image_id, "demo")
    story = await get_image_story(session, image_id=image_id)
    assert story.prompt.startswith("a picture number")
    assert (story.condition.generator, story.condition.guidance) == ("model-a", 7.5)
    assert [(use.slug, use.kind) for use in story.studies] == [("example", "main")]
    assert story.plans == ("demo",)
    assert blobs.get(story.sha256)
    with pytest.raises(NotFound):
        await get_image_story(session, image_id=999_999)


async def test_the_pool_is_counted(session: AsyncSession, blobs: BlobStore) -> None:
    assert (await count_pool(session)).images == 0
    await make_image(session, blobs, prompt="a dog", generator="SDXL")
    await make_image(session, blobs, prompt="a dog", generator="MJ")
    counts = await count_pool(session)
    assert (counts.prompts, counts.conditions, counts.images, counts.generators) == (1, 2, 2, 2)
    assert counts.byte_count > 100
    assert [(g.generator, g.images) for g in await list_generators(session)] == [
        ("MJ", 1),
        ("SDXL", 1),
    ]


async def test_20_000_images_are_listed_quickly(session: AsyncSession, blobs: BlobStore) -> None:
    await make_image(session, blobs, prompt="a needle", generator="SDXL")
    await session.execute(
        text(
            """
            WITH prompts AS (
                INSERT INTO prompt (text, word_count)
                SELECT 'a haystack number ' || n || ' in the style of a painter', 9
                FROM generate_series(1, 20000) AS n RETURNING id
            )
            INSERT INTO image (sha256, display_sha256, thumbnail_sha256, prompt_id, condition_id,
                origin, width, height, media_type, byte_count)
            SELECT sha256, display_sha256, thumbnail_sha256, prompts.id, condition_id,
                'imported', 64, 64, 'image/png', 100
            FROM prompts, image
            """
        )
    )
    await session.execute(text("ANALYZE"))
    for only in (ImageFilter(), ImageFilter(search="needle"), ImageFilter(generator="SDXL")):
        started = time.monotonic()
        assert (await list_images(session, only=only)).images
        assert await count_images(session, only=only)
        await count_pool(session)
        assert time.monotonic() - started < 1
