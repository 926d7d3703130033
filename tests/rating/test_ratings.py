"""Ratings: once, whole, on the scale, corrected only by revision, and never anybody else's."""

import asyncio
import uuid
from datetime import timedelta

import pytest
from factories import NOW, make_protocol, make_study
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from app.database.engine import SessionFactory
from app.database.tables import Presentation, Rater, Rating, Stimulus
from app.database.tables.rating import RaterStatus
from app.database.tables.study import StudyState
from app.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    PresentationNotFound,
    RatingIncomplete,
    ScoreOutOfScale,
    SittingFinished,
    StudyNotOpen,
)
from app.rating.raters import exclude_rater, readmit_rater
from app.rating.ratings import submit_rating
from app.rating.sitting_state import StepKind
from app.rating.withdrawal import withdraw
from app.storage.blobs import BlobStore
from app.study.studies import change_state
from app.study.templates import ACR_5


@pytest.fixture
async def study(sessions: SessionFactory, blobs: BlobStore) -> None:
    async with sessions.begin() as session:
        await make_study(session, blobs)


@pytest.fixture
async def person(study: None, arrive):
    person = await arrive()
    await person.open()
    return person


async def count_ratings(sessions: SessionFactory) -> int:
    async with sessions.begin() as session:
        return await session.scalar(select(func.count()).select_from(Rating)) or 0


async def test_a_rating_is_stored_as_levels_in_protocol_order(sessions, person) -> None:
    view = (await person.upcoming())[0]
    receipt = await person.rate(view.public_id, {"alignment": "0", "quality": " 3,4 "})
    assert receipt.is_new
    assert receipt.scores == {"quality": "3.4", "alignment": "0.0"}
    assert (receipt.progress.main_rated, receipt.progress.main_total) == (1, 6)
    assert receipt.next is StepKind.RATE
    async with sessions.begin() as session:
        row = (await session.scalars(select(Rating))).one()
        assert row.levels == [34, 0]
        assert (row.revision, row.dwell_ms, row.shown_width_px) == (1, 2500, 512)
        shown = await session.scalar(
            select(Presentation.shown_at).where(Presentation.id == row.presentation_id)
        )
        assert shown == NOW - timedelta(milliseconds=2500)


@pytest.mark.parametrize(
    ("scores", "error", "part"),
    [
        ({"quality": "banana", "alignment": "1"}, ScoreOutOfScale, "not a number"),
        ({"quality": "5.05", "alignment": "1"}, ScoreOutOfScale, "outside the scale"),
        ({"quality": "4.95", "alignment": "1"}, ScoreOutOfScale, "steps of 0.1"),
        ({"quality": "-0.1", "alignment": "1"}, ScoreOutOfScale, "outside"),
        ({"quality": "NaN", "alignment": "1"}, ScoreOutOfScale, "not a number"),
        ({"quality": "Infinity", "alignment": "1"}, ScoreOutOfScale, "not a number"),
        ({"quality": "1e-999999999", "alignment": "1"}, ScoreOutOfScale, "not a number"),
        ({"quality": "3"}, RatingIncomplete, "alignment"),
        ({"quality": "", "alignment": "2"}, RatingIncomplete, "quality"),
        ({}, RatingIncomplete, "quality and alignment"),
    ],
)
async def test_what_is_not_on_the_scale_is_refused_and_not_stored(
    scores, error, part, sessions, person
) -> None:
    view = (await person.upcoming())[0]
    with pytest.raises(error, match=part):
        await person.rate(view.public_id, scores)
    assert await count_ratings(sessions) == 0
    assert (await person.upcoming())[0] == view


async def test_forged_and_foreign_presentations_are_refused(sessions, person, arrive) -> None:
    other = await arrive()
    await other.open()
    theirs = (await other.upcoming())[0].public_id
    for forged in (uuid.uuid4(), theirs):
        with pytest.raises(PresentationNotFound):
            await person.rate(forged)
    assert await count_ratings(sessions) == 0


async def test_submitting_again_returns_the_first_receipt(sessions, person) -> None:
    view = (await person.upcoming())[0]
    first = await person.rate(view.public_id)
    again = await person.rate(view.public_id, {"quality": "0.0", "alignment": "0.0"})
    assert (again.scores, again.is_new) == (first.scores, False)
    assert await count_ratings(sessions) == 1


