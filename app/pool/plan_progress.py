"""How far generation plans are, and trying failed pictures again."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.audit import record_event
from app.database.tables import Condition, GenerationItem, GenerationPlan
from app.database.tables.pool import ItemState
from app.errors import NotFound
from app.pool.queue import enqueue_open_chunks


@dataclass(frozen=True)
class GeneratorProgress:
    """How far a plan is with one generator."""

    generator: str
    pending: int
    done: int
    failed: int


@dataclass(frozen=True)
class PlanProgress:
    """How far a plan is; ``errors`` are the sentences of pictures that failed or will be retried,
    with how many pictures each concerns."""

    plan_id: int
    name: str
    created_at: datetime
    generators: tuple[GeneratorProgress, ...]
    errors: tuple[tuple[str, int], ...]

    @property
    def pending(self) -> int:
        return sum(generator.pending for generator in self.generators)

    @property
    def done(self) -> int:
        return sum(generator.done for generator in self.generators)

    @property
    def failed(self) -> int:
        return sum(generator.failed for generator in self.generators)


_PROGRESS = (
    select(
        GenerationItem.plan_id,
        Condition.generator,
        *(
            func.count().filter(GenerationItem.state == state).label(state.value)
            for state in ItemState
        ),
    )
    .join(Condition, Condition.id == GenerationItem.condition_id)
    .group_by(GenerationItem.plan_id, Condition.generator)
    .order_by(GenerationItem.plan_id, func.min(GenerationItem.position))
)
_ERRORS = (
    select(GenerationItem.plan_id, GenerationItem.error, func.count().label("number"))
    .where(GenerationItem.error.is_not(None), GenerationItem.state != ItemState.DONE)
    .group_by(GenerationItem.plan_id, GenerationItem.error)
    .order_by(func.count().desc(), GenerationItem.error)
)


async def list_plan_progress(
    session: AsyncSession, *, name: str | None = None
) -> list[PlanProgress]:
    """How far every plan is (or the one of this name), newest first."""
    plans = select(GenerationPlan).order_by(GenerationPlan.id.desc())
    progress, errors = _PROGRESS, _ERRORS
    if name is not None:
        plans = plans.where(GenerationPlan.name == name)
        plan_id = select(GenerationPlan.id).where(GenerationPlan.name == name).scalar_subquery()
        progress = progress.where(GenerationItem.plan_id == plan_id)
        errors = errors.where(GenerationItem.plan_id == plan_id)
    counted = (await session.execute(progress)).all()
    failures = (await session.execute(errors)).all()
    return [
        PlanProgress(
            plan_id=plan.id,
            name=plan.name,
            created_at=plan.created_at,
            generators=tuple(
                GeneratorProgress(row.generator, row.pending, row.done, row.failed)
                for row in counted
                if row.plan_id == plan.id
            ),
            errors=tuple((row.error, row.number) for row in failures if row.plan_id == plan.id),
        )
        for plan in await session.scalars(plans)
    ]


async def retry_failed_items(session: AsyncSession, *, name: str, actor: str) -> int:
    """Make every failed picture of a plan pending again and queue it; raises NotFound."""
    plan_id = await session.scalar(select(GenerationPlan.id).where(GenerationPlan.name == name))
    if plan_id is None:
        raise NotFound(f"There is no generation plan named '{name}'.")
    retried = await session.execute(
        update(GenerationItem)
        .where(GenerationItem.plan_id == plan_id, GenerationItem.state == ItemState.FAILED)
        .values(state=ItemState.PENDING, attempts=0, error=None, updated_at=func.now())
        .returning(GenerationItem.id)
    )
    number = len(retried.all())
    await enqueue_open_chunks(session)
    await record_event(
        session,
        actor=actor,
        action="items_retried",
        subject_kind="plan",
        subject_id=name,
        detail={"items": number},
    )
    return number
