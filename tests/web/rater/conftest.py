"""A study of six pictures and the people who meet it."""

from collections.abc import AsyncIterator

import pytest
from factories import make_study
from fastapi import FastAPI
from rater_browser import RaterBrowser, open_browser

from app.database.engine import SessionFactory
from app.storage.blobs import BlobStore


@pytest.fixture
async def study(sessions: SessionFactory, blobs: BlobStore) -> str:
    """An open study of six pictures."""
    async with sessions.begin() as session:
        await make_study(session, blobs)
    return "example"


@pytest.fixture
async def stranger(app: FastAPI, study: str) -> AsyncIterator[RaterBrowser]:
    """Somebody who has only been given the link."""
    async with open_browser(app, study) as browser:
        yield browser


@pytest.fixture
async def rater(app: FastAPI, study: str) -> AsyncIterator[RaterBrowser]:
    """Somebody with a picture in front of them."""
    async with open_browser(app, study) as browser:
        yield await (await browser.join()).start()


@pytest.fixture
async def other(app: FastAPI, study: str) -> AsyncIterator[RaterBrowser]:
    """Another rater of the same study."""
    async with open_browser(app, study) as browser:
        yield await (await browser.join()).start()
