"""What a rater's ratings look like: mean and spread of the scores, pace, implausible haste."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.study.protocol import Protocol, Scale


@dataclass(frozen=True)
class Spread:
    """Mean and standard deviation (ddof 1) of one rater's scores in one dimension."""

    mean: float | None
    sd: float | None


@dataclass(frozen=True)
class RatingStatistics:
    """Of one rater's current main ratings; ``scores`` follows the protocol's dimensions.

    ``looked_at`` is how many of the ratings the numbers come from: the latest ones, if a limit
    was set.  ``fast_share`` is the part of them given faster than the protocol's ``fast_ms``.
    """

    looked_at: int
    scores: tuple[Spread, ...]
    median_seconds: float | None
    fast_share: float | None


# Per rater, sittings are walked backwards by uq_sitting_rater_id_number, presentations by
# uq_presentation_sitting_id_position, ratings by uq_rating_current, until the limit: the cost
# depends on what is asked for, not on what the study holds.
GATHER = text(
    """
    SELECT rater.id AS rater_id, count(*) AS looked_at,
        ARRAY[avg(l1), avg(l2), avg(l3), avg(l4)]::float8[] AS means,
        ARRAY[stddev_samp(l1), stddev_samp(l2), stddev_samp(l3), stddev_samp(l4)]::float8[] AS sds,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY dwell_ms) AS median_ms,
        count(dwell_ms) AS timed, count(*) FILTER (WHERE dwell_ms < :fast_ms) AS fast
    FROM rater
    CROSS JOIN LATERAL (
        SELECT levels[1] AS l1, levels[2] AS l2, levels[3] AS l3, levels[4] AS l4, dwell_ms
        FROM sitting
        JOIN presentation ON presentation.sitting_id = sitting.id
            AND presentation.phase = 'main' AND presentation.state = 'rated'
        JOIN rating
            ON rating.presentation_id = presentation.id AND rating.superseded_at IS NULL
        WHERE sitting.rater_id = rater.id
        ORDER BY sitting.number DESC, presentation.position DESC
        LIMIT :latest
    ) AS latest
    WHERE rater.id = ANY(:rater_ids)
    GROUP BY rater.id
    """
)


async def gather_statistics(
    session: AsyncSession, *, rater_ids: Sequence[int], protocol: Protocol, latest: int | None
) -> dict[int, RatingStatistics]:
    """Statistics by rater id over each one's latest ratings (None: over all), in one query."""
    values = {"rater_ids": list(rater_ids), "fast_ms": protocol.fast_ms, "latest": latest}
    rows = (await session.execute(GATHER, values)).mappings()
    nothing = RatingStatistics(0, (Spread(None, None),) * len(protocol.dimensions), None, None)
    found = {row["rater_id"]: _statistics(row, protocol) for row in rows}
    return dict.fromkeys(rater_ids, nothing) | found


def _statistics(row: RowMapping, protocol: Protocol) -> RatingStatistics:
    moments = list(zip(row["means"], row["sds"], strict=True))[: len(protocol.dimensions)]
    median_ms, timed = row["median_ms"], row["timed"]
    return RatingStatistics(
        looked_at=row["looked_at"],
        scores=tuple(_spread(mean, sd, protocol.scale) for mean, sd in moments),
        median_seconds=None if median_ms is None else median_ms / 1000,
        fast_share=row["fast"] / timed if timed else None,
    )


def _spread(mean: float, sd: float | None, scale: Scale) -> Spread:
    """Mean and spread in scores, from those of the levels."""
    step = float(scale.step)
    return Spread(float(scale.low) + step * mean, None if sd is None else step * sd)
