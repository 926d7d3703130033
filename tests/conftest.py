"""What all tests share: a real PostgreSQL, a clean database for each test, clients for the app."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
import sqlalchemy
from factories import log_in_as, make_account
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.embedded import EmbeddedDatabase
from app.database.engine import SessionFactory, create_database_engine, create_session_factory
from app.database.migrate import migrate
from app.database.tables import Base
from app.database.tables.accounts import Role
from app.main import create_app
from app.settings import PROJECT_FOLDER, Settings
from app.storage.blobs import BlobStore

BASE_URL = "http://127.0.0.1:8000"


@pytest.fixture(scope="session")
def database_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A migrated database: the server named by the environment, else an embedded one."""
    given = os.environ.get("BEHOLDER_TEST_DATABASE_URL")
    if given:
        migrate(given)
        yield given
        return
    server = EmbeddedDatabase(tmp_path_factory.mktemp("database"))
    url = server.start()
    try:
        migrate(url)
        yield url
    finally:
        server.stop()


@pytest.fixture(scope="session")
async def session_factory(database_url: str) -> AsyncIterator[SessionFactory]:
    """Sessions on the test database."""
    engine = create_database_engine(database_url, pool_size=10)
    yield create_session_factory(engine)
    await engine.dispose()


@pytest.fixture
async def sessions(session_factory: SessionFactory) -> AsyncIterator[SessionFactory]:
    """Sessions on a database that is emptied after the test."""
    yield session_factory
    names = [table.name for table in Base.metadata.sorted_tables]
    names += ["procrastinate_jobs", "procrastinate_workers"]
    async with session_factory.begin() as session:
        await session.execute(
            sqlalchemy.text(f"TRUNCATE {', '.join(names)} RESTART IDENTITY CASCADE")
        )


@pytest.fixture
async def session(sessions: SessionFactory) -> AsyncIterator[AsyncSession]:
    """One session in one transaction, committed at the end of the test."""
    async with sessions.begin() as session:
        yield session


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with a data folder of their own; analyses are carried out by tests that want it."""
    return Settings(data_folder=tmp_path, analysis_worker=False, _env_file=None)


@pytest.fixture
def blobs(settings: Settings) -> BlobStore:
    """The store of image bytes that ``app`` uses."""
    return BlobStore(settings.blob_folder)


@pytest.fixture
async def app(
    settings: Settings, database_url: str, sessions: SessionFactory
) -> AsyncIterator[FastAPI]:
    """The application on the test database."""
    app = create_app(settings, database_url)
    async with app.router.lifespan_context(app):
        yield app


def new_client(app: FastAPI) -> httpx.AsyncClient:
    """A browser without cookies."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=BASE_URL)


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A stranger's browser."""
    async with new_client(app) as client:
        yield client


@pytest.fixture
async def owner(app: FastAPI, sessions: SessionFactory) -> AsyncIterator[httpx.AsyncClient]:
    """A browser in which an owner is logged in."""
    async with sessions.begin() as session:
        await make_account(session, email="owner@lab.example", role=Role.OWNER)
    async with new_client(app) as client:
        yield await log_in_as(client, "owner@lab.example")


@pytest.fixture
async def viewer(app: FastAPI, sessions: SessionFactory) -> AsyncIterator[httpx.AsyncClient]:
    """A browser in which a viewer is logged in."""
    async with sessions.begin() as session:
        await make_account(session, email="viewer@lab.example", role=Role.VIEWER)
    async with new_client(app) as client:
        yield await log_in_as(client, "viewer@lab.example")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data; absent on a newcomer's machine, required in CI."""
    given = os.environ.get("BEHOLDER_DATA")
    folder = Path(given) if given else PROJECT_FOLDER.parent / "shared" / "data"
    if not folder.is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"the shared data folder is missing: {folder}")
        pytest.skip("needs the shared data folder; set BEHOLDER_DATA to where it lies")
    return folder
