from typing import Any

import httpx
import pytest
from dashboard import submit
from factories import make_study
from sqlalchemy import select

from app.database.engine import SessionFactory
from app.database.tables import AuditEvent, Study
from app.database.tables.study import StudyState
from app.storage.blobs import BlobStore
from app.study.studies import protocol_of
from app.study.templates import ACR_5, quality_and_alignment
from app.web.admin.study_form import document_of, typed_of

NEW = "/dashboard/studies/new"
NAMES = {"title": "Hands & faces", "slug": "hands-and-faces"}


async def find_study(sessions: SessionFactory) -> Study | None:
    async with sessions() as session:
        return await session.scalar(select(Study))


def test_what_the_form_shows_gives_back_the_same_protocol() -> None:
    protocol = quality_and_alignment(scale=ACR_5)
    document = document_of(quality_and_alignment(), typed_of(protocol))
    assert type(protocol).model_validate(document) == protocol


async def test_a_study_is_created_as_a_draft_with_what_was_typed(
    owner: httpx.AsyncClient, sessions: SessionFactory
) -> None:
    fields = {
        **NAMES,
        "scale": "acr-5",
        "target_ratings": "17",
        "sitting.presentations": "25",
        "sitting.training": "0",
        "sitting.break_every_minutes": "7.5",
        "consent.version": "2026-11",
        "consent.text": "First line.\r\nSecond line.",
    }
    answer = await submit(owner, NEW, fields)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/dashboard/studies/hands-and-faces/stimuli")
    study = await find_study(sessions)
    assert study is not None
    assert (study.title, study.state) == ("Hands & faces", StudyState.DRAFT)
    protocol = protocol_of(study)
    assert protocol.scale == ACR_5
    assert (protocol.target_ratings, protocol.sitting.presentations) == (17, 25)
    assert protocol.sitting.break_every_minutes == 7.5
    assert protocol.consent.text == "First line.\nSecond line."
    assert protocol.instructions == quality_and_alignment().instructions, "not sent, so kept"


async def test_who_created_it_is_noted(owner: httpx.AsyncClient, sessions: SessionFactory) -> None:
    await submit(owner, NEW, NAMES)
    async with sessions() as session:
        query = select(AuditEvent.actor).where(AuditEvent.action == "study_created")
        assert await session.scalar(query) == "owner@lab.example"


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"slug": "Hands and faces"}, "small letters, digits and single hyphens"),
        ({"slug": "new"}, "cannot be used as a name"),
        ({"slug": ""}, "small letters"),
        ({"title": " "}, "A study needs a title."),
        ({"target_ratings": "many"}, "Please give a whole number."),
        ({"target_ratings": "0"}, "At least 1, please."),
        ({"target_ratings": ""}, "Please give a whole number."),
        ({"sitting.break_every_minutes": "500"}, "At most 120"),
        ({"consent.text": ""}, "Please fill this in."),
        ({"dimensions.0.question": ""}, "Please fill this in."),
    ],
)
async def test_a_refused_form_keeps_what_was_typed_and_says_beside_the_field_what_is_wrong(
    owner: httpx.AsyncClient, sessions: SessionFactory, wrong: dict[str, Any], sentence: str
) -> None:
    typed = {**NAMES, "thanks": "Many thanks from us."} | wrong
    answer = await submit(owner, NEW, typed)
    assert answer.status_code == 422
    (field,) = wrong
    problem = answer.text.split(f'id="{field}-problem"', 1)[1]
    assert sentence in problem.split("</p>", 1)[0]
    assert "Many thanks from us." in answer.text
    assert await find_study(sessions) is None


async def test_two_studies_cannot_have_one_short_name(
    owner: httpx.AsyncClient, sessions: SessionFactory, blobs: BlobStore
) -> None:
    async with sessions.begin() as session:
        await make_study(session, blobs, slug="hands-and-faces", stimuli=1)
    answer = await submit(owner, NEW, NAMES)
    assert answer.status_code == 422
    assert "already a study with the short name" in answer.text


async def test_a_draft_can_be_changed(
    owner: httpx.AsyncClient, sessions: SessionFactory, blobs: BlobStore
) -> None:
    async with sessions.begin() as session:
        await make_study(session, blobs, stimuli=1, state=StudyState.DRAFT)
    edit = "/dashboard/studies/example/edit"
    assert 'value="An example"' in (await owner.get(edit)).text
    answer = await submit(owner, edit, {"title": "Another name", "target_ratings": "3"})
    assert answer.status_code == 303
    study = await find_study(sessions)
    assert study is not None
    assert (study.title, protocol_of(study).target_ratings) == ("Another name", 3)
    refused = await submit(owner, edit, {"title": "", "target_ratings": "3"})
    assert refused.status_code == 422
    assert 'id="title-problem"' in refused.text


async def test_a_study_that_has_opened_cannot_be_changed(
    owner: httpx.AsyncClient, sessions: SessionFactory, blobs: BlobStore
) -> None:
    async with sessions.begin() as session:
        await make_study(session, blobs, stimuli=1)
    edit = "/dashboard/studies/example/edit"
    assert (await owner.get(edit)).status_code == 409
    answer = await submit(owner, "/dashboard", {"title": "Another name"}, to=edit)
    assert answer.status_code == 422
    assert "frozen" in answer.text
    study = await find_study(sessions)
    assert study is not None
    assert study.title == "An example"
