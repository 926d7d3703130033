"""Prompts in the pool: importing, composing and listing them."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import BigInteger, Text, and_, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.arrays import as_arrays, table_of_arrays
from app.database.audit import record_event
from app.database.tables import Base, Prompt
from app.errors import InvalidInput
from app.pool.grammar import compose_prompts, parse
from app.pool.prompt_files import read_prompts
from app.pool.prompt_text import NewPrompt, clean
from app.pool.records import RecordForm, form_of

PROMPTS_PER_STATEMENT = 10_000
MOST_COMPOSED = 20_000

# Two imports that add the same prompts in another order would wait for each other for ever, so
# imports take turns until their transaction ends.
_TAKE_TURN = text("SELECT pg_advisory_xact_lock(hashtext('beholder.add_prompts'))")

_prompt = Base.metadata.tables["prompt"]
_given = table_of_arrays(
    text=Text, language=Text, source=Text, category=Text, word_count=BigInteger
)
_COLUMNS = tuple(_given.c.keys())
_ADD = (
    insert(_prompt)
    .from_select(_COLUMNS, select(_given))
    .on_conflict_do_nothing(index_elements=[func.md5(_prompt.c.text)])
    .returning(_prompt.c.id)
)
_FILL_GAPS = (
    update(_prompt)
    .where(func.md5(_prompt.c.text) == func.md5(_given.c.text), _prompt.c.text == _given.c.text)
    .where(_prompt.c.category.is_(None), _given.c.category.is_not(None))
    .values(category=_given.c.category)
)
_texts = table_of_arrays(text=Text)
_FIND = select(_prompt.c.text, _prompt.c.id).join(
    _texts,
    and_(func.md5(_prompt.c.text) == func.md5(_texts.c.text), _prompt.c.text == _texts.c.text),
)


@dataclass(frozen=True)
class PromptImport:
    """What an import did: prompts read, added, and merged with one that was there already."""

    read: int
    added: int
    merged: int
    prompt_ids: tuple[int, ...]


async def import_prompts(
    session: AsyncSession,
    *,
    content: bytes,
    file_name: str,
    source: str | None = None,
    form: RecordForm | None = None,
    actor: str,
) -> PromptImport:
    """Add the prompts of a file to the pool, all or none; raises ImportRefused.

    The form follows from the file's name unless it is given; so does the source.
    """
    form = form or form_of(file_name)
    prompts = await asyncio.to_thread(read_prompts, content, form, source=source or file_name)
    return await _import(session, prompts, actor=actor, detail={"file": file_name, "form": form})


async def compose_into_pool(
    session: AsyncSession, *, count: int, seed: int, actor: str
) -> PromptImport:
    """Compose prompts by the grammar, the same ones for the same seed, and add them."""
    if not 1 <= count <= MOST_COMPOSED:
        raise InvalidInput(f"Between 1 and {MOST_COMPOSED:,} prompts can be composed at once.")
    texts = await asyncio.to_thread(compose_prompts, count, seed)
    source = f"procedural grammar, seed {seed}"
    prompts = [NewPrompt(text, category=parse(text).category, source=source) for text in texts]
    return await _import(session, prompts, actor=actor, detail={"source": source})


async def _import(
    session: AsyncSession, prompts: Sequence[NewPrompt], *, actor: str, detail: dict[str, str]
) -> PromptImport:
    added, ids = await add_prompts(session, prompts=prompts)
    done = PromptImport(
        read=len(prompts), added=added, merged=len(prompts) - added, prompt_ids=tuple(ids.values())
    )
    await record_event(
        session,
        actor=actor,
        action="prompts_imported",
        subject_kind="pool",
        subject_id="prompts",
        detail={**detail, "read": done.read, "added": done.added, "merged": done.merged},
    )
    return done


async def add_prompts(
    session: AsyncSession, *, prompts: Iterable[NewPrompt]
) -> tuple[int, dict[str, int]]:
    """Add clean prompts; return how many were new, and the id of each text in its order.

    A prompt that is there already stays as it is, but gains a category if it had none.
    """
    distinct = list(_merged(prompts).values())
    added, ids = 0, dict[str, int]()
    await session.execute(_TAKE_TURN)
    for start in range(0, len(distinct), PROMPTS_PER_STATEMENT):
        batch = distinct[start : start + PROMPTS_PER_STATEMENT]
        values = as_arrays(batch, _COLUMNS)
        added += len((await session.execute(_ADD, values)).all())
        await session.execute(_FILL_GAPS, values)
        found = await session.execute(_FIND, {"all_text": values["all_text"]})
        known = {row.text: row.id for row in found}
        ids.update((prompt.text, known[prompt.text]) for prompt in batch)
    return added, ids


def _merged(prompts: Iterable[NewPrompt]) -> dict[str, NewPrompt]:
    """The first of each text, with the first category that any of them names."""
    merged: dict[str, NewPrompt] = {}
    for prompt in prompts:
        known = merged.setdefault(prompt.text, prompt)
        if known.category is None and prompt.category is not None:
            merged[prompt.text] = replace(known, category=prompt.category)
    return merged


@dataclass(frozen=True)
class PromptEntry:
    """One prompt in a list."""

    id: int
    text: str
    language: str
    source: str | None
    category: str | None
    word_count: int


async def list_prompts(
    session: AsyncSession,
    *,
    search: str = "",
    source: str | None = None,
    category: str | None = None,
    after_id: int = 0,
    size: int = 100,
) -> list[PromptEntry]:
    """Prompts in the order in which they came, a page at a time."""
    query = select(
        Prompt.id,
        Prompt.text,
        Prompt.language,
        Prompt.source,
        Prompt.category,
        Prompt.word_count,
    ).where(Prompt.id > after_id)
    if search.strip():
        query = query.where(Prompt.text.icontains(clean(search), autoescape=True))
    if source is not None:
        query = query.where(Prompt.source == source)
    if category is not None:
        query = query.where(Prompt.category == category)
    rows = await session.execute(query.order_by(Prompt.id).limit(size))
    return [PromptEntry(**row) for row in rows.mappings()]