async def test_ten_submissions_at_once_store_one_rating(sessions, person) -> None:
    view = (await person.upcoming())[0]
    answers = [{"quality": str(number / 10), "alignment": "1"} for number in range(10)]
    receipts = await asyncio.gather(*(person.rate(view.public_id, a) for a in answers))
    assert sum(receipt.is_new for receipt in receipts) == 1
    assert len({receipt.scores["quality"] for receipt in receipts}) == 1
    assert await count_ratings(sessions) == 1
    async with sessions.begin() as session:
        counted = await session.execute(
            select(func.sum(Stimulus.usable_count), func.sum(Stimulus.leased_count))
        )
        assert tuple(counted.one()) == (1, 5)


async def test_a_correction_adds_a_revision_and_keeps_the_first(sessions, person) -> None:
    view = (await person.upcoming())[0]
    await person.rate(view.public_id)
    corrected = await person.rate(
        view.public_id, {"quality": "1.0", "alignment": "2.0"}, revision=2
    )
    assert corrected.scores == {"quality": "1.0", "alignment": "2.0"}
    async with sessions.begin() as session:
        rows = (await session.scalars(select(Rating).order_by(Rating.revision))).all()
    assert [(row.levels, row.superseded_at) for row in rows] == [([34, 10], NOW), ([10, 20], None)]
    again = await person.rate(view.public_id, revision=1)
    assert (again.scores["quality"], again.is_new) == ("3.4", False)
    with pytest.raises(Conflict):
        await person.rate(view.public_id, revision=4)
    with pytest.raises(InvalidInput):
        await person.rate(view.public_id, revision=0)


async def test_a_correction_cannot_come_first(sessions, person) -> None:
    view = (await person.upcoming())[0]
    with pytest.raises(Conflict):
        await person.rate(view.public_id, revision=2)
    assert await count_ratings(sessions) == 0


async def test_after_the_last_picture_the_sitting_and_the_part_are_finished(
    sessions, person
) -> None:
    views = await person.upcoming()
    receipts = [await person.rate(view.public_id) for view in views]
    assert [receipt.next for receipt in receipts] == [StepKind.RATE] * 5 + [StepKind.THANKS]
    replay = await person.rate(views[0].public_id, {"quality": "0", "alignment": "0"})
    assert (replay.is_new, replay.scores["quality"]) == (False, "3.4")
    with pytest.raises(SittingFinished):
        await person.rate(views[0].public_id, revision=2)
    async with sessions.begin() as session:
        assert await session.scalar(select(Rater.status)) is RaterStatus.COMPLETED


async def test_a_paused_study_still_takes_answers_in_flight_a_closed_one_does_not(
    sessions, person
) -> None:
    first, second, *_ = await person.upcoming()
    async with sessions.begin() as session:
        await change_state(session, slug="example", to=StudyState.PAUSED, now=NOW, actor="test")
    assert (await person.rate(first.public_id)).is_new
    assert (await person.step()).kind is StepKind.UNAVAILABLE
    async with sessions.begin() as session:
        await change_state(session, slug="example", to=StudyState.CLOSED, now=NOW, actor="test")
    with pytest.raises(StudyNotOpen):
        await person.rate(second.public_id)


async def test_training_comes_first_and_is_not_counted(sessions, blobs, arrive) -> None:
    async with sessions.begin() as session:
        await make_study(session, blobs, protocol=make_protocol(training=2))
    person = await arrive()
    await person.open()
    views = await person.upcoming()
    assert [view.phase for view in views] == ["training"] * 2 + ["main"] * 6
    step = await person.step()
    assert (step.progress.rated, step.progress.total) == (0, 2)
    for view in views[:2]:
        await person.rate(view.public_id)
    async with sessions.begin() as session:
        assert await session.scalar(select(func.sum(Stimulus.usable_count))) == 0


async def test_a_break_comes_and_lasts_as_the_protocol_says(sessions, blobs, arrive) -> None:
    from app.rating.sittings import end_break

    async with sessions.begin() as session:
        protocol = make_protocol(break_every_minutes=10, break_seconds=60)
        await make_study(session, blobs, protocol=protocol)
    person = await arrive()
    await person.open()
    view = (await person.upcoming())[0]
    due = NOW + timedelta(minutes=10)
    assert (await person.rate(view.public_id, now=due)).next is StepKind.REST
    step = await person.step(now=due)
    assert (step.kind, step.break_until) == (StepKind.REST, due + timedelta(seconds=60))
    with pytest.raises(Conflict, match="not over"):
        async with sessions.begin() as session:
            await end_break(session, slug="example", rater_id=person.rater_id, now=due)
    over = due + timedelta(seconds=60)
    async with sessions.begin() as session:
        await end_break(session, slug="example", rater_id=person.rater_id, now=over)
    assert (await person.step(now=over)).kind is StepKind.RATE


