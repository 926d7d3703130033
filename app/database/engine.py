"""The connection to PostgreSQL: one driver (psycopg 3), one engine per process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import sqlalchemy
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)

SessionFactory = async_sessionmaker[AsyncSession]


def driver_url(url: str) -> str:
    """The URL with our driver named, whatever form of ``postgresql://`` was given."""
    parsed = sqlalchemy.make_url(url)
    return parsed.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def libpq_url(url: str) -> str:
    """The URL as psycopg and libpq take it."""
    parsed = sqlalchemy.make_url(url)
    return parsed.set(drivername="postgresql").render_as_string(hide_password=False)


def create_database_engine(url: str, *, pool_size: int = 5) -> AsyncEngine:
    """An engine that prepares statements on first use and tests a connection before lending it."""
    return create_async_engine(
        driver_url(url),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        # What people typed and rated does not belong into logs and tracebacks.
        hide_parameters=True,
        connect_args={"prepare_threshold": 1, "application_name": "beholder"},
    )


def create_session_factory(engine: AsyncEngine) -> SessionFactory:
    """Sessions whose rows stay readable after the commit."""
    return async_sessionmaker(engine, expire_on_commit=False)


@asynccontextmanager
async def open_session(url: str) -> AsyncIterator[SessionFactory]:
    """A session factory on an engine of its own, for commands; disposed at the end."""
    engine = create_database_engine(url, pool_size=2)
    try:
        yield create_session_factory(engine)
    finally:
        await engine.dispose()
