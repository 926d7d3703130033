"""Programs that ask: one with an owner's token, one with a viewer's."""

from collections.abc import AsyncIterator

import httpx
import pytest
from factories import make_account
from fastapi import FastAPI

from app.accounts.accounts import create_api_token
from app.database.engine import SessionFactory
from app.database.tables.accounts import Role
from app.web.state import current_time

BASE_URL = "http://127.0.0.1:8000"


async def _program(
    app: FastAPI, sessions: SessionFactory, role: Role
) -> AsyncIterator[httpx.AsyncClient]:
    email = f"{role}@lab.example"
    async with sessions.begin() as session:
        await make_account(session, email=email, role=role)
        token = await create_api_token(
            session, email=email, name="notebook", days=1, now=current_time()
        )
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app, raise_app_exceptions=False),
        base_url=BASE_URL,
        headers={"Authorization": f"Bearer {token}"},
    ) as client:
        yield client


@pytest.fixture
async def owner_program(app: FastAPI, sessions: SessionFactory) -> AsyncIterator[httpx.AsyncClient]:
    """A program with an owner's token."""
    async for client in _program(app, sessions, Role.OWNER):
        yield client


@pytest.fixture
async def viewer_program(
    app: FastAPI, sessions: SessionFactory
) -> AsyncIterator[httpx.AsyncClient]:
    """A program with a viewer's token."""
    async for client in _program(app, sessions, Role.VIEWER):
        yield client
