"""The ratings that count: current ones, of main presentations, of raters who are not left out.

"Current" means the last revision of each rating.  Ratings of raters whom the experimenter has
excluded do not count; those of raters who have withdrawn no longer exist.  Both are counted.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

import numpy as np
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.analysis.matrix import RatingMatrix, Scale
from app.database.tables import Rater, Stimulus, Study
from app.database.tables.rating import SIMULATED, RaterStatus
from app.database.tables.study import StimulusKind
from app.errors import NotFound
from app.results.bulk import fetch_packed
from app.results.ratings.matrix import matrix_of
from app.results.ratings.packed import PackedRatings, fetch_packed_ratings
from app.study import protocol as study_protocol
from app.study.expectation import ExpectedLevels, expected_levels
from app.study.protocol import Protocol
from app.study.studies import protocol_of

_COUNTING = (RaterStatus.ACTIVE, RaterStatus.COMPLETED)

_MAIN_STIMULI = "SELECT array_agg(id) FROM stimulus WHERE study_id = %(study_id)s AND kind = 'main'"


@dataclass(frozen=True)
class LeftOut:
    """Who does not count: raters excluded by the experimenter, and those who have withdrawn."""

    excluded_raters: int
    excluded_ratings: int
    withdrawn_raters: int
    erased_ratings: int


@dataclass(frozen=True, eq=False)
class StudyRatings:
    """A study's ratings that count, and who was left out.

    ``simulated_raters`` of the matrix' raters are programs, not people.
    """

    matrix: RatingMatrix
    left_out: LeftOut
    simulated_raters: int


class _Rater(NamedTuple):
    id: int
    status: RaterStatus
    erased: int
    source: str


async def load_matrix(session: AsyncSession, *, study_id: int) -> RatingMatrix:
    """The ratings of a study that count, in canonical order."""
    return (await load_ratings(session, study_id=study_id)).matrix


async def load_ratings(session: AsyncSession, *, study_id: int) -> StudyRatings:
    """The ratings of a study that count, and who was left out.

    1. Read the study's raters, so that everything that follows is about these.
    2. Read all their ratings in one pass; those of excluded raters are counted and dropped.
    3. Read the stimuli after the ratings: they are only ever added, so every rated one is there.
    4. Put everything in order, in a thread: other requests are answered meanwhile.
    """
    study = await session.get(Study, study_id)
    if study is None:
        raise NotFound("There is no study at this address.")
    protocol = protocol_of(study)
    raters = await _list_raters(session, study_id)
    packed = await fetch_packed_ratings(
        session, rater_ids=[rater.id for rater in raters], dimensions=len(protocol.dimensions)
    )
    (stimulus_ids,) = await fetch_packed(session, _MAIN_STIMULI, {"study_id": study_id})
    gold = await _gold(session, study_id, protocol)
    counting = packed.of_raters([rater.id for rater in raters if rater.status in _COUNTING])
    matrix = await asyncio.to_thread(
        matrix_of,
        counting,
        stimulus_ids=np.empty(0, dtype=np.int64) if stimulus_ids is None else stimulus_ids,
        gold=gold,
        dimensions=tuple(dimension.key for dimension in protocol.dimensions),
        scale=scale_of(protocol.scale),
    )
    return StudyRatings(matrix, _left_out(raters, packed), _count_simulated(raters, matrix))


async def _list_raters(session: AsyncSession, study_id: int) -> Sequence[_Rater]:
    query = select(Rater.id, Rater.status, Rater.erased_rating_count, Rater.recruitment_source)
    rows = await session.execute(query.where(Rater.study_id == study_id))
    return [_Rater(*row) for row in rows]


def _left_out(raters: Sequence[_Rater], packed: PackedRatings) -> LeftOut:
    """How many raters and ratings of a study do not count, and why."""
    excluded = {rater.id for rater in raters if rater.status is RaterStatus.EXCLUDED}
    withdrawn = [rater for rater in raters if rater.status is RaterStatus.WITHDRAWN]
    return LeftOut(
        excluded_raters=len(excluded),
        excluded_ratings=packed.of_raters(excluded).ratings,
        withdrawn_raters=len(withdrawn),
        erased_ratings=sum(rater.erased for rater in withdrawn),
    )


def _count_simulated(raters: Sequence[_Rater], matrix: RatingMatrix) -> int:
    listed = set(matrix.rater_ids)
    return sum(rater.source == SIMULATED and str(rater.id) in listed for rater in raters)


async def _gold(
    session: AsyncSession, study_id: int, protocol: Protocol
) -> dict[int, ExpectedLevels]:
    """What is expected of the study's gold stimuli, by id."""
    query = select(Stimulus.id, Stimulus.expectation).where(
        Stimulus.study_id == study_id,
        Stimulus.kind == StimulusKind.MAIN,
        Stimulus.expectation.is_not(None),
    )
    return {
        stimulus_id: expected_levels(expectation, protocol)
        for stimulus_id, expectation in await session.execute(query.order_by(Stimulus.id))
        if expectation is not None
    }


def scale_of(scale: study_protocol.Scale) -> Scale:
    """The protocol's scale as the analysis takes it."""
    return Scale(low=float(scale.low), step=float(scale.step), level_max=scale.level_max)


def level_texts(scale: study_protocol.Scale) -> list[str]:
    """Every score of the scale as text, by level: exactly what a rater could give."""
    digits = Decimal(1).scaleb(-scale.decimals)
    return [str(scale.score_of(level).quantize(digits)) for level in range(scale.level_max + 1)]
