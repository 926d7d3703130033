"""Rendering a chunk: each picture is kept or says why not, once, whatever else goes wrong."""

import asyncio
import io
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from PIL import Image as PillowImage
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.engine import SessionFactory
from app.database.tables import GenerationItem, Image
from app.database.tables.pool import ItemState
from app.pool.items import MOST_ATTEMPTS
from app.pool.plan_document import validate_plan
from app.pool.plan_progress import PlanProgress, list_plan_progress
from app.pool.plans import create_plan
from app.storage.blobs import BlobStore
from worker.generators.base import GenerationError, Rendering, RenderRequest
from worker.registry import find_generator
from worker.rendering import ChunkUnfinished, Workshop, render_chunk

Outcome = Rendering | GenerationError
PROMPTS = ["a red circle", "a blue square", "a green star", "a pink heart"]


def picture_of(request: RenderRequest) -> Rendering:
    colour = tuple(request.seed.to_bytes(4, "big")[1:])
    return Rendering(PillowImage.new("RGB", (32, 32), colour), {"truth": {"quality_loss": 0.1}})


class Painter:
    """A generator that does to each request what it is told; it remembers the batches."""

    def __init__(self, paint: Callable[[RenderRequest], Outcome] = picture_of) -> None:
        self.paint = paint
        self.batches: list[list[str]] = []

    def render(self, requests: Sequence[RenderRequest]) -> Iterator[Outcome]:
        self.batches.append([request.prompt for request in requests])
        for request in requests:
            try:
                yield self.paint(request)
            except GenerationError as error:
                yield error


@pytest.fixture
async def plan_id(sessions: SessionFactory) -> int:
    """A plan of one chunk with four prompts."""
    return await queue_plan(sessions, "demo")


async def queue_plan(sessions: SessionFactory, name: str) -> int:
    plan = validate_plan(
        {
            "name": name,
            "seed": 3,
            "prompts": {"texts": PROMPTS},
            "generators": ["procedural-draft"],
        }
    )
    async with sessions.begin() as session:
        return (await create_plan(session, plan=plan, actor="test")).plan_id


def workshop_with(
    sessions: SessionFactory,
    blobs: BlobStore,
    painter: Any,
    *,
    is_stopping: Callable[[], bool] = lambda: False,
) -> Workshop:
    return Workshop(sessions, blobs, lambda name: painter, is_stopping)


async def progress_of(sessions: SessionFactory) -> PlanProgress:
    async with sessions() as session:
        (progress,) = await list_plan_progress(session, name="demo")
        return progress


async def list_items(session: AsyncSession) -> list[GenerationItem]:
    return list(await session.scalars(select(GenerationItem).order_by(GenerationItem.position)))


async def test_a_picture_is_stored_with_its_story(
    sessions: SessionFactory, blobs: BlobStore, plan_id: int
) -> None:
    workshop = workshop_with(sessions, blobs, Painter())
    await render_chunk(workshop, plan_id=plan_id, chunk=0)
    async with sessions() as session:
        item = (await list_items(session))[0]
        image = await session.get_one(Image, item.image_id)
    assert (item.state, item.attempts, item.error) == (ItemState.DONE, 1, None)
    assert (image.prompt_id, image.condition_id, image.seed) == (
        item.prompt_id,
        item.condition_id,
        item.seed,
    )
    assert image.origin == "generated"
    assert image.name == f"procedural-draft_{item.id:06}.png"
    assert PillowImage.open(io.BytesIO(blobs.get(image.sha256))).size == (32, 32)
    provenance = image.provenance
    assert provenance["prompt"] == "a red circle"
    assert provenance["truth"] == {"quality_loss": 0.1}
    assert (provenance["generator"], provenance["seed"]) == ("procedural-draft", item.seed)
    assert {"beholder", "numpy", "pillow", "python"} <= set(provenance["software"])
    assert provenance["seconds"] >= 0


async def test_rendering_a_finished_chunk_again_does_nothing(
    sessions: SessionFactory, blobs: BlobStore, plan_id: int
) -> None:
    painter = Painter()
    workshop = workshop_with(sessions, blobs, painter)
    for _ in range(2):
        await render_chunk(workshop, plan_id=plan_id, chunk=0)
    assert len(painter.batches) == 1


