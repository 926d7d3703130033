"""Plans in the pool: previewed without a trace, created whole and queued, watched and retried."""

from typing import Any

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.engine import SessionFactory
from app.database.tables import Condition, GenerationItem, GenerationPlan, Prompt
from app.database.tables.pool import ItemState
from app.errors import NotFound, PlanRefused
from app.pool.plan_document import PlanDocument, validate_plan
from app.pool.plan_progress import list_plan_progress, retry_failed_items
from app.pool.plans import create_plan, preview_plan
from app.pool.prompts import compose_into_pool, import_prompts
from app.pool.queue import enqueue_open_chunks, is_worker_alive

TEXTS = ["a red circle", "two blue squares", "a  red circle"]


def make_plan(**change: Any) -> PlanDocument:
    plan = {
        "name": "first",
        "seed": 1,
        "prompts": {"texts": TEXTS},
        "generators": ["procedural-atelier", "procedural-draft"],
    }
    return validate_plan({**plan, **change})


async def count(session: AsyncSession, table: type[Any]) -> int:
    return await session.scalar(select(func.count()).select_from(table)) or 0


async def list_jobs(session: AsyncSession) -> list[tuple[str, dict[str, int]]]:
    rows = await session.execute(
        text("SELECT queueing_lock, args FROM procrastinate_jobs ORDER BY id")
    )
    return [(row.queueing_lock, row.args) for row in rows]


async def test_a_preview_counts_and_leaves_no_trace(session: AsyncSession) -> None:
    plan = make_plan(settings={"steps": [1, 0.5]}, images_per_prompt=4)
    preview = await preview_plan(session, plan=plan)
    assert (preview.item_count, preview.prompt_count) == (8, 2)
    assert preview.by_generator == {"procedural-atelier": 4, "procedural-draft": 4}
    assert sum(setting.count for setting in preview.by_setting) == 8
    assert not preview.warnings
    assert await count(session, Prompt) == 0


async def test_a_preview_warns_of_prompts_outside_the_grammar(session: AsyncSession) -> None:
    plan = make_plan(prompts={"texts": ["a red circle", "Shakira drives a formula 1 car"]})
    (warning,) = (await preview_plan(session, plan=plan)).warnings
    assert warning.startswith("1 of 2 prompts are outside the grammar")


async def test_a_plan_is_created_with_items_conditions_and_jobs(session: AsyncSession) -> None:
    created = await create_plan(session, plan=make_plan(), actor="test")
    assert (created.item_count, created.chunk_count) == (4, 2)
    assert await count(session, Prompt) == 2
    assert await count(session, Condition) == 2
    stored = await session.get_one(GenerationPlan, created.plan_id)
    assert validate_plan(stored.specification) == make_plan()
    assert await list_jobs(session) == [
        (
            f"render_chunk/{created.plan_id}/{chunk}",
            {"plan_id": created.plan_id, "chunk": chunk},
        )
        for chunk in (0, 1)
    ]


async def test_a_plan_that_is_rolled_back_leaves_no_job(sessions: SessionFactory) -> None:
    async with sessions() as session:
        await create_plan(session, plan=make_plan(), actor="test")
        await session.rollback()
        assert await list_jobs(session) == []
        assert await count(session, Prompt) == 0


async def test_prompts_are_selected_by_source_category_or_id(session: AsyncSession) -> None:
    await compose_into_pool(session, count=10, seed=1, actor="test")
    done = await import_prompts(
        session, content=b"a red circle\ntwo red squares\n", file_name="mine.txt", actor="test"
    )

    async def chosen(name: str, **prompts: Any) -> list[str]:
        plan = make_plan(name=name, prompts=prompts, generators=["procedural-draft"])
        created = await create_plan(session, plan=plan, actor="test")
        rows = await session.scalars(
            select(Prompt.text)
            .join(GenerationItem, GenerationItem.prompt_id == Prompt.id)
            .where(GenerationItem.plan_id == created.plan_id)
            .order_by(Prompt.id)
        )
        return list(rows)

    assert await chosen("by source", source="mine.txt") == ["a red circle", "two red squares"]
    assert await chosen("by id", ids=done.prompt_ids[1:]) == ["two red squares"]
    assert len(await chosen("by category", category="counting")) == 2
    assert len(await chosen("sampled", all=True, count=5)) == 5
    with pytest.raises(PlanRefused, match="no prompts with these ids: 999999"):
        await chosen("unknown", ids=[999_999])
    with pytest.raises(PlanRefused, match="empty"):
        await chosen("nothing", source="other.txt")


async def test_a_name_is_used_once(session: AsyncSession) -> None:
    await create_plan(session, plan=make_plan(), actor="test")
    with pytest.raises(PlanRefused, match="already a plan named 'first'"):
        await create_plan(session, plan=make_plan(seed=2), actor="test")


async def test_a_lost_job_comes_back_and_a_waiting_one_is_not_doubled(
    session: AsyncSession,
) -> None:
    await create_plan(session, plan=make_plan(), actor="test")
    assert await enqueue_open_chunks(session) == 0
    await session.execute(text("DELETE FROM procrastinate_jobs WHERE args->>'chunk' = '1'"))
    assert await enqueue_open_chunks(session) == 1
    assert len(await list_jobs(session)) == 2


async def test_progress_tells_states_and_errors(session: AsyncSession) -> None:
    created = await create_plan(session, plan=make_plan(), actor="test")
    await session.execute(
        update(GenerationItem)
        .where(GenerationItem.position == 0)
        .values(state=ItemState.FAILED, attempts=3, error="It was too hot.")
    )
    (progress,) = await list_plan_progress(session)
    assert (progress.pending, progress.done, progress.failed) == (3, 0, 1)
    assert [part.generator for part in progress.generators] == [
        "procedural-atelier",
        "procedural-draft",
    ]
    assert progress.errors == (("It was too hot.", 1),)
    assert await list_plan_progress(session, name="other") == []

    await session.execute(text("DELETE FROM procrastinate_jobs"))
    assert await retry_failed_items(session, name=created.name, actor="test") == 1
    (progress,) = await list_plan_progress(session, name=created.name)
    assert (progress.pending, progress.failed, progress.errors) == (4, 0, ())
    assert len(await list_jobs(session)) == 2
    with pytest.raises(NotFound):
        await retry_failed_items(session, name="other", actor="test")


async def test_a_plan_of_20_000_pictures_is_stored_in_seconds(session: AsyncSession) -> None:
    await compose_into_pool(session, count=5000, seed=1, actor="test")
    plan = make_plan(prompts={"all": True}, images_per_prompt=4)
    created = await create_plan(session, plan=plan, actor="test")
    assert created.item_count == 20_000
    assert await count(session, GenerationItem) == 20_000


async def test_a_worker_is_alive_while_its_heart_beats(session: AsyncSession) -> None:
    await session.execute(text("DELETE FROM procrastinate_workers"))
    assert not await is_worker_alive(session)
    await session.execute(
        text(
            "INSERT INTO procrastinate_workers (last_heartbeat)"
            " VALUES (now() - interval '1 hour'), (now())"
        )
    )
    assert await is_worker_alive(session)
    await session.execute(text("DELETE FROM procrastinate_workers"))
