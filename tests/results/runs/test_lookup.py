"""An analysis run: its numbers, its origin, and that it can be repeated."""

import numpy as np
import pytest
from factories import NOW, make_protocol
from sqlalchemy import select

from app.analysis.correlation import srcc
from app.analysis.matrix import Scale
from app.analysis.simulation import RaterKind, SimulatedRater, simulated_matrix
from app.database.tables import AnalysisRun, AuditEvent, RunEstimate, RunRater, RunScore, RunSection
from app.database.tables.rating import RaterStatus
from app.database.tables.results import Verdict
from app.errors import AnalysisImpossible, InvalidInput, NotFound
from app.results.runs.configuration import AnalysisConfiguration
from app.results.runs.execution import run_analysis
from app.results.runs.lookup import (
    find_latest_run,
    get_run,
    get_study_run,
    list_runs,
)
from app.results.runs.summary import summary_of, versions_of
from app.results.screening.verdicts import list_verdicts

DEFAULT = AnalysisConfiguration()
CONTINUOUS = Scale(low=0.0, step=0.1, level_max=50)


async def run(session, panel, configuration=DEFAULT):
    return await run_analysis(
        session, slug=panel.slug, configuration=configuration, actor="o@lab.example", now=NOW
    )


async def scores_of(session, run_id):
    rows = await session.scalars(select(RunScore).where(RunScore.run_id == run_id))
    return {(row.stimulus_id, row.dimension): row for row in rows}


async def test_mos_by_hand(open_panel, session):
    # Quality of the first stimulus: 2.0, 3.0, 4.0, so MOS 3, SOS 1.  Alignment: 1.0 three times.
    panel = await open_panel(stimuli=2)
    a, b = panel.stimuli
    for quality in (20, 30, 40):
        await panel.add_rater({a: (quality, 10)})
    scores = await scores_of(session, await run(session, panel))
    quality = scores[a, "quality"]
    assert (quality.n, quality.mos, quality.sos) == pytest.approx((3, 3.0, 1.0))
    assert quality.ci_low < 3.0 < quality.ci_high
    assert (scores[a, "alignment"].mos, scores[a, "alignment"].sos) == pytest.approx((1.0, 0.0))
    # Overall, each dimension weighing the same: (2 + 1)/2, (3 + 1)/2, (4 + 1)/2.
    assert (scores[a, "overall"].mos, scores[a, "overall"].sos) == pytest.approx((2.0, 0.5))
    unrated = scores[b, "quality"]
    assert (unrated.n, unrated.mos, unrated.sos, unrated.ci_low) == (0, None, None, None)
    # Nobody rated two pictures, so nobody has a z-score.
    assert (quality.z_n, quality.z_mos) == (0, None)


async def test_z_score_mos_by_hand(open_panel, session):
    # Both raters give z = -1/√2 to the first and +1/√2 to the second: 100 (z + 3) / 6.
    panel = await open_panel(stimuli=2)
    a, b = panel.stimuli
    await panel.add_rater({a: (10, 10), b: (20, 10)})
    await panel.add_rater({a: (25, 10), b: (50, 20)})
    scores = await scores_of(session, await run(session, panel))
    low, high = (100 * (3 + sign * np.sqrt(0.5)) / 6 for sign in (-1, 1))
    assert scores[a, "quality"].z_mos == pytest.approx(low)
    assert scores[b, "quality"].z_mos == pytest.approx(high)
    # The first rater never varies in alignment and has no z there: left out, and counted.
    assert scores[a, "alignment"].z_n == 1
    stored = await get_run(session, run_id=1)
    assert summary_of(stored).dimensions[1].raters_without_z == 1


async def test_the_last_revision_counts(open_panel, session):
    panel = await open_panel(stimuli=1)
    (stimulus,) = panel.stimuli
    rater = await panel.add_rater({stimulus: (0, 0)})
    await panel.correct(rater, stimulus, (50, 30))
    scores = await scores_of(session, await run(session, panel))
    assert scores[stimulus, "quality"].mos == 5.0
    assert scores[stimulus, "alignment"].mos == 3.0


async def test_weights_of_the_protocol_make_the_overall_score(open_panel, session):
    plain = make_protocol()
    quality, alignment = plain.dimensions
    heavy = quality.model_copy(update={"weight": 3.0})
    protocol = plain.model_copy(update={"dimensions": (heavy, alignment)})
    panel = await open_panel(stimuli=1, protocol=protocol)
    (stimulus,) = panel.stimuli
    await panel.add_rater({stimulus: (40, 0)})
    run_id = await run(session, panel)
    assert (await scores_of(session, run_id))[stimulus, "overall"].mos == pytest.approx(3.0)
    stored = await get_run(session, run_id=run_id)
    assert stored.configuration["weights"] == {"quality": 3.0, "alignment": 1.0}


