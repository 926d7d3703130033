from datetime import timedelta

from factories import NOW, make_study
from sitting_factory import make_rater, make_sitting
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables.rating import SittingState
from app.rating.raters import SIMULATED
from app.rating.sitting_log import list_sittings
from app.storage.blobs import BlobStore


async def test_the_latest_sittings_come_first_with_how_far_they_came(
    session: AsyncSession, blobs: BlobStore
) -> None:
    study_id = await make_study(session, blobs, stimuli=3)
    old = await make_rater(session, code="ABC234")
    await make_sitting(session, rater_id=old, at=NOW - timedelta(hours=1))
    new = await make_rater(session, code="XYZ789", source=SIMULATED)
    await make_sitting(session, rater_id=new, rated=1, state=SittingState.ACTIVE)
    first, second = await list_sittings(session, study_id=study_id)
    assert (first.code, first.rated, first.planned, first.is_simulated) == ("XYZ789", 1, 3, True)
    assert (first.state, first.duration) == (SittingState.ACTIVE, timedelta(minutes=10))
    assert (second.code, second.rated) == ("ABC234", 3)
    assert len(await list_sittings(session, study_id=study_id, most=1)) == 1
    only = await list_sittings(session, study_id=study_id, public_code="ABC234")
    assert [sitting.code for sitting in only] == ["ABC234"]
