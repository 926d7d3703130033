"""Pictures shown again and gold pictures, from the tables to the verdict of a run."""

import pytest
from factories import NOW

from app.analysis.screening import Status
from app.database.tables.results import Verdict
from app.results.runs.configuration import AnalysisConfiguration
from app.results.runs.execution import run_analysis
from app.results.runs.lookup import get_run
from app.results.runs.summary import summary_of
from app.results.screening.verdicts import list_verdicts

MISSING, CONTRADICTING, STEADY = "missing", "contradicting", "steady"


def seen(panel, shift=0):
    """Quality rises from picture to picture, alignment falls; levels of tenths from 0 to 5."""
    return {s: (shift + 2 * i, 50 - 2 * i) for i, s in enumerate(panel.stimuli)}


@pytest.fixture
async def panel(open_panel):
    """Ten raters of 24 pictures, four of them gold in quality, who saw five pictures again.

    One misses the gold, and one says something else the second time.
    """
    panel = await open_panel(stimuli=24)
    gold, again = panel.stimuli[:4], panel.stimuli[8:13]
    for stimulus in gold:
        await panel.expect(stimulus, {"quality": [0, 1]})
    for number in range(8):
        levels = seen(panel, number % 3)
        code = STEADY if number == 0 else None
        rater = await panel.add_rater(levels, code=code)
        second = {s: (levels[s][0] + 1, levels[s][1]) for s in again}
        await panel.add_sitting(rater, second, repetition=1)
    await panel.add_rater(seen(panel) | dict.fromkeys(gold, (15, 48)), code=MISSING)
    contradicting = await panel.add_rater(seen(panel), code=CONTRADICTING)
    await panel.add_sitting(contradicting, dict.fromkeys(again, (50, 0)), repetition=1)
    return panel


async def analysed(session, panel, **configuration):
    """The run's id, and what it says of each rater by public code."""
    setup = AnalysisConfiguration(**configuration)
    run_id = await run_analysis(
        session, slug=panel.slug, configuration=setup, actor="o@lab.example", now=NOW
    )
    verdicts = await list_verdicts(session, run_id=run_id)
    return run_id, {rater.public_code: rater for rater in verdicts}


def of_controls(rater, dimension):
    (found,) = (
        item
        for item in rater.evidence.checks
        if (item.check, item.dimension) == ("controls", dimension)
    )
    return found


async def test_missed_gold_and_contradictions_are_proposed_with_their_reasons(session, panel):
    run_id, raters = await analysed(session, panel)
    proposed = {code for code, rater in raters.items() if rater.is_proposed}
    assert proposed == {MISSING, CONTRADICTING}
    assert {(x.check, x.dimension) for x in raters[MISSING].grounds} == {("controls", "quality")}
    assert raters[MISSING].grounds[0].reason == (
        "Missed 4 of 4 pictures whose score is known, far more than the other raters do."
    )
    assert {x.dimension for x in raters[CONTRADICTING].grounds} == {"quality", "alignment"}
    assert raters[CONTRADICTING].grounds[0].reason == (
        "Saw 5 pictures a second time and scored them quite differently, unlike other raters."
    )
    assert raters[MISSING].verdict is Verdict.REJECTED
    assert summary_of(await get_run(session, run_id=run_id)).rejected == 2


async def test_the_numbers_are_those_of_the_tables(session, panel):
    _, raters = await analysed(session, panel)
    quality = of_controls(raters[STEADY], "quality")
    assert quality.status is Status.PASSED
    assert (quality.numbers["gold"], quality.numbers["gold_missed"]) == (4, 0)
    assert quality.numbers["repeats"] == 5
    assert quality.numbers["repeat_distance"] == pytest.approx(0.1)
    # Nothing was expected of alignment, but it was rated again.
    alignment = of_controls(raters[STEADY], "alignment")
    assert (alignment.numbers["gold"], alignment.numbers["repeats"]) == (0, 5)
    missing = of_controls(raters[MISSING], "alignment")
    assert (missing.status, missing.numbers["repeats"]) == (Status.NOT_APPLICABLE, 0)


async def test_second_ratings_enter_no_score_and_gold_ratings_do(session, panel):
    run_id, _ = await analysed(session, panel, rejecting=())
    summary = summary_of(await get_run(session, run_id=run_id))
    assert (summary.raters, summary.ratings) == (10, 240)


async def test_a_correction_of_a_second_rating_counts(session, panel):
    _, before = await analysed(session, panel)
    rater_id = before[CONTRADICTING].rater_id
    levels = seen(panel)
    for stimulus in panel.stimuli[8:13]:
        await panel.correct(rater_id, stimulus, levels[stimulus], repetition=1)
    _, after = await analysed(session, panel)
    assert of_controls(after[CONTRADICTING], "quality").numbers["repeat_distance"] == 0
    assert not after[CONTRADICTING].is_proposed


async def test_without_either_the_check_says_so(open_panel, session):
    panel = await open_panel(stimuli=3)
    await panel.add_rater(seen(panel), code=STEADY)
    await panel.add_rater(seen(panel))
    _, raters = await analysed(session, panel)
    found = of_controls(raters[STEADY], "quality")
    assert found.status is Status.NOT_APPLICABLE
    assert found.reason == "Was shown no control pictures, and none a second time."