async def simulated(open_panel):
    """Twelve raters of 60 stimuli of known truth; the last three misbehave."""
    panel = await open_panel(stimuli=60)
    generator = np.random.default_rng(7)
    truth = np.clip(generator.normal(2.5, 1.0, (60, 2)), 0, 5)
    honest = [SimulatedRater(bias=float(b)) for b in generator.normal(0, 0.3, 9)]
    planted = [
        SimulatedRater(kind) for kind in (RaterKind.RANDOM, RaterKind.CONSTANT, RaterKind.REVERSED)
    ]
    matrix = simulated_matrix(
        truth, [*honest, *planted], CONTINUOUS, generator, dimensions=("quality", "alignment")
    )
    return panel, truth, await panel.add_matrix(matrix)


async def test_planted_raters_are_found_and_the_truth_recovered(open_panel, session):
    panel, truth, _ = await simulated(open_panel)
    run_id = await run(session, panel)
    verdicts = await list_verdicts(session, run_id=run_id)
    rejected = {rater.public_code for rater in verdicts if rater.verdict is Verdict.REJECTED}
    assert rejected == {"r0010", "r0011", "r0012"}
    assert all(rater.grounds for rater in verdicts if rater.public_code in rejected)
    scores = await scores_of(session, run_id)
    for d, dimension in enumerate(("quality", "alignment")):
        rows = [scores[stimulus, dimension] for stimulus in panel.stimuli]
        assert all(row.n == 9 for row in rows)
        assert srcc([row.mos for row in rows], truth[:, d]) > 0.9
        assert srcc([row.z_mos for row in rows], truth[:, d]) > 0.9
    summary = summary_of(await get_run(session, run_id=run_id))
    assert (summary.raters, summary.kept, summary.rejected) == (12, 9, 3)
    assert (summary.ratings, summary.ratings_kept) == (720, 540)
    quality = summary.dimensions[0]
    assert summary.keys == ("quality", "alignment", "overall")
    assert quality.alpha > quality.alpha_before_screening


async def test_the_same_analysis_twice_is_identical_bit_for_bit(open_panel, session):
    panel, _, _ = await simulated(open_panel)
    first = await run(session, panel)
    # What is stored says everything: the second run is made from the first one's configuration.
    stored = (await get_run(session, run_id=first)).configuration
    second = await run(session, panel, AnalysisConfiguration.model_validate(stored))

    async def rows(table, run_id):
        columns = [column for column in table.__table__.columns if column.name != "run_id"]
        query = select(*columns).where(table.run_id == run_id).order_by(*columns[:2])
        return [
            [value.hex() if isinstance(value, float) else value for value in row]
            for row in await session.execute(query)
        ]

    for table in (RunScore, RunEstimate, RunSection):
        stored = await rows(table, first)
        assert stored, table
        assert stored == await rows(table, second), table
    evidence = select(RunRater.rater_id, RunRater.n, RunRater.verdict, RunRater.evidence)
    raters = [
        (await session.execute(evidence.where(RunRater.run_id == run_id).order_by("rater_id")))
        for run_id in (first, second)
    ]
    assert raters[0].all() == raters[1].all()
    one, two = [await get_run(session, run_id=run_id) for run_id in (first, second)]
    assert one.fingerprint == two.fingerprint
    assert (one.configuration, one.versions, one.summary) == (
        two.configuration,
        two.versions,
        two.summary,
    )


async def test_a_new_rating_changes_the_fingerprint(open_panel, session):
    panel = await open_panel(stimuli=2)
    a, b = panel.stimuli
    await panel.add_rater({a: (1, 1)})
    await panel.add_rater({b: (2, 2)}, status=RaterStatus.EXCLUDED)
    first = await get_run(session, run_id=await run(session, panel))
    await panel.add_rater({b: (2, 2)})
    second = await get_run(session, run_id=await run(session, panel))
    assert first.fingerprint != second.fingerprint
    assert summary_of(first).excluded_raters == 1


async def test_another_time_changes_the_fingerprint_as_it_may_change_who_is_rejected(
    open_panel, session
):
    panel = await open_panel(stimuli=12)
    levels = {stimulus: (3 * place, 50 - place) for place, stimulus in enumerate(panel.stimuli)}
    raters = [await panel.add_rater(levels, dwell_ms=5000) for _ in range(3)]
    strict = AnalysisConfiguration(rejecting=("pace",), pace={"fast_ms": 2000})
    first = await get_run(session, run_id=await run(session, panel, strict))
    # A correction to the same levels, which takes a second.
    for stimulus, given in levels.items():
        await panel.correct(raters[0], stimulus, given)
    second = await get_run(session, run_id=await run(session, panel, strict))
    assert (summary_of(first).rejected, summary_of(second).rejected) == (0, 1)
    assert first.fingerprint != second.fingerprint


async def test_more_ids_than_a_statement_has_parameters(open_panel, session):
    panel = await open_panel(stimuli=1)
    await panel.add_rater({panel.stimuli[0]: (1, 1)})
    run_id = await run(session, panel)
    verdicts = await list_verdicts(session, run_id=run_id, rater_ids=range(1, 70_001))
    assert len(verdicts) == 1


