"""Metrics and their predictions in the database: added, counted, listed and removed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Double, delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.arrays import table_of_arrays
from app.database.audit import record_event
from app.database.tables import Base, Image, Metric, MetricScore, Prompt, Stimulus, Study
from app.database.tables.metrics import MetricOrigin
from app.database.tables.study import StimulusKind
from app.errors import Conflict, NotFound
from app.pool.metric_catalogue import metric_title

ROWS_PER_STATEMENT = 20_000
LARGEST_ID = 2**63 - 1

_score = Base.metadata.tables["metric_score"]
_given = table_of_arrays(image_id=BigInteger, value=Double)


@dataclass(frozen=True)
class MetricIdentity:
    """What tells metrics apart: name, version and settings."""

    key: str
    version: str
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class MetricCount:
    """A metric with the number of its predictions, and how many of a study's pictures have one.

    ``pictures`` counts main stimuli; it is 0 where no study was named.
    """

    id: int
    key: str
    version: str
    settings: dict[str, Any]
    higher_is_better: bool
    origin: MetricOrigin
    created_by: str
    created_at: datetime
    changed_at: datetime
    predictions: int
    pictures: int

    @property
    def title(self) -> str:
        return metric_title(self.key)


@dataclass(frozen=True)
class UnscoredPicture:
    """A picture of a study for which a metric has no prediction yet."""

    image_id: int
    display_sha256: str
    prompt: str


async def find_metric(session: AsyncSession, *, identity: MetricIdentity) -> Metric | None:
    """The metric of this name, version and settings."""
    query = select(Metric).where(
        Metric.key == identity.key,
        Metric.version == identity.version,
        Metric.settings == dict(identity.settings),
    )
    return (await session.scalars(query)).one_or_none()


async def get_metric(session: AsyncSession, *, metric_id: int) -> Metric:
    """The metric with this number; raises NotFound."""
    metric = await session.get(Metric, metric_id) if 0 < metric_id <= LARGEST_ID else None
    if metric is None:
        raise NotFound("There is no metric with this number.")
    return metric


async def ensure_metric(
    session: AsyncSession,
    *,
    identity: MetricIdentity,
    higher_is_better: bool,
    origin: MetricOrigin,
    actor: str,
) -> int:
    """The id of this metric, which is added if it is new.

    Raises Conflict if it is there with the other direction or origin: those are other numbers,
    and need a version of their own.
    """
    await session.execute(
        insert(Metric)
        .values(
            key=identity.key,
            version=identity.version,
            settings=dict(identity.settings),
            higher_is_better=higher_is_better,
            origin=origin,
            created_by=actor,
        )
        .on_conflict_do_nothing(constraint="uq_metric_key_version_settings")
    )
    metric = await find_metric(session, identity=identity)
    if metric is None:
        raise Conflict("The metric was removed at this very moment; please try again.")
    if objection := mismatch(metric, higher_is_better=higher_is_better, origin=origin):
        raise Conflict(objection)
    return metric.id


def mismatch(metric: Metric, *, higher_is_better: bool, origin: MetricOrigin) -> str | None:
    """Why further predictions cannot belong to this metric, in a sentence, or None."""
    title = metric_title(metric.key)
    if metric.origin != origin:
        here = "computed here" if metric.origin is MetricOrigin.COMPUTED else "imported"
        return (
            f"{title} has predictions of this version and these settings that were {here};"
            " please give the others a version of their own."
        )
    if metric.higher_is_better != higher_is_better:
        better = "higher" if metric.higher_is_better else "lower"
        return f"{title} is here already, with {better} values as the better ones."
    return None


async def store_predictions(
    session: AsyncSession, *, metric_id: int, values: Mapping[int, float], replace: bool = False
) -> None:
    """Add predictions by image; one that is there already stays unless ``replace``."""
    if not values:
        return
    statement = insert(_score).from_select(
        ["metric_id", "image_id", "value"],
        select(literal(metric_id, BigInteger), _given.c.image_id, _given.c.value),
    )
    keys = [_score.c.metric_id, _score.c.image_id]
    if replace:
        statement = statement.on_conflict_do_update(
            index_elements=keys, set_={"value": statement.excluded.value}
        )
    else:
        statement = statement.on_conflict_do_nothing(index_elements=keys)
    rows = list(values.items())
    for start in range(0, len(rows), ROWS_PER_STATEMENT):
        image_ids, numbers = zip(*rows[start : start + ROWS_PER_STATEMENT], strict=True)
        parameters = {"all_image_id": list(image_ids), "all_value": list(numbers)}
        await session.execute(statement, parameters)
    # Not now(), the time at which the transaction began: another may have ended since.
    changed = update(Metric).where(Metric.id == metric_id)
    await session.execute(changed.values(changed_at=func.clock_timestamp()))


async def load_values(session: AsyncSession, *, metric_id: int) -> dict[int, float]:
    """All predictions of a metric by image."""
    query = select(MetricScore.image_id, MetricScore.value)
    rows = await session.execute(query.where(MetricScore.metric_id == metric_id))
    return dict(rows.all())


async def list_unscored(
    session: AsyncSession, *, slug: str, metric_id: int
) -> Sequence[UnscoredPicture]:
    """The study's pictures, training ones too, for which this metric has no prediction yet."""
    has_one = (
        select(MetricScore.image_id)
        .where(MetricScore.metric_id == metric_id, MetricScore.image_id == Image.id)
        .exists()
    )
    rows = await session.execute(
        select(Image.id, Image.display_sha256, Prompt.text)
        .join(Stimulus, Stimulus.image_id == Image.id)
        .join(Study, Study.id == Stimulus.study_id)
        .join(Prompt, Prompt.id == Image.prompt_id)
        .where(Study.slug == slug, ~has_one)
        .order_by(Image.id)
    )
    return [UnscoredPicture(*row) for row in rows]


