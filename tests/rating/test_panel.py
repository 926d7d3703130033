from factories import make_study
from sitting_factory import make_rater, make_sitting
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables.rating import RaterStatus
from app.rating.panel import list_beside_panel
from app.storage.blobs import BlobStore


async def test_a_score_stands_beside_the_mean_of_the_other_usable_raters(
    session: AsyncSession, blobs: BlobStore
) -> None:
    await make_study(session, blobs, stimuli=2)
    await make_sitting(
        session, rater_id=await make_rater(session, code="ABC234"), levels=lambda _: [50, 10]
    )
    for level in (10, 20):
        await make_sitting(
            session, rater_id=await make_rater(session), levels=lambda _, v=level: [v, 0], rated=1
        )
    excluded = await make_rater(session, status=RaterStatus.EXCLUDED)
    await make_sitting(session, rater_id=excluded)
    (beside,) = await list_beside_panel(session, slug="example", public_code="ABC234")
    assert beside.own == (5.0, 1.0)
    assert beside.others == (1.5, 0.0)
    assert beside.other_raters == 2


async def test_of_many_stimuli_the_same_few_are_taken(
    session: AsyncSession, blobs: BlobStore
) -> None:
    await make_study(session, blobs, stimuli=8)
    for code in ("ABC234", "XYZ789"):
        await make_sitting(session, rater_id=await make_rater(session, code=code))
    first, second = [
        await list_beside_panel(session, slug="example", public_code="ABC234", most=3)
        for _ in range(2)
    ]
    assert len(first) == 3
    assert first == second
