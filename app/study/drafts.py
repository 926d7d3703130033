"""Drafts: what may still be changed before a study opens, besides its protocol."""

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.audit import record_event
from app.database.tables import Stimulus, Study
from app.database.tables.study import StimulusKind, StudyState
from app.errors import InvalidInput, Problem, WrongStudyState
from app.study.protocol import Protocol
from app.study.studies import change_protocol, get_study


async def change_draft(
    session: AsyncSession, *, slug: str, title: str, protocol: Protocol, actor: str
) -> None:
    """Give a draft another title and protocol; raises WrongStudyState once it has opened."""
    title = title.strip()
    if not title:
        raise InvalidInput(
            "A study needs a title.", problems=[Problem("title", "Please fill this in.")]
        )
    await change_protocol(session, slug=slug, protocol=protocol, actor=actor)
    await session.execute(update(Study).where(Study.slug == slug).values(title=title))


async def remove_stimuli(
    session: AsyncSession, *, slug: str, kind: StimulusKind, actor: str
) -> int:
    """Take all pictures of one kind out of a draft; return how many there were."""
    study = await get_study(session, slug=slug)
    if study.state is not StudyState.DRAFT:
        raise WrongStudyState("Pictures can only be taken out while the study is a draft.")
    removed = await session.scalars(
        delete(Stimulus)
        .where(Stimulus.study_id == study.id, Stimulus.kind == kind)
        .returning(Stimulus.id)
    )
    count = len(removed.all())
    await record_event(
        session,
        actor=actor,
        action="stimuli_removed",
        subject_kind="study",
        subject_id=slug,
        detail={"kind": kind, "count": count},
    )
    return count