async def test_acr_scale_takes_its_five_points_alone(sessions, blobs, arrive) -> None:
    async with sessions.begin() as session:
        await make_study(session, blobs, protocol=make_protocol(scale=ACR_5))
    person = await arrive()
    await person.open()
    first, second, *_ = await person.upcoming()
    await person.rate(first.public_id, {"quality": "1", "alignment": "5"})
    async with sessions.begin() as session:
        assert await session.scalar(select(Rating.levels)) == [0, 4]
    for wrong in ("0", "6", "2.5"):
        with pytest.raises(ScoreOutOfScale):
            await person.rate(second.public_id, {"quality": wrong, "alignment": "5"})


# --- what the database itself refuses, whoever asks ---


@pytest.mark.parametrize(
    ("levels", "rule"),
    [
        ("{51,0}", "rating_in_range"),
        ("{-1,0}", "rating_in_range"),
        ("{1}", "rating_complete"),
        ("{1,NULL}", "rating_complete"),
        ("{1,2,3}", "rating_complete"),
    ],
)
async def test_the_database_checks_every_rating(levels, rule, sessions, person) -> None:
    statement = "INSERT INTO rating (presentation_id, revision, levels) VALUES (1, 1, :levels)"
    with pytest.raises(IntegrityError) as refused:
        async with sessions.begin() as session:
            await session.execute(text(statement.replace(":levels", f"'{levels}'")))
    assert refused.value.orig.diag.constraint_name == rule


async def test_the_database_never_alters_a_rating(sessions, person) -> None:
    await person.rate((await person.upcoming())[0].public_id)
    for statement in (
        "UPDATE rating SET levels = '{0,0}'",
        "UPDATE rating SET superseded_at = now(), levels = '{0,0}'",
        "DELETE FROM rating",
        "INSERT INTO rating (presentation_id, revision, levels)"
        " SELECT presentation_id, 1, levels FROM rating",
        "INSERT INTO rating (presentation_id, revision, levels)"
        " SELECT presentation_id, 2, levels FROM rating",
    ):
        with pytest.raises(IntegrityError):
            async with sessions.begin() as session:
                await session.execute(text(statement))
    assert await count_ratings(sessions) == 1


# --- what happens in the same instant ---


@pytest.mark.parametrize("leaving", ["excluded", "withdrawn"])
async def test_an_answer_in_flight_while_its_rater_leaves_does_not_count(
    leaving, sessions, person
) -> None:
    first, second, *_ = await person.upcoming()
    await person.rate(first.public_id)
    async with sessions() as session, session.begin():
        code = await session.scalar(select(Rater.public_code))
        if leaving == "excluded":
            await exclude_rater(
                session, slug="example", public_code=code, reason="test", actor="test", now=NOW
            )
        else:
            await withdraw(session, slug="example", rater_id=person.rater_id, now=NOW)
        # Sent before the change is committed, so the answer has to wait for it.
        answer = asyncio.create_task(person.rate(second.public_id))
        await asyncio.sleep(0.2)
        assert not answer.done()
    with pytest.raises((Forbidden, Conflict, PresentationNotFound)):
        await answer
    async with sessions.begin() as session:
        counted = await session.execute(
            select(func.sum(Stimulus.usable_count), func.sum(Stimulus.leased_count))
        )
        assert tuple(counted.one()) == (0, 0)


async def test_counts_stay_true_when_an_answer_and_a_farewell_cross(sessions, person) -> None:
    view = (await person.upcoming())[0]
    async with sessions() as session, session.begin():
        await submit_rating(
            session,
            slug="example",
            rater_id=person.rater_id,
            presentation_id=view.public_id,
            scores={"quality": "3.4", "alignment": "1.0"},
            revision=1,
            dwell_ms=None,
            shown_px=None,
            now=NOW,
        )

        async def exclude() -> None:
            async with sessions.begin() as other:
                code = await other.scalar(select(Rater.public_code))
                await exclude_rater(
                    other, slug="example", public_code=code, reason="test", actor="test", now=NOW
                )

        farewell = asyncio.create_task(exclude())
        await asyncio.sleep(0.2)
    await farewell
    async with sessions.begin() as session:
        await readmit_rater(
            session,
            slug="example",
            public_code=await session.scalar(select(Rater.public_code)),
            actor="test",
        )
        counted = await session.execute(select(Stimulus.usable_count, Stimulus.leased_count))
        assert sorted(tuple(row) for row in counted) == [(0, 0)] * 5 + [(1, 0)]
