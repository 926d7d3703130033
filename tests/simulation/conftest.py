"""Studies whose pictures have a recorded truth, and simulated raters without a network."""

from collections.abc import Awaitable, Callable
from functools import partial

import httpx
import numpy as np
import pytest
from factories import NOW, make_image, make_protocol
from fastapi import FastAPI

from app.database.engine import SessionFactory
from app.database.tables.study import StimulusKind, StudyState
from app.simulation.panel import PanelPlan
from app.simulation.report import Report
from app.simulation.run import simulate
from app.storage.blobs import BlobStore
from app.study.protocol import Protocol
from app.study.stimuli import add_stimuli
from app.study.studies import change_state, create_study

URL = "http://127.0.0.1:8000"
Simulate = Callable[..., Awaitable[Report]]
OpenStudy = Callable[..., Awaitable[int]]


async def build_study(
    sessions: SessionFactory,
    blobs: BlobStore,
    *,
    stimuli: int,
    protocol: Protocol | None = None,
    has_truth: bool = True,
) -> int:
    """An open study of pictures whose losses are evenly spread."""
    protocol = protocol or make_protocol(presentations=stimuli, target_ratings=50)
    luck = np.random.default_rng(5)
    async with sessions.begin() as session:
        study_id = await create_study(
            session, slug="example", title="An example", protocol=protocol, actor="test"
        )
        for kind, number in (
            (StimulusKind.MAIN, stimuli),
            (StimulusKind.TRAINING, protocol.sitting.training),
        ):
            truths = [
                {"quality_loss": quality, "alignment_loss": alignment}
                for quality, alignment in luck.random((number, 2)).tolist()
            ]
            images = [
                await make_image(session, blobs, provenance={"truth": t} if has_truth else {})
                for t in truths
            ]
            await add_stimuli(session, slug="example", image_ids=images, kind=kind, actor="test")
        await change_state(session, slug="example", to=StudyState.OPEN, now=NOW, actor="test")
    return study_id


@pytest.fixture
def open_study(sessions: SessionFactory, blobs: BlobStore) -> OpenStudy:
    """A function that opens a study in the test's database."""
    return partial(build_study, sessions, blobs)


@pytest.fixture
def simulated(app: FastAPI, sessions: SessionFactory) -> Simulate:
    """A function that lets a panel rate the study ``example`` through the application."""

    def connect() -> httpx.AsyncBaseTransport:
        return httpx.ASGITransport(app=app, raise_app_exceptions=False)

    async def _simulate(panel: PanelPlan, **how: object) -> Report:
        return await simulate(
            sessions, slug="example", url=URL, panel=panel, connect=connect, **how
        )

    return _simulate
