"""Accounts: creating them, logging in and out, and API tokens.

Of sessions and tokens only the SHA-256 digest is stored, so a copy of the database opens nothing.
"""

import asyncio
import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.passwords import hash_password, is_password
from app.database.audit import record_event
from app.database.tables import Account, AccountSession, ApiToken, AuditEvent
from app.database.tables.accounts import Role
from app.errors import Conflict, Forbidden, InvalidInput, NotFound, TooManyAttempts

FAILED_LOGINS_ALLOWED = 8
FAILED_LOGINS_WINDOW = timedelta(minutes=15)
LOCK_ADDRESS = text("SELECT pg_advisory_xact_lock(hashtextextended(:digest, 0))")


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


async def create_account(
    session: AsyncSession, *, email: str, password: str, role: Role, actor: str
) -> int:
    """Create an account and return its id; raises InvalidInput or Conflict."""
    email = email.strip().lower()
    if "@" not in email or len(email) > 254:
        raise InvalidInput("This is not an e-mail address.")
    if await session.scalar(select(Account.id).where(Account.email == email)) is not None:
        raise Conflict("There is already an account with this e-mail address.")
    password_hash = await asyncio.to_thread(hash_password, password)
    created = await session.execute(
        insert(Account)
        .values(email=email, password_hash=password_hash, role=role)
        .returning(Account.id)
    )
    account_id = created.scalar_one()
    await record_event(
        session,
        actor=actor,
        action="account_created",
        subject_kind="account",
        subject_id=account_id,
        detail={"role": role},
    )
    return account_id


async def set_password(session: AsyncSession, *, email: str, password: str, actor: str) -> None:
    """Give an account a new password and end all its sessions; raises NotFound."""
    password_hash = await asyncio.to_thread(hash_password, password)
    changed = await session.execute(
        update(Account)
        .where(Account.email == email.strip().lower())
        .values(password_hash=password_hash)
        .returning(Account.id)
    )
    account_id = changed.scalar()
    if account_id is None:
        raise NotFound("There is no account with this e-mail address.")
    await session.execute(delete(AccountSession).where(AccountSession.account_id == account_id))
    await record_event(
        session,
        actor=actor,
        action="password_changed",
        subject_kind="account",
        subject_id=account_id,
    )


async def has_owner(session: AsyncSession) -> bool:
    """Whether anybody can administer this Beholder."""
    query = select(Account.id).where(Account.role == Role.OWNER, Account.disabled_at.is_(None))
    return await session.scalar(query.limit(1)) is not None


async def check_login_allowed(session: AsyncSession, *, email: str, now: datetime) -> None:
    """Raise TooManyAttempts after several failed logins for one address in a short time.

    Attempts for one address wait for each other, so that many at once are counted, too.
    """
    digest = _digest(email.strip().lower())
    await session.execute(LOCK_ADDRESS, {"digest": digest})
    failed = await session.scalar(
        select(func.count())
        .select_from(AuditEvent)
        .where(
            AuditEvent.action == "login_failed",
            AuditEvent.subject_id == digest,
            AuditEvent.created_at > now - FAILED_LOGINS_WINDOW,
        )
    )
    if (failed or 0) >= FAILED_LOGINS_ALLOWED:
        raise TooManyAttempts


async def log_in(
    session: AsyncSession, *, email: str, password: str, now: datetime, hours: int
) -> str | None:
    """The token of a new session, or None when address or password is wrong (and noted)."""
    await check_login_allowed(session, email=email, now=now)
    email = email.strip().lower()
    account = await session.scalar(
        select(Account).where(Account.email == email, Account.disabled_at.is_(None))
    )
    stored = account.password_hash if account else None
    if not await asyncio.to_thread(is_password, password, stored) or account is None:
        await record_event(
            session,
            actor="anonymous",
            action="login_failed",
            subject_kind="email",
            subject_id=_digest(email),
        )
        return None
    token = secrets.token_urlsafe(32)
    await session.execute(
        insert(AccountSession).values(
            account_id=account.id,
            token_digest=_digest(token),
            expires_at=now + timedelta(hours=hours),
        )
    )
    await record_event(
        session,
        actor=email,
        action="logged_in",
        subject_kind="account",
        subject_id=account.id,
    )
    return token


async def log_out(session: AsyncSession, *, token: str) -> None:
    """End the session with this token."""
    await session.execute(
        delete(AccountSession).where(AccountSession.token_digest == _digest(token))
    )


async def find_account_by_session(
    session: AsyncSession, *, token: str, now: datetime
) -> Account | None:
    """The account that is logged in with this session token."""
    return await session.scalar(
        select(Account)
        .join(AccountSession, AccountSession.account_id == Account.id)
        .where(
            AccountSession.token_digest == _digest(token),
            AccountSession.expires_at > now,
            Account.disabled_at.is_(None),
        )
    )


async def create_api_token(
    session: AsyncSession, *, email: str, name: str, days: int, now: datetime
) -> str:
    """A new API token of this account, shown once; raises NotFound."""
    account_id = await session.scalar(select(Account.id).where(Account.email == email.lower()))
    if account_id is None:
        raise NotFound("There is no account with this e-mail address.")
    token = f"beholder_{secrets.token_urlsafe(32)}"
    await session.execute(
        insert(ApiToken).values(
            account_id=account_id,
            name=name,
            token_digest=_digest(token),
            expires_at=now + timedelta(days=days),
        )
    )
    await record_event(
        session,
        actor=email,
        action="api_token_created",
        subject_kind="account",
        subject_id=account_id,
        detail={"name": name, "days": days},
    )
    return token


async def find_account_by_api_token(
    session: AsyncSession, *, token: str, now: datetime
) -> Account | None:
    """The account this API token acts for."""
    return await session.scalar(
        select(Account)
        .join(ApiToken, ApiToken.account_id == Account.id)
        .where(
            ApiToken.token_digest == _digest(token),
            ApiToken.expires_at > now,
            ApiToken.revoked_at.is_(None),
            Account.disabled_at.is_(None),
        )
    )


def require_owner(account: Account) -> None:
    """Raise Forbidden unless the account may change things."""
    if account.role is not Role.OWNER:
        raise Forbidden("Your account may look at everything but change nothing.")
