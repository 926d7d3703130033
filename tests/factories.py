"""Ready-made rows and people for tests: images, studies with stimuli, accounts, browsers."""

import io
import re
from datetime import UTC, datetime
from itertools import count

import httpx
from PIL import Image as PillowImage
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.accounts import create_account
from app.database.tables import Condition, Image, Prompt
from app.database.tables.accounts import Role
from app.database.tables.pool import ImageOrigin
from app.database.tables.study import StimulusKind, StudyState
from app.storage.blobs import BlobStore
from app.storage.pictures import store_picture
from app.study.protocol import Protocol, Scale, SittingRules
from app.study.stimuli import add_stimuli
from app.study.studies import change_state, create_study
from app.study.templates import CONTINUOUS_0_5, quality_and_alignment

PASSWORD = "correct-horse-battery"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
_numbers = count(1)


def picture_bytes(colour: tuple[int, int, int] = (200, 30, 30), size: int = 64) -> bytes:
    """A small PNG picture of one colour."""
    buffer = io.BytesIO()
    PillowImage.new("RGB", (size, size), colour).save(buffer, "PNG")
    return buffer.getvalue()


async def make_account(session: AsyncSession, *, email: str, role: Role = Role.OWNER) -> int:
    """An account with ``PASSWORD``."""
    return await create_account(session, email=email, password=PASSWORD, role=role, actor="test")


def csrf_of(html: str) -> str:
    """The form token in a page."""
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', html)
    assert found, "the page has no form token"
    return found.group(1)


async def log_in_as(client: httpx.AsyncClient, email: str) -> httpx.AsyncClient:
    """Log this browser in through the form."""
    form = await client.get("/login")
    answer = await client.post(
        "/login", data={"email": email, "password": PASSWORD, "csrf": csrf_of(form.text)}
    )
    assert answer.status_code == 303, answer.text
    return client


async def make_prompt(session: AsyncSession, text: str | None = None) -> int:
    """A prompt with this text, or with a text of its own."""
    text = text or f"a picture number {next(_numbers)}"
    found = await session.scalar(select(Prompt.id).where(Prompt.text == text))
    if found is not None:
        return found
    values = {"text": text, "word_count": len(text.split())}
    return (await session.execute(insert(Prompt).values(values).returning(Prompt.id))).scalar_one()


async def make_condition(session: AsyncSession, generator: str = "model-a", steps: int = 20) -> int:
    """A condition of this generator."""
    digest = f"{generator}-{steps}"
    found = await session.scalar(select(Condition.id).where(Condition.digest == digest))
    if found is not None:
        return found
    values = {"generator": generator, "steps": steps, "guidance": 7.5, "digest": digest}
    return (
        await session.execute(insert(Condition).values(values).returning(Condition.id))
    ).scalar_one()


async def make_image(
    session: AsyncSession,
    blobs: BlobStore,
    *,
    prompt: str | None = None,
    generator: str = "model-a",
    provenance: dict[str, object] | None = None,
) -> int:
    """An image in the pool with real bytes, one colour for each."""
    number = next(_numbers)
    picture = store_picture(blobs, picture_bytes((number % 256, number // 256 % 256, 90)))
    values = {
        **vars(picture),
        "prompt_id": await make_prompt(session, prompt),
        "condition_id": await make_condition(session, generator),
        "seed": number,
        "name": f"{generator}_{number:04}.png",
        "origin": ImageOrigin.GENERATED,
        "provenance": provenance or {},
    }
    return (await session.execute(insert(Image).values(values).returning(Image.id))).scalar_one()


def make_protocol(
    *,
    scale: Scale = CONTINUOUS_0_5,
    presentations: int = 6,
    training: int = 0,
    target_ratings: int = 5,
    **sitting: float,
) -> Protocol:
    """A short protocol of quality and alignment."""
    rules = SittingRules.model_validate(
        {"presentations": presentations, "training": training, **sitting}
    )
    return quality_and_alignment(scale=scale, target_ratings=target_ratings, sitting=rules)


async def make_study(
    session: AsyncSession,
    blobs: BlobStore,
    *,
    slug: str = "example",
    stimuli: int = 6,
    protocol: Protocol | None = None,
    state: StudyState = StudyState.OPEN,
    generators: tuple[str, ...] = ("model-a", "model-b"),
) -> int:
    """A study with this many main stimuli and the training ones that its protocol wants."""
    protocol = protocol or make_protocol()
    study_id = await create_study(
        session, slug=slug, title="An example", protocol=protocol, actor="test"
    )
    for kind, number in (
        (StimulusKind.MAIN, stimuli),
        (StimulusKind.TRAINING, protocol.sitting.training),
    ):
        images = [
            await make_image(session, blobs, generator=generators[index % len(generators)])
            for index in range(number)
        ]
        await add_stimuli(session, slug=slug, image_ids=images, kind=kind, actor="test")
    for step in _states_up_to(state):
        await change_state(session, slug=slug, to=step, now=NOW, actor="test")
    return study_id


def _states_up_to(state: StudyState) -> list[StudyState]:
    return {
        StudyState.DRAFT: [],
        StudyState.OPEN: [StudyState.OPEN],
        StudyState.PAUSED: [StudyState.OPEN, StudyState.PAUSED],
        StudyState.CLOSED: [StudyState.OPEN, StudyState.CLOSED],
    }[state]
