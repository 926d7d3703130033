"""Ready-made predictions: for the pictures of a study, as good or bad as a test wants them."""

from collections.abc import Sequence

import numpy as np
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables import Stimulus, Study
from app.database.tables.metrics import MetricOrigin
from app.pool.metric_predictions import MetricIdentity, ensure_metric, store_predictions


async def list_image_ids(session: AsyncSession, slug: str = "example") -> Sequence[int]:
    """The pictures of a study in the order of its stimuli."""
    query = select(Stimulus.image_id).join(Study, Study.id == Stimulus.study_id)
    return (await session.scalars(query.where(Study.slug == slug).order_by(Stimulus.id))).all()


async def make_metric(
    session: AsyncSession,
    key: str = "musiq",
    *,
    noise: float = 2.0,
    falling: bool = False,
    higher_is_better: bool = True,
    version: str = "",
    missing: int = 0,
    slug: str = "example",
    seed: int = 1,
) -> int:
    """A metric whose values rise (or fall) with the number of the picture; returns its id."""
    image_ids = await list_image_ids(session, slug)
    metric_id = await ensure_metric(
        session,
        identity=MetricIdentity(key, version, {}),
        higher_is_better=higher_is_better,
        origin=MetricOrigin.IMPORTED,
        actor="test",
    )
    drawn = np.random.default_rng(seed).normal(0, noise, len(image_ids))
    sign = -1 if falling else 1
    values = {
        image_id: float(sign * (i + drawn[i]))
        for i, image_id in enumerate(image_ids[missing:], start=missing)
    }
    await store_predictions(session, metric_id=metric_id, values=values)
    return metric_id
