"""One transaction for one command."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from app.database.connect import open_database
from app.database.engine import open_session
from app.database.migrate import list_pending_revisions
from app.errors import Conflict
from app.settings import get_settings

Done = TypeVar("Done")


def in_transaction(work: Callable[[AsyncSession], Awaitable[Done]]) -> Done:
    """Do the work on the database of the settings; an error rolls everything back.

    Raises Conflict when the schema is not current.
    """

    async def run(url: str) -> Done:
        async with open_session(url) as sessions, sessions.begin() as session:
            return await work(session)

    with open_database(get_settings()) as url:
        if list_pending_revisions(url):
            raise Conflict("The database schema is not current; run `beholder migrate` first.")
        return asyncio.run(run(url))
