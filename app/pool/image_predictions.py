"""What every metric predicts for one picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables import Metric, MetricScore
from app.database.tables.metrics import MetricOrigin
from app.pool.metric_catalogue import metric_title


@dataclass(frozen=True)
class ImagePrediction:
    """The prediction of one metric, with what tells it from others of the same name."""

    key: str
    version: str
    settings: dict[str, Any]
    higher_is_better: bool
    origin: MetricOrigin
    value: float

    @property
    def title(self) -> str:
        return metric_title(self.key)


async def list_image_predictions(
    session: AsyncSession, *, image_id: int
) -> Sequence[ImagePrediction]:
    """All predictions for a picture, by title and version; none for an unknown picture."""
    rows = await session.execute(
        select(
            Metric.key,
            Metric.version,
            Metric.settings,
            Metric.higher_is_better,
            Metric.origin,
            MetricScore.value,
        )
        .join(MetricScore, MetricScore.metric_id == Metric.id)
        .where(MetricScore.image_id == image_id)
        .order_by(Metric.key, Metric.version, Metric.id)
    )
    predictions = [ImagePrediction(*row) for row in rows]
    return sorted(predictions, key=lambda one: one.title.casefold())
