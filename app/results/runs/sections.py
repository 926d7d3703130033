"""The sections of a run's report, as they were stored."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables import RunSection


async def find_section(session: AsyncSession, *, run_id: int, name: str) -> dict[str, Any] | None:
    """One section; None if the run was not asked to compute it, or is older than the section.

    A section that could not be computed has a sentence under ``failed`` and nothing else.
    """
    return await session.scalar(
        select(RunSection.document).where(RunSection.run_id == run_id, RunSection.name == name)
    )


async def load_sections(session: AsyncSession, *, run_id: int) -> dict[str, dict[str, Any]]:
    """All sections of a run, by name."""
    query = select(RunSection.name, RunSection.document).where(RunSection.run_id == run_id)
    return dict((await session.execute(query.order_by(RunSection.name))).all())
