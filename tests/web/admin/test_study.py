import httpx
import pytest
from dashboard import submit, text_of
from factories import make_protocol, make_study
from sitting_factory import make_rater, make_sitting
from sqlalchemy import select

from app.database.engine import SessionFactory
from app.database.tables import Study
from app.database.tables.rating import RaterStatus
from app.database.tables.study import StudyState
from app.settings import Settings
from app.storage.blobs import BlobStore

PAGE = "/dashboard/studies/example"


async def state_of(sessions: SessionFactory) -> StudyState | None:
    async with sessions() as session:
        return await session.scalar(select(Study.state))


@pytest.mark.parametrize(
    ("state", "offered"),
    [
        (StudyState.DRAFT, {"open"}),
        (StudyState.OPEN, {"paused", "closed"}),
        (StudyState.PAUSED, {"open", "closed"}),
        (StudyState.CLOSED, set()),
    ],
)
async def test_each_state_offers_what_can_follow_and_it_works(
    owner: httpx.AsyncClient,
    sessions: SessionFactory,
    blobs: BlobStore,
    state: StudyState,
    offered: set[str],
) -> None:
    async with sessions.begin() as session:
        await make_study(session, blobs, stimuli=1, state=state)
    page = (await owner.get(PAGE)).text
    assert {to for to in StudyState if f'name="to" value="{to}"' in page} == offered
    for to in sorted(offered)[:1]:
        answer = await submit(owner, PAGE, {"to": to}, to=f"{PAGE}/state")
        assert answer.status_code == 303
        assert await state_of(sessions) == to
        assert "notice good" in (await owner.get(answer.headers["location"])).text


async def test_what_cannot_be_done_is_explained_on_the_page(
    owner: httpx.AsyncClient, sessions: SessionFactory, blobs: BlobStore
) -> None:
    async with sessions.begin() as session:
        await make_study(session, blobs, stimuli=0, state=StudyState.DRAFT)
    answer = await submit(owner, PAGE, {"to": "open"}, to=f"{PAGE}/state")
    assert answer.status_code == 409
    assert "The study has no pictures yet" in answer.text
    assert await state_of(sessions) is StudyState.DRAFT
    nonsense = await submit(owner, PAGE, {"to": "banana"}, to=f"{PAGE}/state")
    assert nonsense.status_code == 422


async def test_the_numbers_are_those_of_the_database(
    owner: httpx.AsyncClient, sessions: SessionFactory, blobs: BlobStore
) -> None:
    async with sessions.begin() as session:
        await make_study(session, blobs, stimuli=4, protocol=make_protocol(target_ratings=2))
        await make_sitting(session, rater_id=await make_rater(session, code="ABC234"))
        excluded = await make_rater(session, status=RaterStatus.EXCLUDED)
        await make_sitting(session, rater_id=excluded)
    page = (await owner.get(PAGE)).text
    text = text_of(page)
    assert "4 of 8 usable ratings. 0 of 4 pictures have all 2." in text
    assert "4 pictures with 1 usable rating" in page
    assert "active 1 completed 0 excluded 1 withdrawn 0" in text
    assert "ABC234" in text


async def test_the_link_for_raters_is_the_one_people_reach(
    owner: httpx.AsyncClient, sessions: SessionFactory, blobs: BlobStore, settings: Settings
) -> None:
    async with sessions.begin() as session:
        await make_study(session, blobs, stimuli=1)
    page = (await owner.get(PAGE)).text
    assert f'value="{settings.base_url}/rate/example"' in page
    assert (await owner.get("/rate/example")).status_code == 200
