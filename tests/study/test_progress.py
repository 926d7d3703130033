from datetime import timedelta

import pytest
from factories import NOW, make_protocol, make_study
from sitting_factory import make_rater, make_sitting
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables.rating import RaterStatus, SittingState
from app.database.tables.study import StudyState
from app.errors import NotFound
from app.storage.blobs import BlobStore
from app.study.progress import get_progress, list_progress, list_usable_histogram


async def test_a_study_without_stimuli_has_no_progress(
    session: AsyncSession, blobs: BlobStore
) -> None:
    await make_study(session, blobs, stimuli=0, state=StudyState.DRAFT)
    progress = await get_progress(session, slug="example", now=NOW)
    assert (progress.main_stimuli, progress.ratings_wanted, progress.share) == (0, 0, 0.0)
    assert not progress.is_complete
    assert await list_usable_histogram(session, study_id=progress.study_id) == []


async def test_usable_ratings_are_counted_against_the_target(
    session: AsyncSession, blobs: BlobStore
) -> None:
    study_id = await make_study(session, blobs, stimuli=4, protocol=make_protocol(target_ratings=2))
    await make_sitting(session, rater_id=await make_rater(session))
    await make_sitting(session, rater_id=await make_rater(session), rated=1)
    progress = await get_progress(session, slug="example", now=NOW)
    assert (progress.usable_ratings, progress.ratings_wanted) == (5, 8)
    assert progress.stimuli_at_target == 1
    assert progress.places_leased == 3
    assert await list_usable_histogram(session, study_id=study_id) == [(0, 0), (1, 3), (2, 1)]


async def test_surplus_on_one_stimulus_does_not_fill_another(
    session: AsyncSession, blobs: BlobStore
) -> None:
    await make_study(session, blobs, stimuli=2, protocol=make_protocol(target_ratings=1))
    for _ in range(2):
        await make_sitting(session, rater_id=await make_rater(session), rated=1)
    progress = await get_progress(session, slug="example", now=NOW)
    assert progress.usable_ratings == 2
    assert progress.share == 0.5


async def test_time_left_follows_from_the_pace_of_the_last_hour(
    session: AsyncSession, blobs: BlobStore
) -> None:
    await make_study(session, blobs, stimuli=4, protocol=make_protocol(target_ratings=2))
    await make_sitting(session, rater_id=await make_rater(session), rated=2)
    old = NOW - timedelta(hours=3)
    await make_sitting(session, rater_id=await make_rater(session), rated=2, at=old)
    progress = await get_progress(session, slug="example", now=NOW)
    assert progress.ratings_last_hour == 2
    assert progress.time_left == timedelta(hours=2)
    later = await get_progress(session, slug="example", now=NOW + timedelta(hours=5))
    assert later.time_left is None


async def test_simulated_raters_do_not_set_the_pace_once_people_take_part(
    session: AsyncSession, blobs: BlobStore
) -> None:
    await make_study(session, blobs, stimuli=4, protocol=make_protocol(target_ratings=3))
    await make_sitting(session, rater_id=await make_rater(session, source="simulated"))
    alone = await get_progress(session, slug="example", now=NOW)
    assert (alone.people, alone.ratings_last_hour, alone.simulated_last_hour) == (0, 4, 4)
    assert alone.time_left == timedelta(hours=2)
    person = await make_rater(session)
    joined = await get_progress(session, slug="example", now=NOW)
    assert joined.time_left is None, "nobody who counts has rated yet"
    await make_sitting(session, rater_id=person, rated=2)
    progress = await get_progress(session, slug="example", now=NOW)
    assert (progress.people, progress.ratings_last_hour, progress.simulated_last_hour) == (1, 6, 4)
    assert progress.time_left == timedelta(hours=3), "6 are missing, people gave 2 in the hour"


async def test_raters_are_counted_by_status_and_by_being_at_work(
    session: AsyncSession, blobs: BlobStore
) -> None:
    await make_study(session, blobs)
    for status in (RaterStatus.ACTIVE, RaterStatus.ACTIVE, RaterStatus.EXCLUDED):
        rater_id = await make_rater(session, status=status)
    await make_sitting(session, rater_id=rater_id, rated=1, state=SittingState.ACTIVE)
    progress = await get_progress(session, slug="example", now=NOW)
    assert progress.raters == {RaterStatus.ACTIVE: 2, RaterStatus.EXCLUDED: 1}
    assert progress.rater_count == 3
    assert progress.raters_at_work == 1
    assert progress.usable_ratings == 0, "an excluded rater's ratings are not usable"


async def test_studies_are_kept_apart_and_listed_newest_first(
    session: AsyncSession, blobs: BlobStore
) -> None:
    await make_study(session, blobs, slug="first", stimuli=1)
    await make_study(session, blobs, slug="second", stimuli=2)
    await make_sitting(session, rater_id=await make_rater(session, slug="first"), slug="first")
    progress = await list_progress(session, now=NOW)
    assert [(p.slug, p.main_stimuli, p.usable_ratings) for p in progress] == [
        ("second", 2, 0),
        ("first", 1, 1),
    ]
    with pytest.raises(NotFound):
        await get_progress(session, slug="third", now=NOW)
