"""Generation plans in the pool: previewing, creating, watching and retrying them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, insert, literal, select
from sqlalchemy.dialects.postgresql import insert as insert_or_skip
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.arrays import as_arrays, is_one_of, table_of_arrays
from app.database.audit import record_event
from app.database.tables import Base, GenerationPlan, Prompt
from app.errors import PlanRefused
from app.pool.catalogue import Backend, load_catalogue
from app.pool.composition import GrammarError
from app.pool.conditions import ConditionSettings, add_conditions
from app.pool.grammar import parse
from app.pool.plan_document import PlanDocument, PromptSelection
from app.pool.plan_draw import PlannedItem, draw_items
from app.pool.prompt_text import NewPrompt, clean
from app.pool.prompts import add_prompts
from app.pool.queue import enqueue_open_chunks

ITEMS_PER_STATEMENT = 10_000

_item = Base.metadata.tables["generation_item"]
_given = table_of_arrays(
    position=BigInteger,
    chunk=BigInteger,
    prompt_id=BigInteger,
    condition_id=BigInteger,
    seed=BigInteger,
)
_COLUMNS = tuple(_given.c.keys())


@dataclass(frozen=True)
class SettingCount:
    """How many pictures of a plan have one condition."""

    condition: ConditionSettings
    count: int


@dataclass(frozen=True)
class PlanPreview:
    """What a plan would render."""

    item_count: int
    prompt_count: int
    chunk_count: int
    by_generator: dict[str, int]
    by_setting: tuple[SettingCount, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class CreatedPlan:
    """A plan that is stored and queued."""

    plan_id: int
    name: str
    item_count: int
    chunk_count: int


@dataclass(frozen=True)
class _ItemRow:
    position: int
    chunk: int
    prompt_id: int
    condition_id: int
    seed: int


async def preview_plan(session: AsyncSession, *, plan: PlanDocument) -> PlanPreview:
    """Say what the plan would render, storing nothing; raises PlanRefused."""
    prompts = await _list_choice(session, plan.prompts)
    items = draw_items(plan, len(prompts), load_catalogue())
    conditions = Counter(item.condition.digest for item in items)
    known = {item.condition.digest: item.condition for item in items}
    return PlanPreview(
        item_count=len(items),
        prompt_count=len({item.prompt for item in items}),
        chunk_count=_chunk_count(items),
        by_generator=dict(Counter(item.condition.generator for item in items)),
        by_setting=_sorted_settings(
            [SettingCount(known[digest], number) for digest, number in conditions.items()]
        ),
        warnings=_warnings(plan, [prompts[number] for number in {item.prompt for item in items}]),
    )


def _sorted_settings(settings: Sequence[SettingCount]) -> tuple[SettingCount, ...]:
    """Generators stay in the plan's order, their settings go up."""
    order = list(dict.fromkeys(setting.condition.generator for setting in settings))

    def key(setting: SettingCount) -> tuple[float, ...]:
        condition = setting.condition
        settled = (condition.width, condition.height, condition.steps, condition.guidance)
        return (order.index(condition.generator), *(value or 0 for value in settled))

    return tuple(sorted(settings, key=key))


def _warnings(plan: PlanDocument, prompts: Sequence[NewPrompt]) -> tuple[str, ...]:
    """Prompts outside the grammar are drawn by procedural generators as something else."""
    catalogue = load_catalogue()
    if all(catalogue[share.name].backend is not Backend.PROCEDURAL for share in plan.generators):
        return ()
    outside = sum(not _is_compositional(prompt.text) for prompt in prompts)
    if not outside:
        return ()
    return (
        f"{outside:,} of {len(prompts):,} prompts are outside the grammar of the procedural "
        "generators, which will draw something else for them.",
    )


def _is_compositional(text: str) -> bool:
    try:
        parse(text)
    except GrammarError:
        return False
    return True


async def create_plan(session: AsyncSession, *, plan: PlanDocument, actor: str) -> CreatedPlan:
    """Store a plan with its pictures and queue their chunks, all or nothing; raises PlanRefused.

    1. Draw the pictures, so that a plan that cannot be carried out leaves nothing behind.
    2. Add the plan, its prompts if it brings texts of its own, and its conditions.
    3. Add the items, and give every chunk its job.
    """
    prompts = await _list_choice(session, plan.prompts)
    items = draw_items(plan, len(prompts), load_catalogue())
    plan_id = await _add_plan(session, plan)
    chosen = sorted({item.prompt for item in items})
    _, prompt_ids = await add_prompts(session, prompts=[prompts[number] for number in chosen])
    condition_ids = await add_conditions(session, conditions=[item.condition for item in items])
    rows = [
        _ItemRow(
            item.position,
            item.chunk,
            prompt_ids[prompts[item.prompt].text],
            condition_ids[item.condition.digest],
            item.seed,
        )
        for item in items
    ]
    await _add_items(session, plan_id, rows)
    await enqueue_open_chunks(session)
    created = CreatedPlan(plan_id, plan.name, len(items), _chunk_count(items))
    await record_event(
        session,
        actor=actor,
        action="plan_created",
        subject_kind="plan",
        subject_id=plan.name,
        detail={"items": created.item_count, "chunks": created.chunk_count},
    )
    return created


async def _add_plan(session: AsyncSession, plan: PlanDocument) -> int:
    added = await session.execute(
        insert_or_skip(GenerationPlan)
        .values(name=plan.name, seed=plan.seed, specification=plan.model_dump(mode="json"))
        .on_conflict_do_nothing(constraint="uq_generation_plan_name")
        .returning(GenerationPlan.id)
    )
    plan_id = added.scalar()
    if plan_id is None:
        raise PlanRefused(f"There is already a plan named '{plan.name}'; choose another name.")
    return plan_id


async def _add_items(session: AsyncSession, plan_id: int, rows: Sequence[_ItemRow]) -> None:
    add = insert(_item).from_select(
        ["plan_id", *_COLUMNS], select(literal(plan_id), *_given.c), include_defaults=False
    )
    for start in range(0, len(rows), ITEMS_PER_STATEMENT):
        await session.execute(add, as_arrays(rows[start : start + ITEMS_PER_STATEMENT], _COLUMNS))


def _chunk_count(items: Sequence[PlannedItem]) -> int:
    return items[-1].chunk + 1


async def _list_choice(session: AsyncSession, selection: PromptSelection) -> list[NewPrompt]:
    """The prompts that a plan may draw from, in a fixed order; those it brings need no row yet."""
    if selection.texts is not None:
        texts = dict.fromkeys(clean(text) for text in selection.texts)
        return [NewPrompt(text, source="generation plan") for text in texts]
    query = select(Prompt.id, Prompt.text, Prompt.category).order_by(Prompt.id)
    if selection.ids is not None:
        query = query.where(is_one_of(Prompt.id, selection.ids))
    if selection.category is not None:
        query = query.where(Prompt.category == selection.category)
    if selection.source is not None:
        query = query.where(Prompt.source == selection.source)
    rows = (await session.execute(query)).all()
    missing = sorted(set(selection.ids or ()) - {row.id for row in rows})
    if missing:
        listed = ", ".join(map(str, missing[:10]))
        raise PlanRefused(f"The pool has no prompts with these ids: {listed}.")
    return [NewPrompt(row.text, category=row.category) for row in rows]
