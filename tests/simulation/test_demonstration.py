"""The demonstration study: each step is done once, wherever the last attempt was interrupted."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import BASE_URL
from sqlalchemy import func, select

from app.analysis.simulation import RaterKind
from app.database.engine import SessionFactory
from app.database.tables import (
    AnalysisRun,
    AuditEvent,
    Base,
    GenerationPlan,
    Image,
    Prompt,
    Rater,
    Rating,
    Stimulus,
)
from app.database.tables.study import StimulusKind, StudyState
from app.errors import BeholderError
from app.settings import Settings
from app.simulation import demonstration
from app.simulation.demonstration_plan import VARIANTS, demonstration_protocol
from app.simulation.panel import PanelPlan
from app.simulation.server import RehearsalServer
from app.study.studies import create_study, get_study

ACTOR = "test"
RATERS = 3
PROMPTS = 2
PICTURES = PROMPTS * len(VARIANTS)
TRAINING = demonstration_protocol().sitting.training


@pytest.fixture(autouse=True)
def few_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """A demonstration of a few seconds."""
    monkeypatch.setattr(demonstration, "PROMPTS", PROMPTS)
    monkeypatch.setattr(demonstration, "PANEL", PanelPlan(RATERS, {RaterKind.RANDOM: 1}))


@pytest.fixture
def worker(database_url: str, settings: Settings, sessions: SessionFactory) -> Iterator[None]:
    """The real worker process."""
    environment = os.environ | {
        "BEHOLDER_DATABASE_URL": database_url,
        "BEHOLDER_DATA_FOLDER": str(settings.data_folder),
    }
    with (settings.data_folder / "worker.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "worker"], env=environment, stdout=log, stderr=log
        )
    yield
    process.terminate()
    process.wait()


@pytest.fixture
async def server(database_url: str, tmp_path: Path, sessions: SessionFactory) -> AsyncIterator[str]:
    """The address of the real web server."""
    server = RehearsalServer(database_url=database_url, data_folder=tmp_path)
    await server.start()
    yield server.url
    server.stop()


async def count(sessions: SessionFactory, table: type[Base], *where: object) -> int:
    async with sessions() as session:
        query = select(func.count()).select_from(table).where(*where)  # type: ignore[arg-type]
        return (await session.execute(query)).scalar_one()


async def interrupt(work: Coroutine[Any, Any, None], *, when: Callable[[], Awaitable[int]]) -> None:
    """Cancel the work as soon as there is something to count."""
    task = asyncio.create_task(work)
    while not task.done():
        if await when():
            task.cancel()
        await asyncio.sleep(0.01)
    assert task.cancelled()


async def is_complete(sessions: SessionFactory) -> bool:
    async with sessions() as session:
        return await demonstration.is_complete(session)


async def test_without_a_worker_it_says_so(sessions: SessionFactory) -> None:
    with pytest.raises(BeholderError, match="the worker is not running"):
        await demonstration.prepare(sessions, actor=ACTOR, say=[].append, stalled_s=0.1)
    assert not await is_complete(sessions)


async def test_it_is_continued_after_any_interruption_and_left_alone_when_complete(
    sessions: SessionFactory, settings: Settings, worker: None, server: str
) -> None:
    said: list[str] = []

    async def prepare(stalled_s: float = 60) -> None:
        await demonstration.prepare(sessions, actor=ACTOR, say=said.append, stalled_s=stalled_s)

    async def fill() -> None:
        await demonstration.fill(sessions, settings, url=server, actor=ACTOR, say=said.append)

    await interrupt(prepare(), when=lambda: count(sessions, GenerationPlan))
    for _ in range(2):
        await prepare()
        assert await count(sessions, GenerationPlan) == 2
        assert await count(sessions, Prompt) == PROMPTS + TRAINING
        assert await count(sessions, Image) == PICTURES + TRAINING
        assert await count(sessions, Stimulus, Stimulus.kind == StimulusKind.MAIN) == PICTURES
    async with sessions() as session:
        assert (await get_study(session, slug=demonstration.SLUG)).state is StudyState.OPEN
    assert not await is_complete(sessions)

    await interrupt(fill(), when=lambda: count(sessions, Rating))
    assert 0 < await count(sessions, Rating) < RATERS * (PICTURES + TRAINING)
    for _ in range(2):
        await fill()
        assert await is_complete(sessions)
        assert await count(sessions, Rater) == RATERS
        assert await count(sessions, Rating) == RATERS * (PICTURES + TRAINING)
        assert await count(sessions, AnalysisRun) == 1
    assert said[0] == f"{PICTURES + TRAINING} procedural pictures are to be rendered."
    assert f"{PICTURES + TRAINING} of {PICTURES + TRAINING} pictures are rendered." in said
    await _check_planted_are_noted(sessions)
    assert not (settings.data_folder / "demonstration-raters.json").exists()


async def _check_planted_are_noted(sessions: SessionFactory) -> None:
    """Whoever wants to check the screening finds in the audit log who was planted."""
    async with sessions() as session:
        noted = await session.scalar(
            select(AuditEvent.detail).where(AuditEvent.action == demonstration.COMPLETED)
        )
        codes = (await session.scalars(select(Rater.public_code))).all()
    assert noted is not None
    assert [len(codes) for codes in noted["planted"].values()] == [1]
    assert set(noted["planted"]["random"]) < set(codes)


async def test_a_study_that_was_paused_by_a_person_is_left_alone(
    sessions: SessionFactory, settings: Settings
) -> None:
    async with sessions.begin() as session:
        await create_study(
            session,
            slug=demonstration.SLUG,
            title="Taken over",
            protocol=demonstration_protocol(),
            actor=ACTOR,
        )
        study = await get_study(session, slug=demonstration.SLUG)
        study.state = StudyState.PAUSED
    said: list[str] = []
    await demonstration.prepare(sessions, actor=ACTOR, say=said.append)
    await demonstration.fill(sessions, settings, url=BASE_URL, actor=ACTOR, say=said.append)
    assert said == []
    assert await is_complete(sessions)


def test_a_person_finds_an_open_place_and_honest_words() -> None:
    protocol = demonstration_protocol()
    assert protocol.target_ratings > 12
    assert protocol.sitting.presentations <= 20
    assert "procedural" in protocol.consent.text
    assert "simulated" in protocol.consent.text
