"""Studies: created as drafts, opened with a frozen protocol, paused, closed."""

import re
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.audit import record_event
from app.database.tables import Stimulus, Study
from app.database.tables.study import StimulusKind, StudyState
from app.errors import Conflict, InvalidInput, NotFound, Problem, WrongStudyState
from app.study.protocol import Protocol

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")

# From which states a study may come into a state.
TRANSITIONS: dict[StudyState, tuple[StudyState, ...]] = {
    StudyState.OPEN: (StudyState.DRAFT, StudyState.PAUSED),
    StudyState.PAUSED: (StudyState.OPEN,),
    StudyState.CLOSED: (StudyState.OPEN, StudyState.PAUSED),
}


async def create_study(
    session: AsyncSession, *, slug: str, title: str, protocol: Protocol, actor: str
) -> int:
    """Create a draft and return its id; raises InvalidInput or Conflict about the slug."""
    if not SLUG.fullmatch(slug) or len(slug) > 60:
        sentence = "The short name may have small letters, digits and single hyphens, 60 at most."
        raise InvalidInput(sentence, problems=[Problem("slug", sentence)])
    if not title.strip():
        sentence = "A study needs a title."
        raise InvalidInput(sentence, problems=[Problem("title", sentence)])
    taken = await session.scalar(select(Study.id).where(Study.slug == slug))
    if taken is not None:
        sentence = f"There is already a study with the short name “{slug}”."
        raise Conflict(sentence, problems=[Problem("slug", sentence)])
    created = await session.execute(
        insert(Study)
        .values(slug=slug, title=title.strip(), protocol=protocol.model_dump(mode="json"))
        .returning(Study.id)
    )
    await record_event(
        session, actor=actor, action="study_created", subject_kind="study", subject_id=slug
    )
    return created.scalar_one()


async def get_study(session: AsyncSession, *, slug: str) -> Study:
    """The study with this slug; raises NotFound."""
    study = await session.scalar(select(Study).where(Study.slug == slug))
    if study is None:
        raise NotFound("There is no study at this address.")
    return study


async def list_studies(session: AsyncSession) -> list[Study]:
    """All studies, newest first."""
    return list(await session.scalars(select(Study).order_by(Study.id.desc())))


def protocol_of(study: Study) -> Protocol:
    """The study's protocol as a validated document."""
    return Protocol.model_validate(study.protocol)


async def change_protocol(
    session: AsyncSession, *, slug: str, protocol: Protocol, actor: str
) -> None:
    """Replace a draft's protocol; raises WrongStudyState once the study has opened."""
    changed = await session.execute(
        update(Study)
        .where(Study.slug == slug, Study.state == StudyState.DRAFT)
        .values(
            protocol=protocol.model_dump(mode="json"),
            protocol_version=Study.protocol_version + 1,
        )
        .returning(Study.id)
    )
    if changed.scalar() is None:
        raise WrongStudyState("The protocol is frozen, because the study has been opened.")
    await record_event(
        session, actor=actor, action="protocol_changed", subject_kind="study", subject_id=slug
    )


async def change_state(
    session: AsyncSession, *, slug: str, to: StudyState, now: datetime, actor: str
) -> None:
    """Open, pause or close a study by compare-and-set; raises WrongStudyState if it cannot be."""
    study = await get_study(session, slug=slug)
    if to is StudyState.OPEN:
        await _check_can_open(session, study)
    stamps: dict[StudyState, dict[str, Any]] = {
        StudyState.OPEN: {"opened_at": func.coalesce(Study.opened_at, now), "closed_at": None},
        StudyState.CLOSED: {"closed_at": now},
    }
    changed = await session.execute(
        update(Study)
        .where(Study.id == study.id, Study.state.in_(TRANSITIONS.get(to, ())))
        .values(state=to, **stamps.get(to, {}))
        .returning(Study.id)
    )
    if changed.scalar() is None:
        raise WrongStudyState(f"A study that is {study.state} cannot become {to}.")
    await record_event(
        session, actor=actor, action=f"study_{to}", subject_kind="study", subject_id=slug
    )


async def count_stimuli(session: AsyncSession, *, slug: str) -> dict[StimulusKind, int]:
    """How many stimuli of each kind a study has."""
    found = await session.execute(
        select(Stimulus.kind, func.count())
        .join(Study, Study.id == Stimulus.study_id)
        .where(Study.slug == slug)
        .group_by(Stimulus.kind)
    )
    return dict.fromkeys(StimulusKind, 0) | dict(found.all())


async def _check_can_open(session: AsyncSession, study: Study) -> None:
    """A study opens with main stimuli, and with as many training ones as its protocol wants."""
    counts = await count_stimuli(session, slug=study.slug)
    wanted = protocol_of(study).sitting.training
    if not counts[StimulusKind.MAIN]:
        raise WrongStudyState("The study has no pictures yet; add some from the pool first.")
    if counts[StimulusKind.TRAINING] < wanted:
        raise WrongStudyState(f"The protocol asks for {wanted} training pictures; add them first.")
