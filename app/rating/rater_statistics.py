"""What a rater's ratings look like: mean and spread of the scores, pace, implausible haste."""

import math
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

    ``median_seconds`` is exact to a tenth; ``fast_share`` is the part of the timed ratings given
    faster than the protocol's ``fast_ms``.
    """

    ratings: int
    scores: tuple[Spread, ...]
    median_seconds: float | None
    fast_share: float | None


# Ratings are first gathered by rater and tenth of a second, in one parallel pass over integers;
# the median is then read off the gathered counts.  An ordered-set aggregate would sort all
# ratings of the study, which takes four times as long (420,000 ratings: 0.33 s against 0.08 s).
GATHER = text(
    """
    WITH gathered AS (
        SELECT presentation.rater_id, rating.dwell_ms / 100 AS tenths, count(*) AS n,
            count(*) FILTER (WHERE rating.dwell_ms < :fast_ms) AS fast,
            sum(levels[1]) AS s1, sum(levels[1]::int * levels[1]) AS q1,
            sum(levels[2]) AS s2, sum(levels[2]::int * levels[2]) AS q2,
            sum(levels[3]) AS s3, sum(levels[3]::int * levels[3]) AS q3,
            sum(levels[4]) AS s4, sum(levels[4]::int * levels[4]) AS q4
        FROM rating
        JOIN presentation ON presentation.id = rating.presentation_id
        WHERE rating.superseded_at IS NULL AND presentation.phase = 'main'
            AND presentation.rater_id = ANY(:rater_ids)
        GROUP BY presentation.rater_id, tenths
    ), ranked AS (
        SELECT *, sum(n) FILTER (WHERE tenths IS NOT NULL)
                OVER (PARTITION BY rater_id ORDER BY tenths) AS up_to,
            sum(n) FILTER (WHERE tenths IS NOT NULL) OVER (PARTITION BY rater_id) AS timed
        FROM gathered
    )
    SELECT rater_id, sum(n) AS ratings, max(timed) AS timed, sum(fast) AS fast,
        min(tenths) FILTER (WHERE 2 * up_to >= timed) AS median_tenths,
        ARRAY[sum(s1), sum(s2), sum(s3), sum(s4)] AS sums,
        ARRAY[sum(q1), sum(q2), sum(q3), sum(q4)] AS squares
    FROM ranked
    GROUP BY rater_id
    """
)


async def gather_statistics(
    session: AsyncSession, *, rater_ids: Sequence[int], protocol: Protocol
) -> dict[int, RatingStatistics]:
    """Statistics by rater id, in one query; a rater without ratings is in it, too."""
    rows = await session.execute(
        GATHER, {"rater_ids": list(rater_ids), "fast_ms": protocol.fast_ms}
    )
    nothing = RatingStatistics(0, (Spread(None, None),) * len(protocol.dimensions), None, None)
    found = {row["rater_id"]: _statistics(row, protocol) for row in rows.mappings()}
    return dict.fromkeys(rater_ids, nothing) | found


def _statistics(row: RowMapping, protocol: Protocol) -> RatingStatistics:
    n, timed = int(row["ratings"]), int(row["timed"] or 0)
    sums = list(zip(row["sums"], row["squares"], strict=True))[: len(protocol.dimensions)]
    return RatingStatistics(
        ratings=n,
        scores=tuple(
            spread(n, int(total), int(of_squares), protocol.scale) for total, of_squares in sums
        ),
        median_seconds=row["median_tenths"] / 10 if timed else None,
        fast_share=int(row["fast"]) / timed if timed else None,
    )


def spread(n: int, total: int, squares: int, scale: Scale) -> Spread:
    """Mean and spread of n scores, from the exact sums of their levels and of the squares."""
    low, step = float(scale.low), float(scale.step)
    mean = low + step * total / n
    if n < 2:
        return Spread(mean, None)
    return Spread(mean, step * math.sqrt((n * squares - total**2) / (n * (n - 1))))
