import pytest
from dashboard import make_rated_study, make_run
from factories import NOW, make_protocol, make_study
from panel import make_panel
from sitting_factory import make_rater, make_sitting
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.analysis.planning import PRESETS, PlannedInterval, Question, raters_for_half_width
from app.database.tables import Stimulus
from app.database.tables.study import StudyState
from app.errors import InvalidInput, NotFound
from app.rating.balance import recount_stimuli
from app.results.planning.ahead import plan_ahead
from app.results.planning.sentences import hours, study_sentences
from app.results.planning.study import Goals, parse_goals, study_plan
from app.results.ratings.loading import scale_of
from app.results.runs.lookup import get_run
from app.results.runs.summary import summary_of
from app.storage.blobs import BlobStore


async def test_before_the_first_run_numbers_are_assumed(
    session: AsyncSession, blobs: BlobStore
) -> None:
    protocol = make_protocol(target_ratings=20)
    await make_study(session, blobs, stimuli=6, protocol=protocol)
    goals = Goals(question=Question.AI_APPEAL, half_width=0.5)
    plan = await study_plan(session, "example", NOW, goals=goals)
    quality = plan.dimensions[0]
    assert (quality.a, quality.single, quality.is_measured) == (0.40, 0.296, False)
    expected = raters_for_half_width(0.5, a=0.40, scale=scale_of(protocol.scale))
    assert quality.raters_for_half_width == expected == plan.raters_needed
    assert quality.raters_for_reliability == 22
    assert quality.half_width_now is None
    assert (plan.missing_to_target, plan.missing_to_goals) == (120, 6 * expected)
    assert plan.to_target is None, "nobody knows yet how long a rating takes"
    said = " ".join(study_sentences(plan))
    assert "the study asks for 20" in said
    assert "assumed from studies" in said
    assert "No picture has two ratings yet" in said


async def test_a_run_gives_the_study_s_own_numbers(session: AsyncSession, blobs: BlobStore) -> None:
    await make_rated_study(session, blobs)
    run = await get_run(session, run_id=await make_run(session))
    plan = await study_plan(session, "example", NOW)
    measured = {d.key: d for d in summary_of(run).dimensions}
    assert plan.run_id == run.id
    for row in plan.dimensions[:2]:
        assert row.is_measured
        assert row.a == measured[row.key].sos_a
        assert row.single == measured[row.key].alpha
        assert row.half_width_now is not None
        assert row.widest_now is not None
        assert row.half_width_now <= row.widest_now
    overall = plan.dimensions[-1]
    assert not overall.is_measured, "the overall scores of these raters never differ"
    assert [row.key for row in plan.dimensions] == ["quality", "alignment", "overall"]
    assert plan.missing_to_target == 0, "four raters, target four"
    assert f"measured by run {run.id}" in " ".join(study_sentences(plan))


async def test_each_picture_counts_with_the_ratings_it_has(
    session: AsyncSession, blobs: BlobStore
) -> None:
    await make_study(session, blobs, stimuli=4, protocol=make_protocol(target_ratings=3))
    for rated in (4, 2, 2):
        await make_sitting(session, rater_id=await make_rater(session), rated=rated)
    goals = Goals(half_width=2.4, reliability=0.3, interval=PlannedInterval.NORMAL)
    plan = await study_plan(session, "example", NOW, goals=goals)
    overall = plan.dimensions[-1]
    assert overall.share_narrow == 0.5, "one rating is no interval"
    assert plan.missing_to_target == 4
    assert plan.raters_needed is not None
    assert plan.missing_to_goals == sum(max(plan.raters_needed - n, 0) for n in (3, 3, 1, 1))


async def test_time_and_cost_follow_from_the_pace_of_people(
    session: AsyncSession, blobs: BlobStore
) -> None:
    panel = await make_panel(session, blobs, stimuli=30, protocol=make_protocol(target_ratings=5))
    levels = dict.fromkeys(panel.stimuli, (10, 20))
    await panel.add_rater(levels)  # ten seconds for each picture
    await make_sitting(session, rater_id=await make_rater(session, source="simulated"), rated=30)
    await recount_stimuli(session, stimulus_ids=panel.stimuli)
    goals = Goals(pay_per_hour=15, overhead=0.25)
    plan = await study_plan(session, "example", NOW, goals=goals)
    assert plan.seconds_each == pytest.approx(10)
    assert plan.is_pace_measured
    assert plan.missing_to_target == 90
    assert plan.to_target is not None
    assert plan.to_target.hours == pytest.approx(0.25)
    assert plan.to_target.cost == pytest.approx(5.0)
    given = await study_plan(session, "example", NOW, goals=Goals(seconds_each=4))
    assert (given.seconds_each, given.is_pace_measured) == (4, False)


async def test_programs_set_the_pace_only_where_nobody_else_takes_part(
    session: AsyncSession, blobs: BlobStore
) -> None:
    panel = await make_panel(session, blobs, stimuli=30)
    rater_id = await make_rater(session, source="simulated")
    await panel.add_sitting(rater_id, dict.fromkeys(panel.stimuli, (1, 2)))
    alone = await study_plan(session, "example", NOW)
    assert alone.seconds_each == pytest.approx(10)
    assert "The pace is that of programs" in " ".join(study_sentences(alone))
    await make_rater(session)
    joined = await study_plan(session, "example", NOW)
    assert joined.seconds_each is None


