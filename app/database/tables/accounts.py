"""Tables of people who run studies: accounts, their sessions and tokens, and the audit log."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.database.tables.base import Base, BigId, CreatedAt, JsonObject, one_of


class Role(StrEnum):
    """What an account may do: an owner changes things, a viewer looks."""

    OWNER = "owner"
    VIEWER = "viewer"


class Account(Base):
    """Someone who may log in to the dashboard."""

    __tablename__ = "account"
    __table_args__ = (
        UniqueConstraint("email"),
        CheckConstraint("email = lower(email)", name="email_lower"),
        one_of("role", Role),
    )

    id: Mapped[BigId]
    email: Mapped[str]
    password_hash: Mapped[str]
    role: Mapped[Role]
    created_at: Mapped[CreatedAt]
    disabled_at: Mapped[datetime | None]


class AccountSession(Base):
    """A browser that is logged in; the cookie holds a token of which only the digest is stored."""

    __tablename__ = "account_session"
    __table_args__ = (UniqueConstraint("token_digest"), Index(None, "account_id"))

    id: Mapped[BigId]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    token_digest: Mapped[str]
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime]


class ApiToken(Base):
    """A key for programs; acts with its account's role, and only its digest is stored."""

    __tablename__ = "api_token"
    __table_args__ = (UniqueConstraint("token_digest"), Index(None, "account_id"))

    id: Mapped[BigId]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    name: Mapped[str]
    token_digest: Mapped[str]
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class AuditEvent(Base):
    """Who did what to what, and when; written in the same transaction as the deed."""

    __tablename__ = "audit_event"
    __table_args__ = (
        Index(None, "subject_kind", "subject_id"),
        Index(None, "action", "created_at"),
    )

    id: Mapped[BigId]
    actor: Mapped[str]
    action: Mapped[str]
    subject_kind: Mapped[str]
    subject_id: Mapped[str]
    detail: Mapped[JsonObject] = mapped_column(server_default=text("'{}'"))
    created_at: Mapped[CreatedAt]
