"""Tables of rating: raters, their sittings, what was shown, and what they answered."""

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    FetchedValue,
    ForeignKey,
    Index,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.database.tables.base import Base, BigId, CreatedAt, JsonObject, one_of

# Recruitment source of raters that are programs; pages and exports mark them as such.
SIMULATED = "simulated"


class RaterStatus(StrEnum):
    """Where a rater stands; ``excluded`` is the experimenter's word, ``withdrawn`` the rater's."""

    ACTIVE = "active"
    COMPLETED = "completed"
    EXCLUDED = "excluded"
    WITHDRAWN = "withdrawn"


class SittingState(StrEnum):
    """Where a sitting stands; ``expired`` means abandoned, its leases given back."""

    ACTIVE = "active"
    FINISHED = "finished"
    EXPIRED = "expired"


class Phase(StrEnum):
    """Part of a sitting; only ``main`` presentations enter the results."""

    TRAINING = "training"
    MAIN = "main"


class PresentationState(StrEnum):
    """``leased``: reserved for this rater; ``rated``; ``released``: given back unrated."""

    LEASED = "leased"
    RATED = "rated"
    RELEASED = "released"


class Rater(Base):
    """A person in one study, known by a public code; personal data is kept in two columns only."""

    __tablename__ = "rater"
    __table_args__ = (
        UniqueConstraint("public_id"),
        UniqueConstraint("study_id", "public_code"),
        UniqueConstraint("study_id", "recruitment_source", "external_id"),
        one_of("status", RaterStatus),
    )

    id: Mapped[BigId]
    public_id: Mapped[uuid.UUID] = mapped_column(server_default=text("gen_random_uuid()"))
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"))
    public_code: Mapped[str]
    recruitment_source: Mapped[str]
    external_id: Mapped[str | None]
    consent_version: Mapped[str]
    consented_at: Mapped[datetime]
    eligibility: Mapped[JsonObject] = mapped_column(server_default=text("'{}'"))
    status: Mapped[RaterStatus] = mapped_column(server_default=RaterStatus.ACTIVE)
    status_reason: Mapped[str | None]
    erased_rating_count: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[CreatedAt]


class Sitting(Base):
    """One uninterrupted session of a rater; its unrated presentations are leased until a time."""

    __tablename__ = "sitting"
    __table_args__ = (
        UniqueConstraint("rater_id", "number"),
        Index("uq_sitting_active", "rater_id", unique=True, postgresql_where="state = 'active'"),
        one_of("state", SittingState),
    )

    id: Mapped[BigId]
    rater_id: Mapped[int] = mapped_column(ForeignKey("rater.id"))
    number: Mapped[int]
    seed: Mapped[int]
    environment: Mapped[JsonObject] = mapped_column(server_default=text("'{}'"))
    state: Mapped[SittingState] = mapped_column(server_default=SittingState.ACTIVE)
    started_at: Mapped[datetime]
    stretch_started_at: Mapped[datetime]
    break_started_at: Mapped[datetime | None]
    last_seen_at: Mapped[datetime]
    lease_expires_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class Presentation(Base):
    """One showing of a stimulus to a rater, at a position of the sitting's playlist."""

    __tablename__ = "presentation"
    __table_args__ = (
        UniqueConstraint("public_id"),
        UniqueConstraint("rater_id", "stimulus_id", "repetition"),
        UniqueConstraint("sitting_id", "position"),
        Index(None, "stimulus_id"),
        one_of("phase", Phase),
        one_of("state", PresentationState),
    )

    id: Mapped[BigId]
    public_id: Mapped[uuid.UUID] = mapped_column(server_default=text("gen_random_uuid()"))
    sitting_id: Mapped[int] = mapped_column(ForeignKey("sitting.id"))
    rater_id: Mapped[int] = mapped_column(ForeignKey("rater.id"))
    stimulus_id: Mapped[int] = mapped_column(ForeignKey("stimulus.id"))
    repetition: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    phase: Mapped[Phase]
    position: Mapped[int]
    state: Mapped[PresentationState] = mapped_column(server_default=PresentationState.LEASED)
    shown_at: Mapped[datetime | None]


class Rating(Base):
    """One act of judging: a level per dimension, in the protocol's order.

    Append-only: a correction adds the next revision and marks the older one superseded.  The
    trigger ``rating_fits_protocol`` checks count and range of the levels, ``rating_is_a_fact``
    refuses any other change; only a rater's withdrawal erases.

    ``rater_id`` and ``packed`` say again what the presentation says: the trigger
    ``rating_is_packed`` fills them, whoever inserts, and ``shown_is_a_fact`` keeps them true.
    ``packed`` is a main rating as the analysis reads it (NULL in training); with its index, all
    ratings of a study are read without touching this table or joining any other.
    """

    __tablename__ = "rating"
    __table_args__ = (
        UniqueConstraint("presentation_id", "revision"),
        Index(
            "uq_rating_current",
            "presentation_id",
            unique=True,
            postgresql_where="superseded_at IS NULL",
        ),
        Index(
            "ix_rating_packed",
            "rater_id",
            postgresql_include=["packed"],
            postgresql_where="superseded_at IS NULL AND packed IS NOT NULL",
        ),
        CheckConstraint("revision >= 1", name="revision"),
        CheckConstraint("dwell_ms IS NULL OR dwell_ms >= 0", name="dwell_ms"),
    )

    id: Mapped[BigId]
    presentation_id: Mapped[int] = mapped_column(ForeignKey("presentation.id"))
    rater_id: Mapped[int] = mapped_column(ForeignKey("rater.id"), server_default=FetchedValue())
    packed: Mapped[bytes | None] = mapped_column(server_default=FetchedValue(), deferred=True)
    revision: Mapped[int] = mapped_column(SmallInteger)
    levels: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger))
    dwell_ms: Mapped[int | None]
    shown_width_px: Mapped[int | None]
    shown_height_px: Mapped[int | None]
    created_at: Mapped[CreatedAt]
    superseded_at: Mapped[datetime | None]
