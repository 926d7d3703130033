"""The items of a plan while the worker renders them: claimed, finished, failed, given back.

Every change is a compare-and-set on ``pending``: of two workers that render the same item the
first one's picture counts, and the other's write finds nothing to change.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, case, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.arrays import is_one_of
from app.database.tables import Condition, GenerationItem, Image, Prompt
from app.database.tables.pool import ImageOrigin, ItemState
from app.pool.conditions import ConditionSettings
from app.storage.pictures import StoredPicture

MOST_ATTEMPTS = 3
STOPPED_TOO_OFTEN = (
    f"The worker was stopped {MOST_ATTEMPTS} times while it rendered this picture, so the picture "
    "may be the cause."
)


@dataclass(frozen=True)
class OpenItem:
    """A picture that is to be rendered now."""

    id: int
    prompt_id: int
    prompt: str
    condition_id: int
    condition: ConditionSettings
    seed: int
    attempts: int


_OPEN = (
    select(GenerationItem, Prompt.text, Condition)
    .join(Prompt, Prompt.id == GenerationItem.prompt_id)
    .join(Condition, Condition.id == GenerationItem.condition_id)
    .where(
        GenerationItem.plan_id == bindparam("plan_id"),
        GenerationItem.chunk == bindparam("chunk"),
        GenerationItem.state == ItemState.PENDING,
    )
    .order_by(GenerationItem.position)
)


async def list_open_items(session: AsyncSession, *, plan_id: int, chunk: int) -> list[OpenItem]:
    """Pending items of a chunk; one whose every attempt stopped the worker fails here."""
    await session.execute(
        update(GenerationItem)
        .where(
            GenerationItem.plan_id == plan_id,
            GenerationItem.chunk == chunk,
            GenerationItem.state == ItemState.PENDING,
            GenerationItem.attempts >= MOST_ATTEMPTS,
        )
        .values(
            state=ItemState.FAILED,
            error=func.coalesce(GenerationItem.error, STOPPED_TOO_OFTEN),
            updated_at=func.now(),
        )
    )
    rows = await session.execute(_OPEN, {"plan_id": plan_id, "chunk": chunk})
    return [_open_item(item, text, condition) for item, text, condition in rows]


def _open_item(item: GenerationItem, text: str, condition: Condition) -> OpenItem:
    return OpenItem(
        id=item.id,
        prompt_id=item.prompt_id,
        prompt=text,
        condition_id=item.condition_id,
        condition=ConditionSettings.of(condition),
        seed=item.seed,
        attempts=item.attempts,
    )


async def change_attempts(session: AsyncSession, *, item_ids: Sequence[int], by: int) -> None:
    """Count an attempt before it begins (+1), or take back one that did not happen (-1)."""
    await session.execute(
        update(GenerationItem)
        .where(is_one_of(GenerationItem.id, item_ids), GenerationItem.state == ItemState.PENDING)
        .values(attempts=GenerationItem.attempts + by, updated_at=func.now())
    )


async def finish_item(
    session: AsyncSession,
    *,
    item: OpenItem,
    picture: StoredPicture,
    provenance: dict[str, Any],
) -> bool:
    """Add the image of an item and mark the item done; False when another worker was faster."""
    pending = await session.scalar(
        select(GenerationItem.id)
        .where(GenerationItem.id == item.id, GenerationItem.state == ItemState.PENDING)
        .with_for_update()
    )
    if pending is None:
        return False
    image_id = await _add_image(session, item, picture, provenance)
    await session.execute(
        update(GenerationItem)
        .where(GenerationItem.id == item.id)
        .values(state=ItemState.DONE, image_id=image_id, error=None, updated_at=func.now())
    )
    return True


async def _add_image(
    session: AsyncSession, item: OpenItem, picture: StoredPicture, provenance: dict[str, Any]
) -> int:
    """The id of the image; the same picture may be there already from another plan."""
    identity = {
        "sha256": picture.sha256,
        "prompt_id": item.prompt_id,
        "condition_id": item.condition_id,
        "seed": item.seed,
    }
    added = await session.execute(
        insert(Image)
        .values(
            **{**vars(picture), **identity},
            name=f"{item.condition.generator}_{item.id:06}.png",
            origin=ImageOrigin.GENERATED,
            provenance=provenance,
        )
        .on_conflict_do_nothing(constraint="uq_image_identity")
        .returning(Image.id)
    )
    image_id = added.scalar()
    if image_id is not None:
        return image_id
    return (await session.execute(select(Image.id).filter_by(**identity))).scalar_one()


async def fail_item(
    session: AsyncSession, *, item_id: int, sentence: str, retryable: bool
) -> ItemState | None:
    """Note why an item failed; it stays pending while it may be tried again."""
    state = case(
        (GenerationItem.attempts < MOST_ATTEMPTS, ItemState.PENDING.value),
        else_=ItemState.FAILED.value,
    )
    changed = await session.execute(
        update(GenerationItem)
        .where(GenerationItem.id == item_id, GenerationItem.state == ItemState.PENDING)
        .values(
            state=state if retryable else ItemState.FAILED,
            error=sentence,
            updated_at=func.now(),
        )
        .returning(GenerationItem.state)
    )
    return changed.scalar()
