import pytest
from factories import NOW, make_protocol, make_study
from sitting_factory import make_rater, make_sitting
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables import AuditEvent, Presentation, Sitting, Stimulus
from app.database.tables.rating import PresentationState, RaterStatus, SittingState
from app.errors import Conflict, InvalidInput, NotFound
from app.rating.raters import SIMULATED, exclude_rater, get_rater, list_raters, readmit_rater
from app.storage.blobs import BlobStore
from app.study.templates import ACR_5


async def counts(session: AsyncSession) -> tuple[int, int]:
    """Usable ratings and leases over all stimuli."""
    query = select(func.sum(Stimulus.usable_count), func.sum(Stimulus.leased_count))
    usable, leased = (await session.execute(query)).one()
    return int(usable), int(leased)


async def exclude(session: AsyncSession, reason: str = "Always the same score.") -> None:
    await exclude_rater(
        session,
        slug="example",
        public_code="ABC234",
        reason=reason,
        actor="owner@lab.example",
        now=NOW,
    )


async def test_statistics_are_those_of_the_ratings(session: AsyncSession, blobs: BlobStore) -> None:
    await make_study(session, blobs, stimuli=4, protocol=make_protocol(scale=ACR_5))
    rater_id = await make_rater(session, code="ABC234", source=SIMULATED)
    await make_sitting(session, rater_id=rater_id, levels=lambda p: [p % 2 * 4, 2], dwell_ms=790)
    rater = await get_rater(session, slug="example", public_code="ABC234")
    assert rater.is_simulated
    assert (rater.ratings, rater.statistics.looked_at, rater.sittings) == (4, 4, 1)
    quality, alignment = rater.statistics.scores
    assert (quality.mean, alignment.mean, alignment.sd) == (3.0, 3.0, 0.0)
    assert quality.sd == pytest.approx(2.3094, abs=1e-4)
    assert rater.statistics.median_seconds == 0.79
    assert rater.statistics.fast_share == 1.0


async def test_a_rater_without_ratings_has_no_statistics(
    session: AsyncSession, blobs: BlobStore
) -> None:
    await make_study(session, blobs, stimuli=2)
    await make_rater(session, code="ABC234")
    await make_sitting(
        session, rater_id=await make_rater(session, code="XYZ789"), rated=1, dwell_ms=None
    )
    untimed, unrated = await list_raters(session, slug="example")
    assert unrated.ratings == 0
    assert unrated.statistics.scores[0].mean is None
    assert untimed.statistics.scores[0].sd is None, "one rating has no spread"
    assert untimed.statistics.fast_share is None, "a pace that was not measured is not slow"


async def test_raters_are_listed_newest_first_by_status_and_page(
    session: AsyncSession, blobs: BlobStore
) -> None:
    await make_study(session, blobs, stimuli=1)
    for code, status in (("AAA222", RaterStatus.ACTIVE), ("BBB333", RaterStatus.EXCLUDED)):
        await make_rater(session, code=code, status=status)
    assert [r.code for r in await list_raters(session, slug="example")] == ["BBB333", "AAA222"]
    active = await list_raters(session, slug="example", status=RaterStatus.ACTIVE)
    assert [r.code for r in active] == ["AAA222"]
    assert [r.code for r in await list_raters(session, slug="example", limit=1, offset=1)] == [
        "AAA222"
    ]


async def test_an_excluded_rater_no_longer_counts_and_the_places_reopen(
    session: AsyncSession, blobs: BlobStore
) -> None:
    await make_study(session, blobs, stimuli=4)
    rater_id = await make_rater(session, code="ABC234")
    await make_sitting(session, rater_id=rater_id, rated=3, state=SittingState.ACTIVE)
    await make_sitting(session, rater_id=await make_rater(session), rated=4)
    assert await counts(session) == (7, 1)
    await exclude(session, "  Always the same score. ")
    assert await counts(session) == (4, 0)
    rater = await get_rater(session, slug="example", public_code="ABC234")
    assert (rater.status, rater.status_reason) == (RaterStatus.EXCLUDED, "Always the same score.")
    assert rater.ratings == 3, "the ratings stay"
    assert await session.scalar(select(Sitting.state).where(Sitting.rater_id == rater_id)) == (
        SittingState.EXPIRED
    )
    released = select(func.count()).where(Presentation.state == PresentationState.RELEASED)
    assert await session.scalar(released) == 1


async def test_a_readmitted_rater_counts_again(session: AsyncSession, blobs: BlobStore) -> None:
    await make_study(session, blobs, stimuli=4, protocol=make_protocol(presentations=4))
    await make_sitting(session, rater_id=await make_rater(session, code="ABC234"))
    await exclude(session)
    await readmit_rater(session, slug="example", public_code="ABC234", actor="owner@lab.example")
    rater = await get_rater(session, slug="example", public_code="ABC234")
    assert (rater.status, rater.status_reason) == (RaterStatus.COMPLETED, None)
    assert await counts(session) == (4, 0)


async def test_a_rater_readmitted_before_the_quota_may_go_on(
    session: AsyncSession, blobs: BlobStore
) -> None:
    await make_study(session, blobs, stimuli=4, protocol=make_protocol(presentations=4))
    await make_sitting(session, rater_id=await make_rater(session, code="ABC234"), rated=2)
    await exclude(session)
    await readmit_rater(session, slug="example", public_code="ABC234", actor="owner@lab.example")
    rater = await get_rater(session, slug="example", public_code="ABC234")
    assert rater.status is RaterStatus.ACTIVE


async def test_who_excluded_whom_and_why_is_kept(session: AsyncSession, blobs: BlobStore) -> None:
    await make_study(session, blobs, stimuli=1)
    await make_rater(session, code="ABC234")
    await exclude(session)
    event = await session.scalar(select(AuditEvent).where(AuditEvent.action == "rater_excluded"))
    assert event is not None
    assert (event.actor, event.subject_id) == ("owner@lab.example", "ABC234")
    assert event.detail == {"study": "example", "reason": "Always the same score."}


@pytest.mark.parametrize("status", [RaterStatus.EXCLUDED, RaterStatus.WITHDRAWN])
async def test_only_somebody_taking_part_can_be_excluded(
    session: AsyncSession, blobs: BlobStore, status: RaterStatus
) -> None:
    await make_study(session, blobs, stimuli=1)
    await make_rater(session, code="ABC234", status=status)
    with pytest.raises(Conflict, match=f"ABC234 is {status} already"):
        await exclude(session)


async def test_an_exclusion_needs_a_reason_and_a_rater(
    session: AsyncSession, blobs: BlobStore
) -> None:
    await make_study(session, blobs, stimuli=1)
    with pytest.raises(InvalidInput, match="reason"):
        await exclude(session, "   ")
    with pytest.raises(InvalidInput, match="500"):
        await exclude(session, "x" * 501)
    with pytest.raises(NotFound):
        await exclude(session)
    await make_rater(session, code="ABC234")
    with pytest.raises(Conflict, match="not excluded"):
        await readmit_rater(session, slug="example", public_code="ABC234", actor="test")