async def test_a_panel_that_does_not_agree_reaches_no_reliability(
    session: AsyncSession, blobs: BlobStore
) -> None:
    panel = await make_panel(session, blobs, stimuli=20)
    up = {s: (2 * i, 2 * i) for i, s in enumerate(panel.stimuli)}
    down = {s: (40 - 2 * i, 40 - 2 * i) for i, s in enumerate(panel.stimuli)}
    for levels in (up, down, up, down):
        await panel.add_rater(levels)
    await make_run(session)
    plan = await study_plan(session, "example", NOW)
    assert plan.dimensions[0].raters_for_reliability is None
    assert plan.raters_needed is None
    assert plan.missing_to_goals is None
    said = " ".join(study_sentences(plan))
    assert "out of reach" in said
    assert "no number of raters helps" in said


async def test_pictures_added_after_the_run_count_with_the_middle_of_the_scale(
    session: AsyncSession, blobs: BlobStore
) -> None:
    await make_rated_study(session, blobs)
    await make_run(session)
    other = await make_study(session, blobs, slug="other", stimuli=2)
    moved = update(Stimulus).where(Stimulus.study_id == other).values(study_id=1)
    await session.execute(moved)
    plan = await study_plan(session, "example", NOW)
    assert plan.progress.main_stimuli == 26
    assert plan.missing_to_target == 8
    assert 0 <= plan.dimensions[0].share_narrow < 1


async def test_a_study_without_pictures_and_no_study(
    session: AsyncSession, blobs: BlobStore
) -> None:
    await make_study(session, blobs, stimuli=0, state=StudyState.DRAFT)
    plan = await study_plan(session, "example", NOW)
    assert (plan.missing_to_target, plan.missing_to_goals) == (0, 0)
    assert "no pictures yet" in " ".join(study_sentences(plan))
    with pytest.raises(NotFound):
        await study_plan(session, "nowhere", NOW)


async def test_a_half_width_beyond_the_scale_is_refused(
    session: AsyncSession, blobs: BlobStore
) -> None:
    await make_study(session, blobs, stimuli=1)
    with pytest.raises(InvalidInput) as refusal:
        await study_plan(session, "example", NOW, goals=Goals(half_width=3))
    assert refusal.value.problems[0].where == "half_width"


@pytest.mark.parametrize(
    ("document", "where"),
    [
        ({"half_width": "0"}, "half_width"),
        ({"half_width": "wide"}, "half_width"),
        ({"half_width": "nan"}, "half_width"),
        ({"reliability": "1"}, "reliability"),
        ({"level": "95"}, "level"),
        ({"interval": "guess"}, "interval"),
        ({"question": "taste"}, "question"),
        ({"seconds_each": "-1"}, "seconds_each"),
        ({"pay_per_hour": "1e99"}, "pay_per_hour"),
        ({"overhead": "1"}, "overhead"),
        ({"banana": "1"}, "banana"),
    ],
)
def test_goals_that_make_no_sense_are_refused_by_name(document: dict[str, str], where: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        parse_goals(document)
    assert [problem.where for problem in refusal.value.problems] == [where]


def test_empty_fields_are_absent() -> None:
    assert parse_goals({"half_width": "", "pay_per_hour": None}) == Goals()


def test_a_plan_ahead_of_any_study() -> None:
    plan = plan_ahead(Goals(seconds_each=9, pay_per_hour=10), stimuli=100)
    by_label = {row.label: row for row in plan.questions}
    appeal = by_label[PRESETS[Question.AI_APPEAL].label]
    assert (appeal.raters_for_half_width, appeal.raters_for_reliability) == (28, 22)
    assert (appeal.raters, appeal.ratings) == (28, 2800)
    assert appeal.work is not None
    assert (appeal.work.hours, appeal.work.cost) == pytest.approx((7, 70))


def test_a_plan_from_numbers_of_one_s_own() -> None:
    goals = Goals(interval=PlannedInterval.SOS_JEFFREYS)
    (row,) = plan_ahead(goals, a=0.13).questions
    assert (row.raters_for_half_width, row.raters_for_reliability) == (8, None)
    (row,) = plan_ahead(Goals(), single=0.5).questions
    assert (row.raters_for_half_width, row.raters) == (None, 9)
    (row,) = plan_ahead(Goals(), question=Question.AI_QUALITY, a=0.454).questions
    assert (row.raters_for_half_width, row.raters_for_reliability) == (31, 18)


@pytest.mark.parametrize(
    "wrong",
    [{"low": 5.0, "high": 1.0}, {"stimuli": 0}, {"a": 2.0}, {"single": 0.0}, {"mos": 9.0}],
)
def test_a_plan_that_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InvalidInput):
        plan_ahead(Goals(), **wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.0, "0 minutes"), (1 / 60, "1 minute"), (0.5, "30 minutes"), (62.22, "62.2 hours")],
)
def test_hours_as_people_say_them(value: float, said: str) -> None:
    assert hours(value) == said