async def test_a_run_knows_its_origin(open_panel, session):
    panel = await open_panel(stimuli=1)
    await panel.add_rater({panel.stimuli[0]: (10, 10)})
    stored = await get_run(session, run_id=await run(session, panel))
    assert (stored.created_by, stored.created_at) == ("o@lab.example", NOW)
    assert stored.seconds > 0
    assert len(stored.fingerprint) == 64
    # The stored configuration has no gaps: what the protocol says is filled in.
    assert stored.configuration["weights"] == {"quality": 1.0, "alignment": 1.0}
    assert stored.configuration["pace"]["fast_ms"] == 800
    assert AnalysisConfiguration.model_validate(stored.configuration).level == 0.95
    versions = versions_of(stored)
    assert versions.numpy == np.__version__
    assert {"scores/mos@1", "screening/pace@1"} <= set(versions.methods)
    event = await session.scalar(select(AuditEvent).where(AuditEvent.action == "analysis_run"))
    assert (event.actor, event.subject_id) == ("o@lab.example", panel.slug)
    assert event.detail["fingerprint"] == stored.fingerprint


async def test_nothing_to_analyse(open_panel, session):
    panel = await open_panel(stimuli=1)
    await panel.add_rater({panel.stimuli[0]: (1, 1)}, status=RaterStatus.EXCLUDED)
    with pytest.raises(AnalysisImpossible, match="nothing to analyse"):
        await run(session, panel)
    with pytest.raises(NotFound):
        await run_analysis(session, slug="nowhere", configuration=DEFAULT, actor="x", now=NOW)


async def test_everyone_rejected_is_said_with_reasons_and_nothing_is_stored(open_panel, session):
    panel = await open_panel(stimuli=25)
    for level in (10, 20):
        await panel.add_rater(dict.fromkeys(panel.stimuli, (level, level)))
    with pytest.raises(AnalysisImpossible, match="rejects every rater") as refusal:
        await run(session, panel)
    assert [problem.where for problem in refusal.value.problems] == ["rater-01", "rater-02"]
    assert "same score" in refusal.value.problems[0].sentence
    assert await session.scalar(select(AnalysisRun.id)) is None
    nobody = AnalysisConfiguration(rejecting=())
    summary = summary_of(await get_run(session, run_id=await run(session, panel, nobody)))
    assert (summary.kept, summary.rejected) == (2, 0)


async def test_pace_rejects_where_the_configuration_says_so(open_panel, session):
    panel = await open_panel(stimuli=12)
    levels = {stimulus: (3 * place, 50 - place) for place, stimulus in enumerate(panel.stimuli)}
    for dwell_ms in (4000, 5000, 200):
        await panel.add_rater(levels, dwell_ms=dwell_ms)
    lenient = AnalysisConfiguration(rejecting=("agreement", "variation"))
    shown = await list_verdicts(session, run_id=await run(session, panel, lenient))
    assert [rater.verdict for rater in shown] == [Verdict.KEPT] * 3
    assert shown[2].evidence.status_by_check["pace"] == "failed"
    assert shown[2].evidence.fast_share == 1.0
    strict = AnalysisConfiguration(rejecting=("pace",))
    verdicts = await list_verdicts(session, run_id=await run(session, panel, strict))
    assert verdicts[0].public_code == "rater-03"
    assert verdicts[0].verdict is Verdict.REJECTED
    assert "12 of 12 ratings" in verdicts[0].grounds[0].reason


async def test_weights_that_do_not_fit_the_protocol_are_refused(open_panel, session):
    panel = await open_panel(stimuli=1)
    await panel.add_rater({panel.stimuli[0]: (1, 1)})
    with pytest.raises(InvalidInput, match="quality, alignment"):
        await run(session, panel, AnalysisConfiguration(weights={"beauty": 1.0}))


async def test_runs_are_found_again(open_panel, session):
    panel = await open_panel(stimuli=1)
    other = await open_panel(stimuli=1, slug="other")
    assert await find_latest_run(session, study_id=panel.study_id) is None
    with pytest.raises(AnalysisImpossible, match="no analysis run yet"):
        await get_study_run(session, slug=panel.slug, run_id=None)
    await panel.add_rater({panel.stimuli[0]: (1, 1)})
    first, second = await run(session, panel), await run(session, panel)
    assert [found.id for found in await list_runs(session, slug=panel.slug)] == [second, first]
    assert (await get_study_run(session, slug=panel.slug, run_id=None)).id == second
    assert (await get_study_run(session, slug=panel.slug, run_id=first)).id == first
    with pytest.raises(NotFound, match="another study"):
        await get_study_run(session, slug=other.slug, run_id=first)
    with pytest.raises(NotFound):
        await get_run(session, run_id=second + 1)
    with pytest.raises(NotFound):
        await get_run(session, run_id=10**20)
