import pytest
from factories import make_protocol, make_study
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables import Stimulus
from app.database.tables.study import StimulusKind, StudyState
from app.errors import InvalidInput, WrongStudyState
from app.storage.blobs import BlobStore
from app.study.drafts import change_draft, remove_stimuli
from app.study.studies import get_study, protocol_of


async def test_a_draft_takes_another_title_and_protocol(
    session: AsyncSession, blobs: BlobStore
) -> None:
    await make_study(session, blobs, stimuli=1, state=StudyState.DRAFT)
    protocol = make_protocol(target_ratings=3)
    await change_draft(session, slug="example", title=" New ", protocol=protocol, actor="test")
    study = await get_study(session, slug="example")
    await session.refresh(study)
    assert (study.title, protocol_of(study)) == ("New", protocol)


async def test_a_draft_needs_a_title(session: AsyncSession, blobs: BlobStore) -> None:
    await make_study(session, blobs, stimuli=1, state=StudyState.DRAFT)
    with pytest.raises(InvalidInput, match="needs a title"):
        await change_draft(
            session, slug="example", title="  ", protocol=make_protocol(), actor="test"
        )


async def test_an_open_study_is_no_draft(session: AsyncSession, blobs: BlobStore) -> None:
    await make_study(session, blobs, stimuli=1)
    with pytest.raises(WrongStudyState, match="frozen"):
        await change_draft(
            session, slug="example", title="New", protocol=make_protocol(), actor="test"
        )
    with pytest.raises(WrongStudyState, match="draft"):
        await remove_stimuli(session, slug="example", kind=StimulusKind.MAIN, actor="test")


async def test_pictures_of_one_kind_are_taken_out(session: AsyncSession, blobs: BlobStore) -> None:
    protocol = make_protocol(training=2)
    await make_study(session, blobs, stimuli=3, protocol=protocol, state=StudyState.DRAFT)
    removed = await remove_stimuli(session, slug="example", kind=StimulusKind.MAIN, actor="test")
    assert removed == 3
    kinds = await session.execute(select(Stimulus.kind, func.count()).group_by(Stimulus.kind))
    assert [tuple(row) for row in kinds] == [(StimulusKind.TRAINING, 2)]
