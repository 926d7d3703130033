import httpx
import pytest
from dashboard import links_of, make_rated_study, make_run, text_of
from factories import make_protocol, make_study

from app.analysis.planning import PlannedInterval, Question
from app.database.engine import SessionFactory
from app.database.tables.study import StudyState
from app.storage.blobs import BlobStore
from app.web.admin.planning_form import INTERVALS, QUESTIONS

PAGE = "/dashboard/studies/example/planning"


@pytest.fixture
async def rated(sessions: SessionFactory, blobs: BlobStore) -> None:
    """A study with ratings and a run."""
    async with sessions.begin() as session:
        await make_rated_study(session, blobs)
        await make_run(session)


def test_the_form_offers_everything_there_is() -> None:
    assert set(INTERVALS) == {interval.value for interval in PlannedInterval}
    assert set(QUESTIONS) == {question.value for question in Question}


async def test_the_page_says_what_the_study_needs(owner: httpx.AsyncClient, rated: None) -> None:
    answer = await owner.get(PAGE)
    assert answer.status_code == 200
    text = text_of(answer.text)
    assert "For an interval of ±0.625 for a picture in the middle of the scale" in text
    assert "a reliability of 0.9, each picture needs" in text
    assert "measured by run 1" in text
    assert "Every picture has the ratings that the study asks for." in text
    assert "assumed from studies" not in text
    assert PAGE in links_of((await owner.get("/dashboard/studies/example")).text)


async def test_goals_come_from_the_form_and_stand_in_it_again(
    owner: httpx.AsyncClient, sessions: SessionFactory, blobs: BlobStore
) -> None:
    async with sessions.begin() as session:
        protocol = make_protocol(target_ratings=10)
        await make_study(session, blobs, stimuli=6, protocol=protocol)
    goals = {"half_width": "0,5", "reliability": "0.8", "question": "prompt-match"}
    goals |= {"seconds_each": "30", "pay_per_hour": "12", "overhead": "20", "level": ""}
    answer = await owner.get(PAGE, params=goals)
    assert answer.status_code == 200
    text = text_of(answer.text)
    assert (
        "For an interval of ±0.5 for a picture in the middle of the scale and a reliability of 0.8"
        in text
    )
    assert "60 ratings to the target: about 30 minutes of rating" in text
    assert "38 minutes to be paid, at a cost of 8" in text
    assert 'value="prompt-match" selected' in answer.text
    assert 'name="overhead" type="text" value="20"' in answer.text


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("half_width", "wide"),
        ("half_width", "-1"),
        ("half_width", "4"),
        ("reliability", "2"),
        ("level", "95"),
        ("interval", "guess"),
        ("question", "<script>"),
        ("seconds_each", "0"),
        ("pay_per_hour", "nan"),
        ("overhead", "100"),
        ("overhead", "much"),
    ],
)
async def test_what_makes_no_sense_is_said_beside_its_field(
    owner: httpx.AsyncClient, rated: None, field: str, typed: str
) -> None:
    answer = await owner.get(PAGE, params={field: typed})
    assert answer.status_code == 422
    assert f'id="{field}-problem"' in answer.text
    assert "<script>" not in answer.text
    assert "the numbers shown are for the usual goals" in text_of(answer.text)


async def test_a_viewer_may_plan_and_a_stranger_is_sent_to_log_in(
    viewer: httpx.AsyncClient, client: httpx.AsyncClient, rated: None
) -> None:
    assert (await viewer.get(PAGE)).status_code == 200
    assert (await client.get(PAGE)).status_code in (303, 401)
    assert (await viewer.get("/dashboard/studies/nowhere/planning")).status_code == 404


async def test_a_draft_without_pictures_can_be_planned(
    owner: httpx.AsyncClient, sessions: SessionFactory, blobs: BlobStore
) -> None:
    async with sessions.begin() as session:
        await make_study(session, blobs, stimuli=0, state=StudyState.DRAFT)
    answer = await owner.get(PAGE)
    assert answer.status_code == 200
    assert "The study has no pictures yet." in text_of(answer.text)
    assert "assumed" in text_of(answer.text)
