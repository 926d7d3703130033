"""The directory: who has an account."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables import Account
from app.database.tables.accounts import Role


@dataclass(frozen=True)
class AccountEntry:
    """One account in a list; nothing secret is in it."""

    email: str
    role: Role
    created_at: datetime
    disabled_at: datetime | None


async def list_accounts(session: AsyncSession) -> Sequence[AccountEntry]:
    """All accounts, by e-mail address."""
    query = select(Account.email, Account.role, Account.created_at, Account.disabled_at)
    rows = await session.execute(query.order_by(Account.email))
    return [AccountEntry(**row) for row in rows.mappings()]
