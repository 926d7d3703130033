import httpx
import pytest
from dashboard import make_rated_study, make_run, submit, text_of
from factories import make_study
from sitting_factory import make_rater, make_sitting
from sqlalchemy import func, select

from app.database.engine import SessionFactory
from app.database.tables import Rater, Stimulus
from app.database.tables.rating import RaterStatus
from app.storage.blobs import BlobStore

PAGE = "/dashboard/studies/example/raters"


@pytest.fixture
async def rated(sessions: SessionFactory, blobs: BlobStore) -> None:
    """Three raters who agree and one who always gives the same score, analysed."""
    async with sessions.begin() as session:
        await make_rated_study(session, blobs)
        await make_run(session)


async def status_of(sessions: SessionFactory, code: str) -> tuple[RaterStatus, str | None, int]:
    """Status, reason, and the usable ratings of all stimuli."""
    async with sessions() as session:
        rater = await session.scalar(select(Rater).where(Rater.public_code == code))
        usable = await session.scalar(select(func.sum(Stimulus.usable_count)))
        assert rater is not None
        return rater.status, rater.status_reason, int(usable or 0)


async def test_a_study_without_raters_says_how_to_get_some(
    owner: httpx.AsyncClient, sessions: SessionFactory, blobs: BlobStore
) -> None:
    async with sessions.begin() as session:
        await make_study(session, blobs, stimuli=1)
    page = await owner.get(PAGE)
    assert "Nobody has joined yet" in page.text
    assert "beholder simulate example" in page.text


async def test_before_any_run_there_is_no_verdict(
    owner: httpx.AsyncClient, sessions: SessionFactory, blobs: BlobStore
) -> None:
    async with sessions.begin() as session:
        await make_study(session, blobs, stimuli=2)
        await make_sitting(session, rater_id=await make_rater(session, code="ABC234"))
    assert "There is no verdict yet" in (await owner.get(PAGE)).text
    assert "No analysis has been run yet" in (await owner.get(f"{PAGE}/ABC234")).text


async def test_the_table_tells_programs_from_people_and_the_rejected_from_the_kept(
    owner: httpx.AsyncClient, rated: None
) -> None:
    page = (await owner.get(PAGE)).text
    assert page.count("simulated") == 1
    text = text_of(page)
    assert "SAME22 simulated active rejected variation 24 2.50 ± 0.00" in text
    assert "GOOD2A link active kept 24" in text


async def test_raters_of_one_status_can_be_looked_at(owner: httpx.AsyncClient, rated: None) -> None:
    page = (await owner.get(f"{PAGE}?status=excluded")).text
    assert "No rater is excluded." in page
    assert (await owner.get(f"{PAGE}?status=banana")).status_code == 422


async def test_a_rater_s_page_says_in_words_what_each_check_found(
    owner: httpx.AsyncClient, rated: None
) -> None:
    page = (await owner.get(f"{PAGE}/SAME22")).text
    assert "Gave the same score to all 24 stimuli." in page
    assert text_of(page).count("rejects") == 4, "two checks that reject, in two dimensions"
    assert page.count("<circle") >= 48, "a mark for each picture and dimension"
    assert "/dashboard/pool/images/" in page


async def test_an_exclusion_counts_at_once_and_can_be_taken_back(
    owner: httpx.AsyncClient, sessions: SessionFactory, rated: None
) -> None:
    one = f"{PAGE}/SAME22"
    answer = await submit(owner, one, {"reason": "Never looks."}, to=f"{one}/exclude")
    assert answer.status_code == 303
    assert await status_of(sessions, "SAME22") == (RaterStatus.EXCLUDED, "Never looks.", 72)
    page = (await owner.get(one)).text
    assert "Never looks." in page
    await submit(owner, one, {}, to=f"{one}/readmit")
    assert await status_of(sessions, "SAME22") == (RaterStatus.COMPLETED, None, 96)


async def test_an_exclusion_without_a_reason_is_refused(
    owner: httpx.AsyncClient, sessions: SessionFactory, rated: None
) -> None:
    one = f"{PAGE}/SAME22"
    answer = await submit(owner, one, {"reason": "  "}, to=f"{one}/exclude")
    assert answer.status_code == 422
    assert "Please give a reason" in answer.text
    long = "x" * 501
    answer = await submit(owner, one, {"reason": long}, to=f"{one}/exclude")
    assert answer.status_code == 422
    assert long in answer.text, "what was typed is kept"
    assert (await status_of(sessions, "SAME22"))[0] is RaterStatus.ACTIVE


async def test_what_is_done_already_is_said_so(owner: httpx.AsyncClient, rated: None) -> None:
    one = f"{PAGE}/GOOD2A"
    answer = await submit(owner, one, {}, to=f"{one}/readmit")
    assert answer.status_code == 409
    assert "is not excluded" in answer.text


async def test_a_code_of_nobody_is_not_found(owner: httpx.AsyncClient, rated: None) -> None:
    assert (await owner.get(f"{PAGE}/NOBODY")).status_code == 404
