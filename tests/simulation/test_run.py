"""A panel of simulated raters goes through a study's real pages."""

from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from factories import NOW, make_protocol
from sqlalchemy import select

from app.analysis.correlation import srcc
from app.analysis.simulation import RaterKind
from app.database.engine import SessionFactory
from app.database.tables import Presentation, Rater, Rating, RunRater, RunScore, Sitting
from app.database.tables.rating import RaterStatus, SittingState
from app.database.tables.results import Verdict
from app.database.tables.study import StudyState
from app.errors import NotFound
from app.results.runs.configuration import AnalysisConfiguration
from app.results.runs.execution import run_analysis
from app.simulation.cookie_file import CookieFile
from app.simulation.observations import Ending
from app.simulation.panel import PanelPlan
from app.simulation.truth import load_truth
from app.study.studies import change_state
from app.study.templates import ACR_5, quality_and_alignment

from .conftest import OpenStudy, Simulate

PLANTED = {RaterKind.RANDOM: 1, RaterKind.CONSTANT: 1, RaterKind.REVERSED: 1}


async def test_the_analysis_finds_planted_raters_and_recovers_the_truth(
    open_study: OpenStudy, simulated: Simulate, sessions: SessionFactory
) -> None:
    protocol = make_protocol(presentations=15, sittings=2, training=2, target_ratings=50)
    study_id = await open_study(stimuli=30, protocol=protocol)

    report = await simulated(PanelPlan(10, PLANTED))

    assert report.problems == []
    assert report.ratings == report.verification.acknowledged == 10 * (30 + 2)
    assert report.repeats == 0
    assert (report.balance.least, report.balance.most, report.balance.leased) == (10, 10, 0)
    assert {rater.ending for rater in report.raters} == {Ending.FINISHED}
    assert sorted(report.planted) == ["constant", "random", "reversed"]

    async with sessions.begin() as session:
        run_id = await run_analysis(
            session,
            slug="example",
            configuration=AnalysisConfiguration(),
            actor="test",
            now=NOW,
        )
        rejected = await session.scalars(
            select(Rater.public_code)
            .join(RunRater, RunRater.rater_id == Rater.id)
            .where(RunRater.run_id == run_id, RunRater.verdict == Verdict.REJECTED)
        )
        assert sorted(rejected) == sorted(code for [code] in report.planted.values())
        truth = await load_truth(session, study_id=study_id, protocol=protocol)
        for column, dimension in enumerate(protocol.dimensions):
            scores = await session.execute(
                select(RunScore.stimulus_id, RunScore.mos).where(
                    RunScore.run_id == run_id, RunScore.dimension == dimension.key
                )
            )
            found = [(truth.scores[truth.row[stimulus], column], mos) for stimulus, mos in scores]
            true, mos = np.array(found, dtype=float).T
            assert srcc(true, mos) > 0.95


async def test_simulated_raters_are_marked_and_complete(
    open_study: OpenStudy, simulated: Simulate, sessions: SessionFactory
) -> None:
    await open_study(stimuli=3)
    report = await simulated(PanelPlan(2))
    async with sessions() as session:
        raters = (await session.scalars(select(Rater).order_by(Rater.id))).all()
    assert {rater.recruitment_source for rater in raters} == {"simulated"}
    assert {rater.status for rater in raters} == {RaterStatus.COMPLETED}
    assert {rater.public_code for rater in raters} == {rater.code for rater in report.raters}


async def test_the_same_seed_gives_the_same_opinions(
    open_study: OpenStudy, simulated: Simulate, sessions: SessionFactory
) -> None:
    await open_study(stimuli=8)
    for seed in (4, 4, 5):
        await simulated(PanelPlan(1, seed=seed))
    opinions: dict[int, list[list[int]]] = defaultdict(list)
    async with sessions() as session:
        for rater_id, levels in await session.execute(
            select(Presentation.rater_id, Rating.levels)
            .join(Rating, Rating.presentation_id == Presentation.id)
            .order_by(Presentation.rater_id, Presentation.stimulus_id)
        ):
            opinions[rater_id].append(levels)
    first, again, other = opinions.values()
    assert first == again != other


