"""What a request needs from the process: database session, settings, image bytes, the time.

A route's database session is committed *before* its response is sent (``scope="function"``), so
whatever a browser has been told is stored, is stored.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.engine import SessionFactory
from app.settings import Settings
from app.storage.blobs import BlobStore


@dataclass(frozen=True)
class AppState:
    """The parts of a running server, set once by ``create_app``."""

    settings: Settings
    sessions: SessionFactory
    blobs: BlobStore
    signing_key: bytes


def get_state(request: Request) -> AppState:
    """The running server's parts."""
    state: AppState = request.app.state.beholder
    return state


async def _open_session(request: Request) -> AsyncIterator[AsyncSession]:
    async with get_state(request).sessions.begin() as session:
        yield session


def current_time() -> datetime:
    """Now, in UTC; a dependency, so that tests can set the clock."""
    return datetime.now(UTC)


StateDep = Annotated[AppState, Depends(get_state)]
SessionDep = Annotated[AsyncSession, Depends(_open_session, scope="function")]
NowDep = Annotated[datetime, Depends(current_time)]