async def count_pictures(session: AsyncSession, *, slug: str) -> int:
    """How many pictures a study has; raises NotFound for an unknown study."""
    study_id = await session.scalar(select(Study.id).where(Study.slug == slug))
    if study_id is None:
        raise NotFound(f"There is no study '{slug}'.")
    query = select(func.count()).select_from(Stimulus).where(Stimulus.study_id == study_id)
    return await session.scalar(query) or 0


async def list_metrics(
    session: AsyncSession, *, study_id: int | None = None
) -> Sequence[MetricCount]:
    """All metrics that have predictions, with how many, by name and version."""
    counts = (
        select(
            MetricScore.metric_id,
            func.count().label("predictions"),
            func.count(Stimulus.id).label("pictures"),
        )
        .outerjoin(
            Stimulus,
            (Stimulus.image_id == MetricScore.image_id)
            & (Stimulus.study_id == (study_id or 0))
            & (Stimulus.kind == StimulusKind.MAIN),
        )
        .group_by(MetricScore.metric_id)
        .subquery()
    )
    rows = await session.execute(
        select(Metric, counts.c.predictions, counts.c.pictures)
        .join(counts, counts.c.metric_id == Metric.id)
        .order_by(Metric.key, Metric.version, Metric.id)
    )
    return [
        MetricCount(
            metric.id,
            metric.key,
            metric.version,
            metric.settings,
            metric.higher_is_better,
            metric.origin,
            metric.created_by,
            metric.created_at,
            metric.changed_at,
            predictions,
            pictures,
        )
        for metric, predictions, pictures in rows
    ]


async def remove_metric(session: AsyncSession, *, metric_id: int, actor: str) -> int:
    """Remove a metric with all its predictions; return how many there were."""
    metric = await get_metric(session, metric_id=metric_id)
    query = select(func.count()).select_from(MetricScore).where(MetricScore.metric_id == metric_id)
    number = await session.scalar(query) or 0
    await record_event(
        session,
        actor=actor,
        action="metric_removed",
        subject_kind="metric",
        subject_id=metric_id,
        detail={"key": metric.key, "version": metric.version, "predictions": number},
    )
    await session.execute(delete(Metric).where(Metric.id == metric_id))
    return number
