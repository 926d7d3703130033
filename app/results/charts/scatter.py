"""The clouds of points that charts of runs draw: spread against score, one run against another."""

import math

from sqlalchemy import Numeric, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables import RunScore, Stimulus, Study
from app.results.charts.specifications import Pair, Pairs, Spread
from app.results.runs.comparison import load_pairs
from app.results.runs.lookup import get_done_run
from app.results.runs.summary import summary_of
from app.study.studies import protocol_of

CURVE_POINTS = 60
# Means that differ by less come from the same scores, summed in another order.
_DIGITS = 6


async def load_spread(session: AsyncSession, *, run_id: int, dimension: str) -> Spread | None:
    """The spread of one dimension of a run; None if it has no such dimension."""
    run = await get_done_run(session, run_id=run_id)
    found = {d.key: d for d in summary_of(run).dimensions}.get(dimension)
    if found is None:
        return None
    low, high = await _scale(session, run.study_id)
    mos, sos = (func.round(cast(side, Numeric), _DIGITS) for side in (RunScore.mos, RunScore.sos))
    query = (
        select(mos, sos, func.count())
        .where(RunScore.run_id == run_id, RunScore.dimension == dimension)
        .where(RunScore.sos.is_not(None))
        .group_by(mos, sos)
        .order_by(mos, sos)
    )
    rows = await session.execute(query)
    marks = tuple((float(m), float(s), stimuli) for m, s, stimuli in rows)
    return Spread(found.label, low, high, marks, _curve(low, high, found.sos_a))


async def load_run_pairs(
    session: AsyncSession, *, first: int, second: int, dimension: str
) -> Pairs:
    """The stimuli of two runs of one study by their MOS in a dimension."""
    run = await get_done_run(session, run_id=first)
    low, high = await _scale(session, run.study_id)
    ids, before, after, _ = await load_pairs(
        session, first=first, second=second, dimension=dimension
    )
    query = select(Stimulus.id, Stimulus.image_id).where(Stimulus.study_id == run.study_id)
    images = dict((await session.execute(query)).all())
    rows = zip(ids.tolist(), before.tolist(), after.tolist(), strict=True)
    points = tuple(Pair(images[stimulus_id], old, new) for stimulus_id, old, new in rows)
    return Pairs(f"MOS of run {first}", f"MOS of run {second}", low, high, points)


def _curve(low: float, high: float, sos_a: float | None) -> tuple[tuple[float, float], ...]:
    """SOS = √(a (x - low)(high - x)), from one end of the scale to the other."""
    if sos_a is None:
        return ()
    step = (high - low) / CURVE_POINTS
    xs = [low + step * place for place in range(CURVE_POINTS + 1)]
    return tuple((x, math.sqrt(max(sos_a * (x - low) * (high - x), 0.0))) for x in xs)


async def _scale(session: AsyncSession, study_id: int) -> tuple[float, float]:
    scale = protocol_of(await session.get_one(Study, study_id)).scale
    return float(scale.low), float(scale.high)
