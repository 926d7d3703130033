"""Arrival: a person accepts the consent text and becomes a rater of one study."""

import secrets
import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables import Rater
from app.database.tables.study import StudyState
from app.errors import AlreadyJoined, ConsentRequired, InvalidInput, StudyNotOpen
from app.study.studies import get_study, protocol_of

# Without letters and digits that look alike; a code is read aloud and typed.
CODE_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
CODE_LENGTH = 6
LONGEST_ID = 200


async def join_study(
    session: AsyncSession,
    *,
    slug: str,
    consent_version: str,
    source: str,
    external_id: str | None,
    now: datetime,
) -> uuid.UUID:
    """Add a rater who accepted this version of the consent text; return their public id.

    Raises StudyNotOpen, ConsentRequired when another version is in force by now, and
    AlreadyJoined when this participant id has joined before: whoever knows an id does not get
    into somebody else's sitting by it.
    """
    study = await get_study(session, slug=slug)
    if study.state is not StudyState.OPEN:
        raise StudyNotOpen
    if consent_version != protocol_of(study).consent.version:
        raise ConsentRequired("The consent text has changed; please read and accept it again.")
    if external_id is not None and len(external_id) > LONGEST_ID:
        raise InvalidInput("This participant id is too long.")
    while True:
        if await _has_joined(session, study_id=study.id, source=source, external_id=external_id):
            raise AlreadyJoined
        joined = await session.execute(
            insert(Rater)
            .values(
                study_id=study.id,
                public_code=_draw_code(),
                recruitment_source=source,
                external_id=external_id,
                consent_version=consent_version,
                consented_at=now,
            )
            .on_conflict_do_nothing()
            .returning(Rater.public_id)
        )
        public_id = joined.scalar()
        if public_id is not None:
            return public_id


async def _has_joined(
    session: AsyncSession, *, study_id: int, source: str, external_id: str | None
) -> bool:
    if external_id is None:
        return False
    found = await session.scalar(
        select(Rater.id).where(
            Rater.study_id == study_id,
            Rater.recruitment_source == source,
            Rater.external_id == external_id,
        )
    )
    return found is not None


def _draw_code() -> str:
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))
