"""Prompts in the pool: all or nothing, merged and counted, the real collections included."""

from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.engine import SessionFactory
from app.database.tables import AuditEvent, Prompt
from app.errors import ImportRefused, InvalidInput
from app.pool.grammar import parse
from app.pool.prompts import PromptImport, compose_into_pool, import_prompts, list_prompts


async def add(session: AsyncSession, content: str, file_name: str = "x.txt") -> PromptImport:
    return await import_prompts(
        session, content=content.encode(), file_name=file_name, actor="test"
    )


async def count(session: AsyncSession) -> int:
    return await session.scalar(select(func.count()).select_from(Prompt)) or 0


async def test_duplicates_in_the_file_and_in_the_pool_are_merged_and_counted(
    session: AsyncSession,
) -> None:
    first = await add(session, "a dog\na  dog \na cat\n")
    assert (first.read, first.added, first.merged) == (3, 2, 1)
    second = await add(session, "a dog\nA dog\n")
    assert (second.read, second.added, second.merged) == (2, 1, 1)
    assert second.prompt_ids[0] == first.prompt_ids[0]
    assert await count(session) == 3


async def test_a_merged_prompt_gains_a_category_but_never_changes_one(
    session: AsyncSession,
) -> None:
    await add(session, "a dog\n")
    await add(session, "prompt,tag\na dog,animals\na dog,pets\n", "x.csv")
    await add(session, "prompt,tag\na dog,other\n", "x.csv")
    (entry,) = await list_prompts(session)
    assert (entry.category, entry.source, entry.word_count) == ("animals", "x.txt", 2)


async def test_one_bad_line_leaves_the_pool_untouched(sessions: SessionFactory) -> None:
    async with sessions.begin() as session:
        with pytest.raises(ImportRefused):
            await import_prompts(session, content=b"a dog\n\xff\n", file_name="x.txt", actor="test")
    async with sessions.begin() as session:
        assert await count(session) == 0


async def test_an_import_is_recorded(session: AsyncSession) -> None:
    await add(session, "a dog\n")
    event = (await session.scalars(select(AuditEvent))).one()
    assert (event.action, event.actor) == ("prompts_imported", "test")
    assert event.detail["added"] == 1


async def test_composed_prompts_follow_the_seed_and_know_their_category(
    session: AsyncSession,
) -> None:
    first = await compose_into_pool(session, count=10, seed=7, actor="test")
    again = await compose_into_pool(session, count=10, seed=7, actor="test")
    assert (first.added, again.added, again.merged) == (10, 0, 10)
    assert again.prompt_ids == first.prompt_ids
    for entry in await list_prompts(session):
        assert entry.category == parse(entry.text).category
    with pytest.raises(InvalidInput):
        await compose_into_pool(session, count=0, seed=7, actor="test")


async def test_prompts_are_listed_by_text_source_and_page(session: AsyncSession) -> None:
    await add(session, "100% wool\na dog\na cat\n")
    await add(session, "another dog\n", "y.txt")
    assert [entry.text for entry in await list_prompts(session, search="DOG")] == [
        "a dog",
        "another dog",
    ]
    assert [entry.text for entry in await list_prompts(session, search="0% w")] == ["100% wool"]
    assert [entry.text for entry in await list_prompts(session, source="y.txt")] == ["another dog"]
    page = await list_prompts(session, size=2)
    rest = await list_prompts(session, size=2, after_id=page[-1].id)
    assert [entry.text for entry in page + rest] == [
        "100% wool",
        "a dog",
        "a cat",
        "another dog",
    ]


@pytest.mark.data
async def test_the_published_collections_go_in(session: AsyncSession, shared_data: Path) -> None:
    found = {}
    for path in sorted((shared_data / "prompts").iterdir()):
        done = await import_prompts(
            session, content=path.read_bytes(), file_name=path.name, actor="test"
        )
        found[path.name] = (done.read, done.added)
    assert found["PartiPrompts.tsv"][0] == 1632
    assert found["geneval_evaluation_metadata.jsonl"] == (553, 553)
    assert found["geneval_generation_prompts.txt"] == (553, 0)
    entries = await list_prompts(session, search='"G I G G L E"')
    assert [(e.text.startswith('"G I'), e.category) for e in entries] == [(True, "Illustrations")]


@pytest.mark.data
@pytest.mark.timeout(30)
async def test_all_prompts_of_aigiqa_20k_go_in(session: AsyncSession, shared_data: Path) -> None:
    read = 0
    for name in ("info_train.csv", "info_val.csv", "info_test.csv"):
        content = (shared_data / "aigiqa20k" / name).read_bytes()
        read += (await import_prompts(session, content=content, file_name=name, actor="test")).read
    assert read == 20_000
    assert await count(session) == 19_259
