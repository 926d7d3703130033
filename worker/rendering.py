"""Rendering one chunk: every pending item becomes a picture in the pool, or says why not.

A picture is committed as soon as it is finished, so nothing finished is ever lost.  An attempt is
counted *before* it begins: a picture that kills the process is found out after a few attempts.
"""

import asyncio
import io
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import structlog
from PIL import Image
from sqlalchemy.exc import InterfaceError, OperationalError

from app.database.engine import SessionFactory
from app.database.tables.pool import ItemState
from app.errors import ImageRefused
from app.pool.items import OpenItem, change_attempts, fail_item, finish_item, list_open_items
from app.storage.blobs import BlobStore
from app.storage.pictures import StoredPicture, store_picture
from worker.generators.base import (
    GenerationError,
    Generator,
    Rendering,
    RenderRequest,
    RenderSettings,
)
from worker.provenance import provenance_of

log = structlog.get_logger()


class ChunkUnfinished(Exception):
    """Some pictures of the chunk are to be tried again."""


@dataclass(frozen=True)
class Workshop:
    """What rendering needs from the process."""

    sessions: SessionFactory
    blobs: BlobStore
    find_generator: Callable[[str], Generator]
    is_stopping: Callable[[], bool]


async def render_chunk(workshop: Workshop, *, plan_id: int, chunk: int) -> None:
    """Render the pending items of a chunk; raises ChunkUnfinished when some are to be retried.

    The first time, all go to the generator together.  Items that have been attempted before go
    one by one, so that one that fails its batch, or the process, fails alone.
    """
    async with workshop.sessions.begin() as session:
        items = await list_open_items(session, plan_id=plan_id, chunk=chunk)
    are_suspect = any(item.attempts for item in items)
    batches = [[item] for item in items] if are_suspect else [items] if items else []
    unfinished = False
    for batch in batches:
        if workshop.is_stopping():
            break
        unfinished |= await _render_batch(workshop, batch)
    log.info("chunk_rendered", plan_id=plan_id, chunk=chunk, items=len(items))
    if unfinished and not workshop.is_stopping():
        raise ChunkUnfinished


async def _render_batch(workshop: Workshop, batch: Sequence[OpenItem]) -> bool:
    """Render items of one generator; return whether any is to be tried again.

    A stop request is heeded between pictures; the attempts that did not happen are taken back.
    """
    await _count_attempts(workshop, batch, by=1)
    outcomes = _outcomes(workshop, batch)
    unfinished = False
    for place, item in enumerate(batch):
        if workshop.is_stopping():
            await _count_attempts(workshop, batch[place:], by=-1)
            break
        started = time.monotonic()
        try:
            outcome = await asyncio.to_thread(next, outcomes, None)
        except GenerationError as error:
            return unfinished | await _fail(workshop, batch[place:], error)
        except Exception as error:
            log.exception("generator_broke", item_id=item.id)
            is_open = await _fail(workshop, [item], _unexpected("The generator failed", error))
            return unfinished | is_open | (place + 1 < len(batch))
        if isinstance(outcome, Rendering):
            seconds = time.monotonic() - started
            unfinished |= await _keep(workshop, item, outcome, seconds)
        else:
            missing = GenerationError("The generator returned no picture.", retryable=True)
            unfinished |= await _fail(workshop, [item], outcome or missing)
    return unfinished


def _outcomes(
    workshop: Workshop, batch: Sequence[OpenItem]
) -> Iterator[Rendering | GenerationError]:
    """The generator's outcomes; it is looked up only when the first one is asked for."""
    generator = workshop.find_generator(batch[0].condition.generator)
    yield from generator.render([_request(item) for item in batch])


def _request(item: OpenItem) -> RenderRequest:
    condition = item.condition
    return RenderRequest(
        prompt=item.prompt,
        generator=condition.generator,
        seed=item.seed,
        settings=RenderSettings(
            guidance=condition.guidance,
            steps=condition.steps,
            width=condition.width,
            height=condition.height,
            scheduler=condition.scheduler,
            extra=condition.extra,
        ),
    )


async def _keep(workshop: Workshop, item: OpenItem, rendering: Rendering, seconds: float) -> bool:
    """Store the bytes, then the rows; return whether the item is to be tried again."""
    try:
        picture = await asyncio.to_thread(_store, workshop.blobs, rendering.image)
        provenance = provenance_of(item, rendering, seconds=seconds)
        async with workshop.sessions.begin() as session:
            await finish_item(session, item=item, picture=picture, provenance=provenance)
    except (OperationalError, InterfaceError):
        raise  # The database went away: not the picture's fault, and nothing can be noted now.
    except ImageRefused as refused:
        return await _fail(workshop, [item], GenerationError(refused.message))
    except Exception as error:
        log.exception("picture_not_stored", item_id=item.id)
        return await _fail(workshop, [item], _unexpected("The picture could not be stored", error))
    return False


def _store(blobs: BlobStore, image: Image.Image) -> StoredPicture:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return store_picture(blobs, buffer.getvalue())


async def _fail(workshop: Workshop, items: Sequence[OpenItem], error: GenerationError) -> bool:
    """Note the error with the items; return whether any of them is to be tried again."""
    states = set()
    async with workshop.sessions.begin() as session:
        for item in items:
            state = await fail_item(
                session, item_id=item.id, sentence=error.message, retryable=error.retryable
            )
            states.add(state)
            log.warning("item_failed", item_id=item.id, state=state)
    return ItemState.PENDING in states


async def _count_attempts(workshop: Workshop, items: Sequence[OpenItem], *, by: int) -> None:
    async with workshop.sessions.begin() as session:
        await change_attempts(session, item_ids=[item.id for item in items], by=by)


def _unexpected(what: str, error: Exception) -> GenerationError:
    """An error nobody foresaw, in a sentence; trying again may help."""
    reason = str(error).strip().split("\n")[0][:200]
    return GenerationError(f"{what}: {type(error).__name__}: {reason}", retryable=True)