async def test_a_bad_prompt_fails_its_item_not_its_chunk(
    sessions: SessionFactory, blobs: BlobStore, plan_id: int
) -> None:
    def paint(request: RenderRequest) -> Outcome:
        if "blue" in request.prompt:
            raise GenerationError("The prompt mentions blue.")
        return picture_of(request)

    await render_chunk(workshop_with(sessions, blobs, Painter(paint)), plan_id=plan_id, chunk=0)
    progress = await progress_of(sessions)
    assert (progress.done, progress.failed, progress.pending) == (3, 1, 0)
    assert progress.errors == (("The prompt mentions blue.", 1),)


async def test_a_passing_trouble_is_tried_again_alone_and_given_up_in_the_end(
    sessions: SessionFactory, blobs: BlobStore, plan_id: int
) -> None:
    def paint(request: RenderRequest) -> Outcome:
        if "blue" in request.prompt:
            raise GenerationError("The service is busy.", retryable=True)
        return picture_of(request)

    painter = Painter(paint)
    workshop = workshop_with(sessions, blobs, painter)
    for _ in range(MOST_ATTEMPTS - 1):
        with pytest.raises(ChunkUnfinished):
            await render_chunk(workshop, plan_id=plan_id, chunk=0)
    await render_chunk(workshop, plan_id=plan_id, chunk=0)
    progress = await progress_of(sessions)
    assert (progress.done, progress.failed) == (3, 1)
    assert progress.errors == (("The service is busy.", 1),)
    assert painter.batches == [PROMPTS, ["a blue square"], ["a blue square"]]


async def test_a_broken_generator_is_isolated_to_the_picture_that_breaks_it(
    sessions: SessionFactory, blobs: BlobStore, plan_id: int
) -> None:
    def paint(request: RenderRequest) -> Outcome:
        if "blue" in request.prompt:
            raise ZeroDivisionError("blue\nand more")
        return picture_of(request)

    workshop = workshop_with(sessions, blobs, Painter(paint))
    for _ in range(MOST_ATTEMPTS - 1):
        with pytest.raises(ChunkUnfinished):
            await render_chunk(workshop, plan_id=plan_id, chunk=0)
    await render_chunk(workshop, plan_id=plan_id, chunk=0)
    progress = await progress_of(sessions)
    assert (progress.done, progress.failed) == (3, 1)
    assert progress.errors == (("The generator failed: ZeroDivisionError: blue", 1),)


async def test_a_generator_that_cannot_be_loaded_fails_all_with_its_sentence(
    sessions: SessionFactory, blobs: BlobStore, plan_id: int
) -> None:
    def refuse(name: str) -> Any:
        raise GenerationError(f"This worker cannot render for '{name}'.")

    workshop = Workshop(sessions, blobs, refuse, lambda: False)
    await render_chunk(workshop, plan_id=plan_id, chunk=0)
    progress = await progress_of(sessions)
    assert progress.failed == 4
    assert progress.errors == (("This worker cannot render for 'procedural-draft'.", 4),)


def test_a_name_that_the_catalogue_has_lost_is_an_error_in_words() -> None:
    with pytest.raises(GenerationError, match="no generator 'procedural-lost'"):
        find_generator("procedural-lost")


async def test_a_generator_that_stops_early_leaves_no_item_behind(
    sessions: SessionFactory, blobs: BlobStore, plan_id: int
) -> None:
    class Lazy:
        def render(self, requests: Sequence[RenderRequest]) -> Iterator[Outcome]:
            yield picture_of(requests[0])

    with pytest.raises(ChunkUnfinished):
        await render_chunk(workshop_with(sessions, blobs, Lazy()), plan_id=plan_id, chunk=0)
    await render_chunk(workshop_with(sessions, blobs, Lazy()), plan_id=plan_id, chunk=0)
    assert (await progress_of(sessions)).done == 4


async def test_a_stop_request_keeps_what_is_finished_and_gives_the_rest_back(
    sessions: SessionFactory, blobs: BlobStore, plan_id: int
) -> None:
    painted: list[str] = []

    def paint(request: RenderRequest) -> Outcome:
        painted.append(request.prompt)
        return picture_of(request)

    workshop = workshop_with(sessions, blobs, Painter(paint), is_stopping=lambda: len(painted) >= 2)
    await render_chunk(workshop, plan_id=plan_id, chunk=0)
    async with sessions() as session:
        items = await list_items(session)
    assert [item.state for item in items] == ["done", "done", "pending", "pending"]
    assert [item.attempts for item in items] == [1, 1, 0, 0]


