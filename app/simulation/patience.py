"""Asking a database that may be restarting at this very moment."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.engine import SessionFactory

Answer = TypeVar("Answer")

PAUSE_S = 0.2


async def ask_patiently(
    sessions: SessionFactory,
    question: Callable[[AsyncSession], Awaitable[Answer]],
    *,
    patience_s: float,
) -> Answer:
    """The answer to a question that changes nothing, asked again while there is no database."""
    give_up_at = time.monotonic() + patience_s
    while True:
        try:
            async with sessions() as session:
                return await question(session)
        except (InterfaceError, OperationalError):
            if time.monotonic() > give_up_at:
                raise
        await asyncio.sleep(PAUSE_S)
