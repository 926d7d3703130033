import pytest
from factories import make_image, make_study
from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables import GenerationItem, GenerationPlan, Image, Stimulus
from app.database.tables.pool import ItemState
from app.database.tables.study import StimulusKind, StudyState
from app.errors import InvalidInput
from app.storage.blobs import BlobStore
from app.study.selection import count_selectable, select_main, select_training


@pytest.fixture
async def pool(session: AsyncSession, blobs: BlobStore) -> list[int]:
    """A draft without pictures, and eight pictures of two generators."""
    await make_study(session, blobs, stimuli=0, state=StudyState.DRAFT)
    return [await make_image(session, blobs, generator=f"model-{n % 2}") for n in range(8)]


async def add_main(session: AsyncSession, **choice: object) -> int:
    defaults: dict[str, object] = {"generators": (), "count": None, "seed": 1}
    return await select_main(session, slug="example", actor="test", **(defaults | choice))  # type: ignore[arg-type]


async def chosen(session: AsyncSession) -> list[int]:
    return list(await session.scalars(select(Stimulus.image_id).order_by(Stimulus.image_id)))


async def test_all_pictures_or_those_of_a_generator(session: AsyncSession, pool: list[int]) -> None:
    assert await add_main(session, generators=("model-1",)) == 4
    assert await chosen(session) == pool[1::2]
    assert await count_selectable(session, slug="example") == 4
    assert await add_main(session) == 4, "those in the study are not looked at again"
    assert await chosen(session) == pool


async def test_some_at_random_are_the_same_for_the_same_seed(
    session: AsyncSession, pool: list[int]
) -> None:
    drawn = []
    for seed in (1, 1, 2):
        async with session.begin_nested() as draw:
            assert await add_main(session, count=3, seed=seed) == 3
            drawn.append(await chosen(session))
            await draw.rollback()
    assert drawn[0] == drawn[1] != drawn[2]


async def test_training_pictures_come_from_outside_the_study_first(
    session: AsyncSession, pool: list[int]
) -> None:
    await add_main(session, generators=("model-0",))
    added = await select_training(session, slug="example", count=4, seed=1, actor="test")
    assert added == 4
    assert await kinds(session) == {"main": 4, "training": 4}


async def test_a_draft_that_took_the_whole_pool_gives_some_for_training(
    session: AsyncSession, pool: list[int]
) -> None:
    await add_main(session)
    added = await select_training(session, slug="example", count=3, seed=1, actor="test")
    assert added == 3
    assert await kinds(session) == {"main": 5, "training": 3}


async def test_an_open_study_never_turns_a_rated_picture_into_a_training_one(
    session: AsyncSession, blobs: BlobStore
) -> None:
    await make_study(session, blobs, stimuli=2)
    assert await select_training(session, slug="example", count=1, seed=1, actor="test") == 0
    assert await kinds(session) == {"main": 2}


async def test_no_training_picture_is_not_a_wish(session: AsyncSession, pool: list[int]) -> None:
    with pytest.raises(InvalidInput, match="At least one"):
        await select_training(session, slug="example", count=0, seed=1, actor="test")


async def kinds(session: AsyncSession) -> dict[str, int]:
    rows = await session.execute(
        select(Stimulus.kind, func.count()).group_by(Stimulus.kind).order_by(Stimulus.kind)
    )
    return {StimulusKind(kind).value: count for kind, count in rows}


async def test_the_pictures_of_one_plan(session: AsyncSession, pool: list[int]) -> None:
    for name, image_ids in (("first", pool[:3]), ("second", pool[3:5])):
        plan = await session.execute(
            insert(GenerationPlan)
            .values(name=name, seed=1, specification={})
            .returning(GenerationPlan.id)
        )
        plan_id = plan.scalar_one()
        for position, image_id in enumerate(image_ids):
            image = await session.get_one(Image, image_id)
            await session.execute(
                insert(GenerationItem).values(
                    plan_id=plan_id,
                    position=position,
                    chunk=0,
                    prompt_id=image.prompt_id,
                    condition_id=image.condition_id,
                    seed=image_id,
                    state=ItemState.DONE,
                    image_id=image_id,
                )
            )
    training = await select_training(
        session, slug="example", count=1, plans=("second",), seed=1, actor="test"
    )
    assert training == 1
    assert set(await chosen(session)) <= set(pool[3:5])
    assert await add_main(session, plans=("first",)) == 3
    assert set(await chosen(session)) >= set(pool[:3])
    assert await kinds(session) == {"main": 3, "training": 1}