async def test_a_picture_that_keeps_killing_the_worker_is_given_up(
    sessions: SessionFactory, blobs: BlobStore, plan_id: int
) -> None:
    async with sessions.begin() as session:
        await session.execute(
            update(GenerationItem)
            .where(GenerationItem.position == 1)
            .values(attempts=MOST_ATTEMPTS)
        )
    await render_chunk(workshop_with(sessions, blobs, Painter()), plan_id=plan_id, chunk=0)
    progress = await progress_of(sessions)
    assert (progress.done, progress.failed) == (3, 1)
    assert "was stopped 3 times" in progress.errors[0][0]


async def test_an_attempt_is_counted_before_it_begins(
    sessions: SessionFactory, blobs: BlobStore, plan_id: int
) -> None:
    class Killed(BaseException):
        pass

    def paint(request: RenderRequest) -> Outcome:
        raise Killed

    with pytest.raises(Killed):
        await render_chunk(workshop_with(sessions, blobs, Painter(paint)), plan_id=plan_id, chunk=0)
    async with sessions() as session:
        assert [item.attempts for item in await list_items(session)] == [1, 1, 1, 1]


async def test_of_two_workers_on_one_chunk_only_one_picture_counts(
    sessions: SessionFactory, blobs: BlobStore, plan_id: int
) -> None:
    """The second renders the same items while the first is at it, and differently at that."""
    numbers = iter(range(100))

    def paint(request: RenderRequest) -> Outcome:
        return Rendering(PillowImage.new("RGB", (32, 32), (next(numbers), 0, 0)), {})

    class Nested(Painter):
        def render(self, requests: Sequence[RenderRequest]) -> Iterator[Outcome]:
            yield from list(super().render(requests))

    first, second = (workshop_with(sessions, blobs, Nested(paint)) for _ in range(2))
    await asyncio.gather(
        *(render_chunk(workshop, plan_id=plan_id, chunk=0) for workshop in (first, second))
    )
    async with sessions() as session:
        items = await list_items(session)
        images = list(await session.scalars(select(Image.id)))
    assert [item.state for item in items] == ["done"] * 4
    assert sorted(images) == sorted(item.image_id for item in items if item.image_id)


async def test_the_same_picture_in_another_plan_is_one_image(
    sessions: SessionFactory, blobs: BlobStore, plan_id: int
) -> None:
    workshop = workshop_with(sessions, blobs, Painter())
    again = await queue_plan(sessions, "again")
    for number in (plan_id, again):
        await render_chunk(workshop, plan_id=number, chunk=0)
    async with sessions() as session:
        items = await list_items(session)
        images = list(await session.scalars(select(Image.id)))
    assert [item.state for item in items] == ["done"] * 8
    assert len(images) == 4


async def test_a_store_that_fails_is_reported_in_words(
    sessions: SessionFactory, blobs: BlobStore, plan_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def put(content: bytes) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(blobs, "put", put)
    with pytest.raises(ChunkUnfinished):
        await render_chunk(workshop_with(sessions, blobs, Painter()), plan_id=plan_id, chunk=0)
    ((sentence, number),) = (await progress_of(sessions)).errors
    assert "could not be stored: OSError: [Errno 28] No space left" in sentence
    assert number == 4
    monkeypatch.undo()
    await render_chunk(workshop_with(sessions, blobs, Painter()), plan_id=plan_id, chunk=0)
    assert (await progress_of(sessions)).done == 4


async def test_a_picture_that_the_pool_does_not_accept_fails_for_good(
    sessions: SessionFactory, blobs: BlobStore, plan_id: int
) -> None:
    def paint(request: RenderRequest) -> Outcome:
        return Rendering(PillowImage.new("RGB", (8, 8)), {})

    await render_chunk(workshop_with(sessions, blobs, Painter(paint)), plan_id=plan_id, chunk=0)
    progress = await progress_of(sessions)
    assert progress.errors == (("The picture is smaller than 16 pixels.", 4),)
