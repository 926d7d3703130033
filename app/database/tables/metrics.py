"""Tables of objective metrics: what predicted quality, with which settings, and its predictions."""

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.database.tables.base import Base, BigId, CreatedAt, JsonObject


class Metric(Base):
    """An objective metric in one version with one set of settings.

    ``key`` names it in the catalogue of known metrics, or is a name of the experimenter's own.
    """

    __tablename__ = "metric"
    __table_args__ = (UniqueConstraint("key", "version", "settings"),)

    id: Mapped[BigId]
    key: Mapped[str]
    version: Mapped[str] = mapped_column(server_default="")
    settings: Mapped[JsonObject] = mapped_column(server_default=text("'{}'"))
    higher_is_better: Mapped[bool]
    origin: Mapped[str]
    """``imported`` or ``computed``."""
    created_by: Mapped[str]
    created_at: Mapped[CreatedAt]


class MetricScore(Base):
    """A metric's prediction for one image."""

    __tablename__ = "metric_score"
    __table_args__ = (Index(None, "image_id"),)

    metric_id: Mapped[int] = mapped_column(
        ForeignKey("metric.id", ondelete="CASCADE"), primary_key=True
    )
    image_id: Mapped[int] = mapped_column(ForeignKey("image.id"), primary_key=True)
    value: Mapped[float]
