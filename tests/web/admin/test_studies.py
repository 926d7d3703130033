import httpx
import pytest
from dashboard import text_of
from factories import make_protocol, make_study
from fastapi import FastAPI
from sitting_factory import make_rater, make_sitting

from app.database.engine import SessionFactory
from app.database.tables.study import StudyState
from app.storage.blobs import BlobStore


async def test_an_empty_house_says_what_to_do_first(owner: httpx.AsyncClient) -> None:
    page = await owner.get("/dashboard")
    assert "No study yet" in page.text
    assert "/dashboard/pool/import" in page.text
    assert "/dashboard/studies/new" in page.text


async def test_a_study_shows_where_it_stands(
    owner: httpx.AsyncClient, sessions: SessionFactory, blobs: BlobStore
) -> None:
    async with sessions.begin() as session:
        await make_study(session, blobs, stimuli=4, protocol=make_protocol(target_ratings=2))
        await make_sitting(session, rater_id=await make_rater(session))
        await make_sitting(session, rater_id=await make_rater(session), rated=1)
    text = text_of((await owner.get("/dashboard")).text)
    assert "An example open 62 % 62 % 5 of 8 usable ratings, 2 for each of 4 pictures" in text
    assert "Raters 2" in text


async def test_what_waits_for_the_experimenter_is_said_first(
    owner: httpx.AsyncClient, sessions: SessionFactory, blobs: BlobStore
) -> None:
    async with sessions.begin() as session:
        await make_study(session, blobs, stimuli=0, state=StudyState.DRAFT)
    text = text_of((await owner.get("/dashboard")).text)
    assert "Waiting for you An example It has no pictures yet." in text


@pytest.mark.parametrize("path", ["/dashboard/studies/nothing", "/dashboard/nowhere"])
async def test_an_address_without_anything_is_a_page_that_says_so(
    owner: httpx.AsyncClient, app: FastAPI, path: str
) -> None:
    answer = await owner.get(path)
    assert answer.status_code == 404
    assert "at this address" in answer.text
