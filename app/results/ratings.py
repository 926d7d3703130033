"""The ratings that count: current ones, of main presentations, of raters who are not left out.

"Current" means the last revision of each rating.  Ratings of raters whom the experimenter has
excluded do not count; those of raters who have withdrawn no longer exist.  Both are counted.
"""

import asyncio
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.analysis.matrix import IntArray, RatingMatrix, Scale
from app.database.arrays import is_one_of
from app.database.tables import Rater, Study
from app.database.tables.rating import RaterStatus
from app.errors import NotFound
from app.rating.raters import SIMULATED
from app.results.bulk import fetch_packed
from app.study import protocol as study_protocol
from app.study.protocol import Protocol
from app.study.studies import protocol_of

NO_DWELL = -1

# Places in a rater's order of presentation: those of the second sitting come after the first's.
_SITTING_STRIDE = 1_000_000

# One pass over the study's ratings; each column comes back as one packed array.
_RATINGS = f"""
    SELECT array_agg(presentation.rater_id),
           array_agg(presentation.stimulus_id),
           array_agg(sitting.number * {_SITTING_STRIDE} + presentation.position),
           array_agg(coalesce(rating.dwell_ms, {NO_DWELL})),
           array_agg(rating.levels)
    FROM rating
    JOIN presentation ON presentation.id = rating.presentation_id
    JOIN sitting ON sitting.id = presentation.sitting_id
    JOIN rater ON rater.id = presentation.rater_id
    WHERE rater.study_id = %(study_id)s
      AND rater.status IN ('active', 'completed')
      AND presentation.phase = 'main'
      AND presentation.repetition = 0
      AND rating.superseded_at IS NULL
"""

# Lets the join of a large study stay in memory, for this transaction.
_ROOM_TO_JOIN = "SET LOCAL work_mem = '64MB'"

_EXCLUDED_RATINGS = """
    SELECT count(*)::int8
    FROM rating
    JOIN presentation ON presentation.id = rating.presentation_id
    JOIN rater ON rater.id = presentation.rater_id
    WHERE rater.study_id = %(study_id)s
      AND rater.status = 'excluded'
      AND presentation.phase = 'main'
      AND rating.superseded_at IS NULL
"""


@dataclass(frozen=True)
class LeftOut:
    """Who does not count: raters excluded by the experimenter, and those who have withdrawn."""

    excluded_raters: int
    excluded_ratings: int
    withdrawn_raters: int
    erased_ratings: int


@dataclass(frozen=True, eq=False)
class StudyRatings:
    """A study's ratings that count; ``dwell_ms`` follows the matrix' rows, -1 where unknown.

    ``simulated_raters`` of the matrix' raters are programs, not people.
    """

    matrix: RatingMatrix
    dwell_ms: IntArray
    left_out: LeftOut
    simulated_raters: int


async def load_matrix(session: AsyncSession, *, study_id: int) -> RatingMatrix:
    """The ratings of a study that count, in canonical order."""
    return (await load_ratings(session, study_id=study_id)).matrix


async def load_ratings(session: AsyncSession, *, study_id: int) -> StudyRatings:
    """The ratings of a study that count, with the time each took, and who was left out.

    Ids in the matrix are the database's, as text.  Every main stimulus is listed, rated or not;
    a rater is listed from the first rating on.
    """
    study = await session.get(Study, study_id)
    if study is None:
        raise NotFound("There is no study at this address.")
    protocol = protocol_of(study)
    await session.execute(text(_ROOM_TO_JOIN))
    rater, stimulus, position, dwell_ms, levels = await fetch_packed(
        session, _RATINGS, {"study_id": study_id}
    )
    if rater is None:
        rater = stimulus = position = dwell_ms = np.empty(0, dtype=np.int64)
        levels = np.empty((0, len(protocol.dimensions)), dtype=np.int64)
    # Read after the ratings: stimuli are only ever added, so every rated one is among them.
    stimuli = await _main_stimulus_ids(session, study_id)
    matrix, dwell_ms = await asyncio.to_thread(
        _matrix, rater, stimulus, position, dwell_ms, levels, stimuli, protocol
    )
    left_out = await count_left_out(session, study_id=study_id)
    simulated = await _count_simulated(session, matrix)
    return StudyRatings(matrix, dwell_ms, left_out, simulated)