async def test_words_of_a_scale_with_five_points_are_rated_too(
    open_study: OpenStudy, simulated: Simulate
) -> None:
    protocol = quality_and_alignment(scale=ACR_5, target_ratings=50)
    short = protocol.model_copy(
        update={"sitting": protocol.sitting.model_copy(update={"training": 0})}
    )
    await open_study(stimuli=4, protocol=short)
    report = await simulated(PanelPlan(2))
    assert (report.problems, report.ratings) == ([], 8)


async def test_who_drops_out_leaves_a_sitting_open(
    open_study: OpenStudy, simulated: Simulate, sessions: SessionFactory
) -> None:
    await open_study(stimuli=6)
    report = await simulated(PanelPlan(3, drop_out=1.0, seed=2))
    assert report.problems == []
    assert {rater.ending for rater in report.raters} == {Ending.DROPPED_OUT}
    assert report.balance.leased == 3 * 6 - report.ratings
    async with sessions() as session:
        states = (await session.scalars(select(Sitting.state))).all()
    assert SittingState.ACTIVE in states


async def test_breaks_are_taken(open_study: OpenStudy, simulated: Simulate) -> None:
    protocol = make_protocol(
        presentations=3, target_ratings=50, break_every_minutes=0.01, break_seconds=1
    )
    await open_study(stimuli=3, protocol=protocol)
    report = await simulated(PanelPlan(1), pace_s=0.7)
    assert (report.problems, report.ratings) == ([], 3)
    assert report.seconds > 2


async def test_only_as_many_sittings_as_asked_for(
    open_study: OpenStudy, simulated: Simulate
) -> None:
    protocol = make_protocol(presentations=2, sittings=3, target_ratings=50)
    await open_study(stimuli=6, protocol=protocol)
    report = await simulated(PanelPlan(3), sittings=1)
    assert (report.problems, report.ratings) == ([], 6)
    assert report.balance.difference == 0


async def test_opinions_of_pictures_without_truth_are_made_up_and_that_is_said(
    open_study: OpenStudy, simulated: Simulate
) -> None:
    await open_study(stimuli=3, has_truth=False)
    report = await simulated(PanelPlan(1))
    assert (report.ratings, report.stimuli, report.stimuli_with_truth) == (3, 3, 0)


async def test_a_paused_study_turns_raters_away(
    open_study: OpenStudy, simulated: Simulate, sessions: SessionFactory
) -> None:
    await open_study(stimuli=3)
    async with sessions.begin() as session:
        await change_state(session, slug="example", to=StudyState.PAUSED, now=NOW, actor="test")
    report = await simulated(PanelPlan(2))
    assert {rater.ending for rater in report.raters} == {Ending.TURNED_AWAY}
    assert report.problems == ["2 raters were turned away: the study is not open."]


async def test_more_raters_than_places_end_without_a_rating(
    open_study: OpenStudy, simulated: Simulate
) -> None:
    await open_study(stimuli=2, protocol=make_protocol(presentations=2, target_ratings=2))
    report = await simulated(PanelPlan(3))
    assert (report.problems, report.ratings, report.balance.most) == ([], 4, 2)
    endings = sorted(rater.ending for rater in report.raters)
    assert endings == [Ending.FINISHED, Ending.FINISHED, Ending.NOTHING_LEFT]


async def test_an_interrupted_simulation_continues_with_the_same_raters(
    open_study: OpenStudy, simulated: Simulate, sessions: SessionFactory, tmp_path: Path
) -> None:
    protocol = make_protocol(presentations=2, sittings=2, target_ratings=50)
    await open_study(stimuli=4, protocol=protocol)
    panel, path = PanelPlan(3), tmp_path / "raters.json"
    before = await simulated(panel, sittings=1, cookie_file=CookieFile(path))
    after = await simulated(panel, cookie_file=CookieFile(path))
    assert (before.ratings, after.ratings, after.repeats) == (6, 6, 0)
    assert [rater.code for rater in before.raters] == [rater.code for rater in after.raters]
    async with sessions() as session:
        assert len((await session.scalars(select(Rater.id))).all()) == 3


async def test_there_must_be_a_study(simulated: Simulate) -> None:
    with pytest.raises(NotFound):
        await simulated(PanelPlan(1))
