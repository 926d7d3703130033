"""Joining a study: consent to the text in force, one person per participant id."""

import asyncio

import pytest
from factories import NOW, make_study
from sqlalchemy import func, select

from app.database.tables import Rater
from app.database.tables.study import StudyState
from app.errors import AlreadyJoined, ConsentRequired, StudyNotOpen
from app.rating.arrival import join_study
from app.rating.sitting_state import StepKind


async def test_consent_is_stored_with_version_and_time(sessions, blobs, arrive) -> None:
    async with sessions.begin() as session:
        await make_study(session, blobs)
    person = await arrive()
    assert (await person.step()).kind is StepKind.INSTRUCTIONS
    async with sessions.begin() as session:
        rater = (await session.scalars(select(Rater))).one()
    assert (rater.consent_version, rater.consented_at) == ("1", NOW)
    assert len(rater.public_code) == 6


async def test_an_older_consent_text_is_not_enough(session, blobs) -> None:
    await make_study(session, blobs)
    with pytest.raises(ConsentRequired):
        await join_study(
            session, slug="example", consent_version="0", source="link", external_id=None, now=NOW
        )


@pytest.mark.parametrize("state", [StudyState.DRAFT, StudyState.PAUSED, StudyState.CLOSED])
async def test_only_an_open_study_can_be_joined(state, sessions, blobs, arrive) -> None:
    async with sessions.begin() as session:
        await make_study(session, blobs, state=state)
    with pytest.raises(StudyNotOpen):
        await arrive()


async def test_knowing_a_participant_id_lets_nobody_in(sessions, blobs, arrive) -> None:
    async with sessions.begin() as session:
        await make_study(session, blobs)
    outcomes = await asyncio.gather(
        *(arrive(external_id="p-17") for _ in range(4)), return_exceptions=True
    )
    refused = [outcome for outcome in outcomes if isinstance(outcome, AlreadyJoined)]
    assert len(refused) == 3
    async with sessions.begin() as session:
        assert await session.scalar(select(func.count()).select_from(Rater)) == 1
