"""Where the pictures of a study stand, and how long a rating takes, for planning."""

from dataclasses import dataclass

import numpy as np
from sqlalchemy import bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.analysis.matrix import FloatArray, IntArray
from app.database.tables.rating import SIMULATED

FEWEST_GAPS = 20
"""Ratings one after another that it takes to say how long one of them takes."""
LATEST_SITTINGS = 200


@dataclass(frozen=True, eq=False)
class PictureState:
    """Usable ratings of each main stimulus, and its MOS in each dimension of a run.

    usable : int64, shape (stimuli,). mos : by dimension, same shape; NaN where the run has none.
    """

    usable: IntArray
    mos: dict[str, FloatArray]

    def mos_in(self, dimension: str, otherwise: float) -> FloatArray:
        """The MOS in a dimension, with another number where it is not known."""
        known = self.mos.get(dimension)
        if known is None:
            return np.full(len(self.usable), otherwise)
        return np.where(np.isnan(known), otherwise, known)


# The stimuli in the order of their ids, so that all arrays fit each other.
_USABLE = text(
    "SELECT coalesce(array_agg(usable_count ORDER BY id), '{}')"
    " FROM stimulus WHERE study_id = :study_id AND kind = 'main'"
)
# One row per dimension. A stimulus that was added after the run has no row of scores.
_MOS = text(
    """
    SELECT dimension.name, array_agg(run_score.mos ORDER BY stimulus.id)
    FROM (SELECT DISTINCT run_score.dimension AS name FROM run_score
          WHERE run_score.run_id = :run_id) AS dimension
    CROSS JOIN stimulus
    LEFT JOIN run_score ON run_score.run_id = :run_id
        AND run_score.stimulus_id = stimulus.id AND run_score.dimension = dimension.name
    WHERE stimulus.study_id = :study_id AND stimulus.kind = 'main'
    GROUP BY dimension.name
    """
)
# From one rating of a sitting to the next, first answers only: time to load, look and decide.
# The median of these is not moved by breaks. Only the latest sittings are looked into; their
# presentations come from the index on (sitting_id, position).
_PACE = text(
    """
    WITH latest AS (
        SELECT sitting.id FROM sitting JOIN rater ON rater.id = sitting.rater_id
        WHERE rater.study_id = :study_id
          AND rater.status IN ('active', 'completed')
          AND (rater.recruitment_source = :simulated) = :by_programs
        ORDER BY sitting.id DESC LIMIT :sittings
    ), gap AS (
        SELECT extract(epoch FROM rating.created_at - lag(rating.created_at) OVER (
            PARTITION BY presentation.sitting_id ORDER BY rating.created_at, rating.id
        )) AS seconds
        FROM latest
        JOIN presentation ON presentation.sitting_id = latest.id
        JOIN rating ON rating.presentation_id = presentation.id
        WHERE presentation.phase = 'main' AND rating.revision = 1
    )
    SELECT count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds)
    FROM gap WHERE seconds > 0
    """
).bindparams(bindparam("simulated", SIMULATED), bindparam("sittings", LATEST_SITTINGS))


async def picture_state(
    session: AsyncSession, *, study_id: int, run_id: int | None
) -> PictureState:
    """Where the pictures of a study stand, with the MOS of a run if there is one."""
    usable = await session.scalar(_USABLE, {"study_id": study_id})
    counts = np.array(usable, dtype=np.int64)
    if run_id is None:
        return PictureState(counts, {})
    rows = await session.execute(_MOS, {"study_id": study_id, "run_id": run_id})
    mos = {name: np.array(values, dtype=np.float64) for name, values in rows}
    return PictureState(counts, mos)


async def seconds_each(session: AsyncSession, *, study_id: int, by_programs: bool) -> float | None:
    """Median seconds from one rating to the next, in the latest sittings; None if too few."""
    parameters = {"study_id": study_id, "by_programs": by_programs}
    gaps, seconds = (await session.execute(_PACE, parameters)).one()
    return float(seconds) if gaps >= FEWEST_GAPS else None
