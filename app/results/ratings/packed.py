"""Ratings as the database packs them for the analysis.

The trigger ``rating_is_packed`` (migration 0006) writes each main rating as one value, beside its
rater, into an index.  So a study is read in one pass over that index: no join, no visit to the
table, one value of each rating to put together.  ``benchmarks/load_matrix.py`` compares this with
other ways.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.results.bulk import fetch_rows

Record = npt.NDArray[np.void]

# Current ratings of some raters, each rater's as one value; scans ix_rating_packed alone.
_PACKED = """
    SELECT rater_id, string_agg(packed, ''::bytea)
    FROM rating
    WHERE rater_id = ANY(%(rater_ids)s::bigint[])
      AND superseded_at IS NULL AND packed IS NOT NULL
    GROUP BY rater_id
"""

# Passing the values on from process to process would take longer than reading them.
_IN_ONE_PROCESS = text("SET LOCAL max_parallel_workers_per_gather = 0")


@dataclass(frozen=True, eq=False)
class PackedRatings:
    """The ratings of each rater who has any: the field ``levels`` has one for each dimension.

    The other fields are ``stimulus_id``, ``sitting``, ``position``, ``repetition`` (0 for a first
    rating) and ``dwell_ms`` (-1 where unknown).  Ratings come in any order.
    """

    by_rater: dict[int, Record]

    @property
    def ratings(self) -> int:
        """Number of ratings."""
        return sum(map(len, self.by_rater.values()))

    def of_raters(self, rater_ids: Collection[int]) -> "PackedRatings":
        """The ratings of some raters."""
        return PackedRatings({i: self.by_rater[i] for i in rater_ids if i in self.by_rater})


async def fetch_packed_ratings(
    session: AsyncSession, *, rater_ids: Sequence[int], dimensions: int
) -> PackedRatings:
    """The current main ratings of these raters."""
    await session.execute(_IN_ONE_PROCESS)
    found = await fetch_rows(session, _PACKED, {"rater_ids": list(rater_ids)})
    layout = _layout(dimensions)
    return PackedRatings({rater_id: np.frombuffer(rows, layout) for rater_id, rows in found})


def _layout(dimensions: int) -> np.dtype[np.void]:
    """What the function ``packed_rating`` puts together."""
    return np.dtype(
        [
            ("stimulus_id", ">i8"),
            ("sitting", ">i4"),
            ("position", ">i4"),
            ("repetition", ">i4"),
            ("dwell_ms", ">i4"),
            ("levels", ">i2", (dimensions,)),
        ]
    )
