import httpx
import pytest
from dashboard import submit
from factories import make_image, make_protocol, make_study
from sqlalchemy import func, select

from app.database.engine import SessionFactory
from app.database.tables import Stimulus
from app.database.tables.study import StudyState
from app.storage.blobs import BlobStore

PAGE = "/dashboard/studies/example/stimuli"


@pytest.fixture
async def draft(sessions: SessionFactory, blobs: BlobStore) -> None:
    """A draft without pictures, and a pool of six: four of one generator, two of another."""
    async with sessions.begin() as session:
        await make_study(
            session,
            blobs,
            stimuli=0,
            protocol=make_protocol(training=0),
            state=StudyState.DRAFT,
        )
        for generator in ("model-a",) * 4 + ("model-b",) * 2:
            await make_image(session, blobs, generator=generator)


async def count_kinds(sessions: SessionFactory) -> dict[str, int]:
    async with sessions() as session:
        rows = await session.execute(select(Stimulus.kind, func.count()).group_by(Stimulus.kind))
        return {kind.value: count for kind, count in rows}


@pytest.mark.parametrize(
    ("fields", "added"),
    [
        ({}, 6),
        ({"generator": ["model-b"]}, 2),
        ({"generator": ["model-a", "model-b"], "count": "5"}, 5),
        ({"generator": ["unheard-of"]}, 0),
    ],
)
async def test_pictures_are_added_by_generator_and_number(
    owner: httpx.AsyncClient,
    sessions: SessionFactory,
    draft: None,
    fields: dict[str, object],
    added: int,
) -> None:
    answer = await submit(owner, PAGE, fields, to=f"{PAGE}/main")
    assert answer.headers["location"] == f"{PAGE}?note=main-added&n={added}"
    assert (await count_kinds(sessions)).get("main", 0) == added


async def test_training_pictures_are_found_even_when_the_whole_pool_is_to_be_rated(
    owner: httpx.AsyncClient, sessions: SessionFactory, draft: None
) -> None:
    await submit(owner, PAGE, {}, to=f"{PAGE}/main")
    await submit(owner, PAGE, {"count": "2"}, to=f"{PAGE}/training")
    assert await count_kinds(sessions) == {"main": 4, "training": 2}


async def test_a_number_that_is_none_is_refused_on_the_page(
    owner: httpx.AsyncClient, sessions: SessionFactory, draft: None
) -> None:
    for place in ("main", "training"):
        answer = await submit(owner, PAGE, {"count": "some"}, to=f"{PAGE}/{place}")
        assert answer.status_code == 422
        assert "Please give a whole number." in answer.text
    assert await count_kinds(sessions) == {}


async def test_a_draft_gives_its_pictures_back(
    owner: httpx.AsyncClient, sessions: SessionFactory, draft: None
) -> None:
    await submit(owner, PAGE, {}, to=f"{PAGE}/main")
    answer = await submit(owner, PAGE, {"kind": "main"}, to=f"{PAGE}/remove")
    assert answer.headers["location"].endswith("note=stimuli-removed&n=6")
    assert await count_kinds(sessions) == {}


async def test_a_closed_study_takes_no_more(
    owner: httpx.AsyncClient, sessions: SessionFactory, blobs: BlobStore
) -> None:
    async with sessions.begin() as session:
        await make_study(session, blobs, stimuli=1, state=StudyState.CLOSED)
        await make_image(session, blobs)
    for place, fields in (("main", {}), ("training", {"count": "1"}), ("remove", {"kind": "main"})):
        answer = await submit(owner, PAGE, fields, to=f"{PAGE}/{place}")
        assert answer.status_code == 409, place
    assert await count_kinds(sessions) == {"main": 1}


async def test_the_list_shows_each_picture_with_its_ratings(
    owner: httpx.AsyncClient, sessions: SessionFactory, draft: None
) -> None:
    await submit(owner, PAGE, {}, to=f"{PAGE}/main")
    for order in ("added", "fewest", "most"):
        page = await owner.get(f"{PAGE}?order={order}")
        assert page.text.count("/thumbnail") == 6
        assert page.text.count("0/5") == 6
    assert "None yet." in (await owner.get(f"{PAGE}?kind=training")).text
