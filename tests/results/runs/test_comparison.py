"""Two runs compared, against cases worked by hand."""

import pytest
from factories import NOW

from app.database.tables.rating import RaterStatus
from app.errors import AnalysisImpossible, InvalidInput, NotFound
from app.results.runs.comparison import compare_runs, find_newest_two
from app.results.runs.configuration import AnalysisConfiguration, VariationSettings
from app.results.runs.execution import run_analysis

NOBODY = AnalysisConfiguration(rejecting=(), estimates=(), parts=())
STRICT = AnalysisConfiguration(
    rejecting=("variation",),
    variation=VariationSettings(min_ratings=4),
    estimates=(),
    parts=(),
    level=0.9,
)


async def run(session, configuration, slug="example"):
    return await run_analysis(session, slug=slug, configuration=configuration, actor="o", now=NOW)


@pytest.fixture
async def panel(open_panel):
    """Four pictures; two raters who agree (MOS 0, 1, 2, 3) and one who always says 5."""
    made = await open_panel(stimuli=4)
    for code in ("a", "b"):
        await made.add_rater({s: (10 * i, 10 * i) for i, s in enumerate(made.stimuli)}, code=code)
    await made.add_rater(dict.fromkeys(made.stimuli, (50, 50)), code="five")
    return made


async def test_what_one_rater_changes(panel, session):
    # With all three, quality is 5/3, 7/3, 3, 11/3; without the third 0, 1, 2, 3.
    strict = STRICT.model_copy(update={"confirmed": (), "overruled": ()})
    found = await compare_runs(
        session, slug="example", first=await run(session, NOBODY), second=await run(session, strict)
    )
    assert found.same_ratings
    assert [(v.public_code, v.before, v.after) for v in found.verdicts][-1] == (
        "five",
        "kept",
        "rejected",
    )
    quality = found.dimensions[0]
    assert (quality.key, quality.stimuli, quality.left_out) == ("quality", 4, 0)
    assert quality.srcc == pytest.approx(1.0)
    assert quality.mean_change == pytest.approx((5 + 4 + 3 + 2) / 12)
    largest = quality.by_value[0]
    assert largest.stimulus_id == panel.stimuli[0]
    assert (largest.before, largest.after) == pytest.approx((5 / 3, 0.0))
    assert (largest.rank_before, largest.rank_after) == (4.0, 4.0)
    assert quality.by_rank == ()
    words = {heading: (before, after) for heading, before, after in found.configuration}
    assert words["Rejecting by"] == ("nothing", "variation")
    assert words["Intervals"] == (
        "SOS-calibrated Jeffreys, 95 %",
        "SOS-calibrated Jeffreys, 90 %",
    )
    assert words["Check variation: min ratings"] == ("20", "4")


async def test_a_run_and_its_repetition_do_not_differ(panel, session):
    found = await compare_runs(
        session, slug="example", first=await run(session, NOBODY), second=await run(session, NOBODY)
    )
    assert (found.same_ratings, found.same_methods) == (True, True)
    assert (found.configuration, found.verdicts) == ((), ())
    assert all(d.by_value == d.by_rank == () and d.mean_change == 0 for d in found.dimensions)


async def test_other_ratings_and_missing_scores(open_panel, session):
    made = await open_panel(stimuli=3)
    a, b, c = made.stimuli
    await made.add_rater({a: (10, 10), b: (20, 20)}, code="first")
    one = await run(session, NOBODY)
    gone = await made.add_rater({c: (5, 5)}, code="second")
    await made.set_status(1, RaterStatus.EXCLUDED)
    other = await run(session, NOBODY)
    found = await compare_runs(session, slug="example", first=one, second=other)
    assert not found.same_ratings
    quality = found.dimensions[0]
    # No picture has a MOS in both.
    assert (quality.stimuli, quality.left_out, quality.srcc) == (0, 3, None)
    assert quality.mean_change is None
    changes = {v.public_code: (v.before, v.after) for v in found.verdicts}
    assert changes == {"first": ("kept", None), "second": (None, "kept")}
    await made.set_status(gone, RaterStatus.WITHDRAWN)
    found = await compare_runs(session, slug="example", first=one, second=other)
    assert [v.public_code for v in found.verdicts] == ["first"]


async def test_what_cannot_be_compared(panel, session, open_panel):
    with pytest.raises(AnalysisImpossible, match="no two finished runs"):
        await find_newest_two(session, slug="example")
    one, other = await run(session, NOBODY), await run(session, NOBODY)
    assert await find_newest_two(session, slug="example") == (one, other)
    with pytest.raises(InvalidInput):
        await compare_runs(session, slug="example", first=one, second=one)
    await open_panel(stimuli=1, slug="other")
    with pytest.raises(NotFound, match="another study"):
        await compare_runs(session, slug="other", first=one, second=other)
