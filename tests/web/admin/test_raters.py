import httpx
import pytest
from dashboard import make_rated_study, make_run, submit, text_of
from factories import make_study
from sitting_factory import make_rater, make_sitting
from sqlalchemy import func, select

from app.database.engine import SessionFactory
from app.database.tables import AnalysisRun, Rater, Stimulus
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
    assert "SAME22 simulated active proposed rejected variation 24 2.50 ± 0.00" in text
    assert "GOOD2A link active kept 24" in text


async def test_what_each_check_would_do_stands_in_sentences(
    owner: httpx.AsyncClient, rated: None
) -> None:
    text = text_of((await owner.get(PAGE)).text)
    assert "Variation rejects 1 of 4 raters." in text
    assert "BT.500 would reject nobody." in text
    assert "Controls could judge nobody." in text


@pytest.mark.parametrize(
    ("screening", "codes"),
    [("proposed", {"SAME22"}), ("kept", {"GOOD2A", "GOOD3A", "GOOD4A"}), ("overruled", set())],
)
async def test_raters_can_be_chosen_by_what_the_screening_made_of_them(
    owner: httpx.AsyncClient, rated: None, screening: str, codes: set[str]
) -> None:
    page = (await owner.get(f"{PAGE}?screening={screening}")).text
    shown = {code for code in ("SAME22", "GOOD2A", "GOOD3A", "GOOD4A") if f"/{code}" in page}
    assert shown == codes
    both = (await owner.get(f"{PAGE}?screening={screening}&status=withdrawn")).text
    assert "There is no such rater." in both
    assert (await owner.get(f"{PAGE}?screening=banana")).status_code == 422


async def test_raters_of_one_status_can_be_looked_at(owner: httpx.AsyncClient, rated: None) -> None:
    page = (await owner.get(f"{PAGE}?status=excluded")).text
    assert "No rater is excluded." in page
    assert (await owner.get(f"{PAGE}?status=banana")).status_code == 422


async def test_a_rater_s_page_says_in_words_what_each_check_found(
    owner: httpx.AsyncClient, rated: None
) -> None:
    page = (await owner.get(f"{PAGE}/SAME22")).text
    assert "Gave the same score to all 24 stimuli." in page
    rejects = "three checks that reject, in two dimensions, and pace in all at once"
    assert text_of(page).count(" rejects ") == 7, rejects
    assert "The checks propose to reject this rater" in text_of(page)
    assert "scores used 1" in text_of(page)
    assert "nobody has decided yet" in page
    assert "Bias quality" in text_of(page)
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


async def decide(
    client: httpx.AsyncClient, what: str, reason: str = "Looked at the scores."
) -> httpx.Response:
    one = f"{PAGE}/SAME22"
    return await submit(client, one, {"reason": reason}, to=f"{one}/{what}")


async def test_a_proposal_can_be_overruled_confirmed_and_left_to_the_checks_again(
    owner: httpx.AsyncClient, rated: None
) -> None:
    answer = await decide(owner, "overrule", "An expert, and all pictures are alike.")
    assert answer.status_code == 303
    page = text_of((await owner.get(f"{PAGE}/SAME22")).text)
    assert "proposal overruled" in page
    assert "An expert, and all pictures are alike." in page
    assert "Run 1 was made before this decision." in page
    assert "Overrule the proposal" not in page
    listed = text_of((await owner.get(PAGE)).text)
    assert "SAME22 simulated active overruled new rejected variation" in listed
    await decide(owner, "confirm")
    assert "rejection confirmed" in text_of((await owner.get(f"{PAGE}/SAME22")).text)
    await decide(owner, "take-back")
    page = text_of((await owner.get(f"{PAGE}/SAME22")).text)
    assert "nobody has decided yet" in page
    assert "Decision taken back" in page
    assert "Not in the results yet" not in page
    assert page.index("Decision taken back") < page.index("Rejection confirmed")


@pytest.mark.parametrize("what", ["confirm", "overrule"])
async def test_a_decision_without_a_reason_is_refused_and_what_was_typed_is_kept(
    owner: httpx.AsyncClient, rated: None, what: str
) -> None:
    answer = await decide(owner, what, " x ")
    assert answer.status_code == 422
    assert "Please give a reason" in answer.text
    long = "y" * 501
    answer = await decide(owner, what, long)
    assert answer.status_code == 422
    assert long in answer.text
    assert f'id="reason-{what}"' in answer.text


async def test_what_cannot_be_decided_is_said_so(owner: httpx.AsyncClient, rated: None) -> None:
    one = f"{PAGE}/GOOD2A"
    answer = await submit(owner, one, {"reason": "Strange."}, to=f"{one}/confirm")
    assert answer.status_code == 409
    assert "does not propose to reject rater GOOD2A" in answer.text
    answer = await submit(owner, one, {}, to=f"{one}/take-back")
    assert answer.status_code == 409


async def test_decisions_are_for_owners(
    owner: httpx.AsyncClient, viewer: httpx.AsyncClient, rated: None
) -> None:
    page = (await viewer.get(f"{PAGE}/SAME22")).text
    assert "Overrule the proposal" not in page
    assert "Analyse again" not in (await viewer.get(PAGE)).text
    for what in ("confirm", "overrule", "take-back"):
        answer = await decide(viewer, what)
        assert answer.status_code == 403


async def test_the_analysis_can_be_made_again_with_the_decisions(
    owner: httpx.AsyncClient, sessions: SessionFactory, rated: None
) -> None:
    await decide(owner, "overrule")
    again = "/dashboard/studies/example/raters-analysis"
    answer = await submit(owner, PAGE, {}, to=again)
    assert answer.status_code == 303
    # Not to the newest finished run, which does not know of the decision yet.
    assert answer.headers["location"].startswith("/dashboard/studies/example/results/runs/2")
    async with sessions() as session:
        run = await session.scalar(select(AnalysisRun).order_by(AnalysisRun.id.desc()).limit(1))
        same = await session.scalar(select(Rater.id).where(Rater.public_code == "SAME22"))
    assert run is not None
    assert (run.id, run.configuration["overruled"]) == (2, [str(same)])
