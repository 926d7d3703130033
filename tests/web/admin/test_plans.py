import httpx
from dashboard import make_plan, submit, text_of
from factories import make_image

from app.database.engine import SessionFactory
from app.storage.blobs import BlobStore

PAGE = "/dashboard/pool/plans"


async def test_without_a_plan_the_page_says_how_to_make_one(owner: httpx.AsyncClient) -> None:
    page = await owner.get(PAGE)
    assert "No plan yet" in page.text


async def test_a_plan_shows_how_far_it_is_and_what_failed(
    owner: httpx.AsyncClient, sessions: SessionFactory, blobs: BlobStore
) -> None:
    async with sessions.begin() as session:
        await make_plan(session, await make_image(session, blobs), name="autumn & winter")
    text = text_of((await owner.get(PAGE)).text)
    assert "1 of 3 pictures rendered, 1 to come." in text
    assert "The steps must be at least 1. 1 picture" in text


async def test_what_failed_is_tried_again(
    owner: httpx.AsyncClient, sessions: SessionFactory, blobs: BlobStore
) -> None:
    async with sessions.begin() as session:
        await make_plan(session, await make_image(session, blobs), name="autumn & winter")
    answer = await submit(owner, PAGE, {"plan": "autumn & winter"}, to=f"{PAGE}/retry")
    assert answer.headers["location"] == f"{PAGE}?note=plan-retried&n=1"
    text = text_of((await owner.get(PAGE)).text)
    assert "1 of 3 pictures rendered, 2 to come." in text
    assert "What went wrong" not in text


async def test_a_plan_that_is_not_there_is_not_found(owner: httpx.AsyncClient) -> None:
    answer = await submit(owner, PAGE, {"plan": "nothing"}, to=f"{PAGE}/retry")
    assert answer.status_code == 404
