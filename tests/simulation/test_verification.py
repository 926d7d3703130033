"""A simulation notices what is lost, altered or repeated."""

import uuid
from dataclasses import replace

from sqlalchemy import text

from app.database.engine import SessionFactory
from app.simulation.observations import Observations
from app.simulation.panel import PanelPlan
from app.simulation.verification import (
    Verification,
    count_repeats,
    measure_balance,
    verify_receipts,
)

from .conftest import OpenStudy, Simulate


async def test_lost_and_altered_ratings_are_counted(
    open_study: OpenStudy, simulated: Simulate, sessions: SessionFactory
) -> None:
    await open_study(stimuli=4)
    seen = Observations()
    await simulated(PanelPlan(1), observations=seen)
    first, second, *rest = seen.acknowledged
    claimed = [
        replace(first, presentation=uuid.uuid4()),
        replace(second, levels=(first.levels[0] - 1, 60)),
        *rest,
    ]
    async with sessions() as session:
        assert await verify_receipts(session, acknowledged=claimed) == Verification(4, 1, 1)
        assert await verify_receipts(session, acknowledged=[]) == Verification(0, 0, 0)


async def test_a_stimulus_rated_twice_by_one_rater_is_a_repeat(
    open_study: OpenStudy, simulated: Simulate, sessions: SessionFactory
) -> None:
    study_id = await open_study(stimuli=3)
    await simulated(PanelPlan(2))
    async with sessions.begin() as session:
        assert await count_repeats(session, study_id=study_id) == 0
        await session.execute(
            text(
                "INSERT INTO presentation"
                " (sitting_id, rater_id, stimulus_id, repetition, phase, position, state)"
                " SELECT sitting_id, rater_id, stimulus_id, 1, phase, 99, state"
                " FROM presentation LIMIT 1"
            )
        )
        assert await count_repeats(session, study_id=study_id) == 1


async def test_balance_is_about_main_pictures(
    open_study: OpenStudy, simulated: Simulate, sessions: SessionFactory
) -> None:
    study_id = await open_study(stimuli=3)
    await simulated(PanelPlan(1, drop_out=1.0, seed=3))
    async with sessions() as session:
        balance = await measure_balance(session, study_id=study_id)
    assert balance.least == 0
    assert balance.difference == balance.most == 1
    assert balance.leased in {1, 2}