async def _count_simulated(session: AsyncSession, matrix: RatingMatrix) -> int:
    rater_ids = [int(rater_id) for rater_id in matrix.rater_ids]
    query = select(func.count()).where(
        is_one_of(Rater.id, rater_ids), Rater.recruitment_source == SIMULATED
    )
    return await session.scalar(query) or 0


async def count_left_out(session: AsyncSession, *, study_id: int) -> LeftOut:
    """How many raters and ratings of a study do not count, and why."""
    query = (
        select(Rater.status, func.count(), func.sum(Rater.erased_rating_count))
        .where(Rater.study_id == study_id)
        .group_by(Rater.status)
    )
    found = {status: (n, int(erased)) for status, n, erased in await session.execute(query)}
    withdrawn, erased = found.get(RaterStatus.WITHDRAWN, (0, 0))
    (excluded_ratings,) = await fetch_packed(session, _EXCLUDED_RATINGS, {"study_id": study_id})
    return LeftOut(
        excluded_raters=found.get(RaterStatus.EXCLUDED, (0, 0))[0],
        excluded_ratings=excluded_ratings,
        withdrawn_raters=withdrawn,
        erased_ratings=erased,
    )


def scale_of(scale: study_protocol.Scale) -> Scale:
    """The protocol's scale as the analysis takes it."""
    return Scale(low=float(scale.low), step=float(scale.step), level_max=scale.level_max)


def level_texts(scale: study_protocol.Scale) -> list[str]:
    """Every score of the scale as text, by level: exactly what a rater could give."""
    digits = Decimal(1).scaleb(-scale.decimals)
    return [str(scale.score_of(level).quantize(digits)) for level in range(scale.level_max + 1)]


async def _main_stimulus_ids(session: AsyncSession, study_id: int) -> IntArray:
    query = """
        SELECT array_agg(id) FROM stimulus WHERE study_id = %(study_id)s AND kind = 'main'
    """
    (ids,) = await fetch_packed(session, query, {"study_id": study_id})
    return np.empty(0, dtype=np.int64) if ids is None else ids


def _matrix(
    rater: IntArray,
    stimulus: IntArray,
    position: IntArray,
    dwell_ms: IntArray,
    levels: IntArray,
    stimuli: IntArray,
    protocol: Protocol,
) -> tuple[RatingMatrix, IntArray]:
    """The matrix in canonical order, and the time of each of its rows."""
    rater_ids, rater_index = _as_text(np.unique(rater), rater)
    stimulus_ids, stimulus_index = _as_text(stimuli, stimulus)
    order = np.argsort(rater_index * len(stimulus_ids) + stimulus_index)
    matrix = RatingMatrix(
        rater=rater_index[order],
        stimulus=stimulus_index[order],
        levels=levels[order],
        rater_ids=rater_ids,
        stimulus_ids=stimulus_ids,
        dimensions=tuple(dimension.key for dimension in protocol.dimensions),
        scale=scale_of(protocol.scale),
        position=position[order],
        dwell_ms=dwell_ms[order],
    )
    return matrix, dwell_ms[order]


def _as_text(ids: IntArray, values: IntArray) -> tuple[tuple[str, ...], IntArray]:
    """The ids as text in the order of text, and the place of each value among them."""
    ids = np.sort(ids)
    texts = ids.astype(str)
    by_text = np.argsort(texts)
    place = np.empty(len(ids), dtype=np.int64)
    place[by_text] = np.arange(len(ids))
    return tuple(texts[by_text].tolist()), place[np.searchsorted(ids, values)]
