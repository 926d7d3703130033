"""Tables of objective metrics: what predicted quality, with which settings, and its predictions."""

from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.database.tables.base import Base, BigId, CreatedAt, JsonObject, one_of


class MetricOrigin(StrEnum):
    """How a metric's predictions came here."""

    IMPORTED = "imported"
    COMPUTED = "computed"


class Metric(Base):
    """An objective metric in one version with one set of settings.

    ``key`` names it in the catalogue of known metrics, or is a name of the experimenter's own.
    """

    __tablename__ = "metric"
    __table_args__ = (
        UniqueConstraint("key", "version", "settings"),
        one_of("origin", MetricOrigin),
        CheckConstraint("key <> ''", name="key"),
    )

    id: Mapped[BigId]
    key: Mapped[str]
    version: Mapped[str] = mapped_column(server_default="")
    settings: Mapped[JsonObject] = mapped_column(server_default=text("'{}'"))
    higher_is_better: Mapped[bool]
    origin: Mapped[MetricOrigin]
    created_by: Mapped[str]
    created_at: Mapped[CreatedAt]
    changed_at: Mapped[CreatedAt]
    """When a prediction was last added or replaced."""


class MetricScore(Base):
    """A metric's prediction for one image: always a finite number."""

    __tablename__ = "metric_score"
    __table_args__ = (
        # PostgreSQL puts NaN above infinity, so this refuses both.
        CheckConstraint("abs(value) < 'Infinity'", name="value_is_finite"),
    )

    metric_id: Mapped[int] = mapped_column(
        ForeignKey("metric.id", ondelete="CASCADE"), primary_key=True
    )
    image_id: Mapped[int] = mapped_column(ForeignKey("image.id"), primary_key=True)
    value: Mapped[float]
