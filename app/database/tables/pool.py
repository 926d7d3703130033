"""Tables of the pool: prompts, conditions, images, and the plans by which images are rendered."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.database.tables.base import Base, BigId, CreatedAt, JsonObject, one_of


class ImageOrigin(StrEnum):
    """How an image came into the pool."""

    GENERATED = "generated"
    IMPORTED = "imported"


class ItemState(StrEnum):
    """Where one picture of a generation plan stands."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


class Prompt(Base):
    """A text that describes a picture."""

    __tablename__ = "prompt"
    __table_args__ = (
        # md5 keeps the index entry short whatever the length of the text.
        Index("uq_prompt_text", text("md5(text)"), unique=True),
        CheckConstraint("text <> '' AND length(text) <= 10000", name="text_length"),
    )

    id: Mapped[BigId]
    text: Mapped[str]
    language: Mapped[str] = mapped_column(server_default="en")
    source: Mapped[str | None]
    category: Mapped[str | None]
    word_count: Mapped[int]
    created_at: Mapped[CreatedAt]


class Condition(Base):
    """A generator with its settings: what the field calls a hypothetical reference circuit."""

    __tablename__ = "condition"
    __table_args__ = (UniqueConstraint("digest"), Index(None, "generator"))

    id: Mapped[BigId]
    generator: Mapped[str]
    revision: Mapped[str | None]
    guidance: Mapped[float | None]
    steps: Mapped[int | None]
    scheduler: Mapped[str | None]
    width: Mapped[int | None]
    height: Mapped[int | None]
    extra: Mapped[JsonObject] = mapped_column(server_default=text("'{}'"))
    digest: Mapped[str]
    created_at: Mapped[CreatedAt]


class Image(Base):
    """One picture in the pool, with where it came from.

    ``sha256`` addresses the original bytes, ``display_sha256`` the pixel-identical rendition
    without metadata that raters get, ``thumbnail_sha256`` the small one of the dashboard.  The
    same bytes may answer two prompts (a black safety picture, say), so an image is unique by
    bytes *and* prompt, condition and seed; the bytes themselves are stored once.
    """

    __tablename__ = "image"
    __table_args__ = (
        UniqueConstraint(
            "sha256",
            "prompt_id",
            "condition_id",
            "seed",
            name="uq_image_identity",
            postgresql_nulls_not_distinct=True,
        ),
        Index(None, "prompt_id"),
        Index(None, "condition_id"),
        one_of("origin", ImageOrigin),
        CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="sha256"),
    )

    id: Mapped[BigId]
    sha256: Mapped[str]
    display_sha256: Mapped[str]
    thumbnail_sha256: Mapped[str]
    prompt_id: Mapped[int] = mapped_column(ForeignKey("prompt.id"))
    condition_id: Mapped[int] = mapped_column(ForeignKey("condition.id"))
    seed: Mapped[int | None]
    name: Mapped[str | None]
    origin: Mapped[ImageOrigin]
    width: Mapped[int]
    height: Mapped[int]
    media_type: Mapped[str]
    byte_count: Mapped[int]
    provenance: Mapped[JsonObject] = mapped_column(server_default=text("'{}'"))
    flags: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    created_at: Mapped[CreatedAt]


class GenerationPlan(Base):
    """What is to be rendered: a validated document and the seed by which it was drawn."""

    __tablename__ = "generation_plan"
    __table_args__ = (UniqueConstraint("name"),)

    id: Mapped[BigId]
    name: Mapped[str]
    seed: Mapped[int]
    specification: Mapped[JsonObject]
    created_at: Mapped[CreatedAt]


class GenerationItem(Base):
    """One picture of a plan: prompt, condition, seed; the worker renders chunk by chunk."""

    __tablename__ = "generation_item"
    __table_args__ = (
        UniqueConstraint("plan_id", "position"),
        UniqueConstraint("plan_id", "prompt_id", "condition_id", "seed"),
        Index("ix_generation_item_open", "plan_id", "chunk", postgresql_where="state = 'pending'"),
        one_of("state", ItemState),
        CheckConstraint("(state = 'done') = (image_id IS NOT NULL)", name="done_has_image"),
    )

    id: Mapped[BigId]
    plan_id: Mapped[int] = mapped_column(ForeignKey("generation_plan.id"))
    position: Mapped[int]
    chunk: Mapped[int]
    prompt_id: Mapped[int] = mapped_column(ForeignKey("prompt.id"))
    condition_id: Mapped[int] = mapped_column(ForeignKey("condition.id"))
    seed: Mapped[int]
    state: Mapped[ItemState] = mapped_column(server_default=ItemState.PENDING)
    attempts: Mapped[int] = mapped_column(server_default="0")
    error: Mapped[str | None]
    image_id: Mapped[int | None] = mapped_column(ForeignKey("image.id"))
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
