"""The life of a study: draft, open, paused, closed; its protocol is frozen when it opens."""

import pytest
from factories import NOW, make_image, make_protocol, make_study
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from app.database.tables import AuditEvent, Stimulus
from app.database.tables.study import StimulusKind, StudyState
from app.errors import Conflict, InvalidInput, NotFound, WrongStudyState
from app.study.stimuli import add_stimuli
from app.study.studies import change_protocol, change_state, create_study, get_study, protocol_of


async def test_a_study_opens_pauses_goes_on_and_closes(session, blobs) -> None:
    await make_study(session, blobs, state=StudyState.DRAFT)
    for state in (StudyState.OPEN, StudyState.PAUSED, StudyState.OPEN, StudyState.CLOSED):
        await change_state(session, slug="example", to=state, now=NOW, actor="owner")
        session.expire_all()
        assert (await get_study(session, slug="example")).state is state
    actions = await session.scalars(select(AuditEvent.action).where(AuditEvent.actor == "owner"))
    assert list(actions) == ["study_open", "study_paused", "study_open", "study_closed"]


@pytest.mark.parametrize(
    ("state", "to"),
    [
        (StudyState.DRAFT, StudyState.PAUSED),
        (StudyState.DRAFT, StudyState.CLOSED),
        (StudyState.CLOSED, StudyState.OPEN),
        (StudyState.OPEN, StudyState.OPEN),
        (StudyState.OPEN, StudyState.DRAFT),
    ],
)
async def test_other_ways_are_refused(state, to, session, blobs) -> None:
    await make_study(session, blobs, state=state)
    with pytest.raises(WrongStudyState):
        await change_state(session, slug="example", to=to, now=NOW, actor="owner")


async def test_a_study_without_pictures_or_training_cannot_open(session, blobs) -> None:
    protocol = make_protocol(training=2)
    await create_study(session, slug="empty", title="Empty", protocol=protocol, actor="test")
    with pytest.raises(WrongStudyState, match="no pictures"):
        await change_state(session, slug="empty", to=StudyState.OPEN, now=NOW, actor="test")
    images = [await make_image(session, blobs)]
    await add_stimuli(session, slug="empty", image_ids=images, actor="test")
    with pytest.raises(WrongStudyState, match="2 training pictures"):
        await change_state(session, slug="empty", to=StudyState.OPEN, now=NOW, actor="test")


async def test_the_protocol_changes_in_a_draft_and_never_after(sessions, blobs) -> None:
    async with sessions.begin() as session:
        await make_study(session, blobs, state=StudyState.DRAFT)
        changed = make_protocol(target_ratings=9)
        await change_protocol(session, slug="example", protocol=changed, actor="test")
        session.expire_all()
        study = await get_study(session, slug="example")
        assert (protocol_of(study).target_ratings, study.protocol_version) == (9, 2)
        await change_state(session, slug="example", to=StudyState.OPEN, now=NOW, actor="test")
        with pytest.raises(WrongStudyState, match="frozen"):
            await change_protocol(session, slug="example", protocol=changed, actor="test")
    with pytest.raises(IntegrityError, match="frozen"):
        async with sessions.begin() as session:
            await session.execute(
                text("UPDATE study SET protocol = jsonb_set(protocol, '{fast_ms}', '1')")
            )


async def test_the_database_knows_the_size_of_the_scale(session, blobs) -> None:
    await make_study(session, blobs)
    study = await get_study(session, slug="example")
    assert (study.dimension_count, study.level_max) == (2, 50)


@pytest.mark.parametrize("slug", ["", "Big", "two words", "a--b", "-a", "ä", "a" * 61, "a/b"])
async def test_short_names_are_safe_in_addresses(slug, session) -> None:
    with pytest.raises(InvalidInput):
        await create_study(session, slug=slug, title="x", protocol=make_protocol(), actor="test")


async def test_two_studies_cannot_share_a_short_name(session, blobs) -> None:
    await make_study(session, blobs, slug="same")
    with pytest.raises(Conflict):
        await create_study(session, slug="same", title="x", protocol=make_protocol(), actor="test")


async def test_an_image_is_in_a_study_once_and_keeps_its_kind(session, blobs) -> None:
    await make_study(session, blobs, stimuli=2)
    images = list(await session.scalars(select(Stimulus.image_id)))
    added = await add_stimuli(
        session,
        slug="example",
        image_ids=[*images, await make_image(session, blobs)],
        kind=StimulusKind.TRAINING,
        actor="test",
    )
    assert added == 1
    kinds = await session.scalars(select(Stimulus.kind).order_by(Stimulus.id))
    assert list(kinds) == [StimulusKind.MAIN, StimulusKind.MAIN, StimulusKind.TRAINING]
    with pytest.raises(NotFound):
        await add_stimuli(session, slug="example", image_ids=[999_999], actor="test")


async def test_more_pictures_than_a_statement_has_parameters(session, blobs) -> None:
    await make_study(session, blobs, stimuli=1, state=StudyState.DRAFT)
    with pytest.raises(NotFound, match="not in the pool"):
        await add_stimuli(session, slug="example", image_ids=range(1, 70_001), actor="test")
