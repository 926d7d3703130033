"""Tables of the study: the experiment with its protocol, and the stimuli it shows."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    Index,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.database.tables.base import Base, BigId, CreatedAt, JsonObject, one_of


class StudyState(StrEnum):
    """Life cycle of a study."""

    DRAFT = "draft"
    OPEN = "open"
    PAUSED = "paused"
    CLOSED = "closed"


class StimulusKind(StrEnum):
    """What a stimulus is for; only ``main`` ones enter the results."""

    MAIN = "main"
    TRAINING = "training"


_LEVEL_MAX = (
    "round(((protocol->'scale'->>'high')::numeric - (protocol->'scale'->>'low')::numeric)"
    " / (protocol->'scale'->>'step')::numeric)::smallint"
)


class Study(Base):
    """A subjective experiment; its protocol is frozen with a version when it opens.

    ``dimension_count`` and ``level_max`` are computed from the protocol by the database, which
    checks every rating against them (trigger ``rating_fits_protocol``).
    """

    __tablename__ = "study"
    __table_args__ = (
        UniqueConstraint("slug"),
        one_of("state", StudyState),
        CheckConstraint("slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(slug) <= 60", name="slug"),
    )

    id: Mapped[BigId]
    slug: Mapped[str]
    title: Mapped[str]
    state: Mapped[StudyState] = mapped_column(server_default=StudyState.DRAFT)
    protocol: Mapped[JsonObject]
    protocol_version: Mapped[int] = mapped_column(server_default="1")
    dimension_count: Mapped[int] = mapped_column(
        SmallInteger,
        Computed("jsonb_array_length(protocol->'dimensions')::smallint", persisted=True),
    )
    level_max: Mapped[int] = mapped_column(SmallInteger, Computed(_LEVEL_MAX, persisted=True))
    created_at: Mapped[CreatedAt]
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]


class Stimulus(Base):
    """An image in a study.

    ``usable_count`` is the number of current main ratings of active or completed raters,
    ``leased_count`` the presentations in flight; playlists take the least of their sum first.
    """

    __tablename__ = "stimulus"
    __table_args__ = (
        UniqueConstraint("study_id", "image_id"),
        Index("ix_stimulus_playlist", "study_id", "kind", text("(usable_count + leased_count)")),
        one_of("kind", StimulusKind),
        CheckConstraint("usable_count >= 0 AND leased_count >= 0", name="counts"),
    )

    id: Mapped[BigId]
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"))
    image_id: Mapped[int] = mapped_column(ForeignKey("image.id"))
    kind: Mapped[StimulusKind] = mapped_column(server_default=StimulusKind.MAIN)
    expectation: Mapped[JsonObject | None]
    usable_count: Mapped[int] = mapped_column(server_default="0")
    leased_count: Mapped[int] = mapped_column(server_default="0")
