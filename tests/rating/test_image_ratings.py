from factories import make_study
from sitting_factory import make_rater, make_sitting
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables import Stimulus
from app.database.tables.rating import RaterStatus
from app.rating.image_ratings import list_image_ratings
from app.rating.raters import SIMULATED
from app.storage.blobs import BlobStore
from app.study.stimuli import add_stimuli


async def test_a_picture_has_its_ratings_of_all_studies_with_who_gave_them(
    session: AsyncSession, blobs: BlobStore
) -> None:
    await make_study(session, blobs, stimuli=1)
    image_id = await session.scalar(select(Stimulus.image_id))
    assert image_id is not None
    await make_study(session, blobs, slug="second", stimuli=1)
    await add_stimuli(session, slug="second", image_ids=[image_id], actor="test")
    await make_sitting(
        session,
        rater_id=await make_rater(session, code="ABC234", status=RaterStatus.EXCLUDED),
        levels=lambda _: [50, 1],
        dwell_ms=1234,
    )
    program = await make_rater(session, slug="second", code="XYZ789", source=SIMULATED)
    await make_sitting(session, rater_id=program, slug="second")
    first, second = await list_image_ratings(session, image_id=image_id)
    assert (first.study_slug, first.code, first.status) == (
        "example",
        "ABC234",
        RaterStatus.EXCLUDED,
    )
    assert first.scores == (("Quality", "5.0"), ("Alignment", "0.1"))
    assert (first.dwell_ms, first.is_simulated, first.is_training) == (1234, False, False)
    assert (second.study_slug, second.code, second.is_simulated) == ("second", "XYZ789", True)


async def test_a_picture_that_nobody_rated_has_none(
    session: AsyncSession, blobs: BlobStore
) -> None:
    await make_study(session, blobs, stimuli=1)
    assert await list_image_ratings(session, image_id=1) == []
