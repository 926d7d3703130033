"""The audit log: who did what to what, written in the same transaction as the deed."""

from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables import AuditEvent


async def record_event(
    session: AsyncSession,
    *,
    actor: str,
    action: str,
    subject_kind: str,
    subject_id: object,
    detail: dict[str, Any] | None = None,
) -> None:
    """Add one event; ``actor`` is an account's e-mail address, ``rater``, ``command line``…"""
    await session.execute(
        insert(AuditEvent).values(
            actor=actor,
            action=action,
            subject_kind=subject_kind,
            subject_id=str(subject_id),
            detail=detail or {},
        )
    )
