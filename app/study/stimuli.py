"""Stimuli: images of the pool that a study shows."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.arrays import is_one_of
from app.database.audit import record_event
from app.database.tables import Image, Stimulus
from app.database.tables.study import StimulusKind, StudyState
from app.errors import NotFound, WrongStudyState
from app.study.studies import get_study


async def add_stimuli(
    session: AsyncSession,
    *,
    slug: str,
    image_ids: Sequence[int],
    kind: StimulusKind = StimulusKind.MAIN,
    actor: str,
) -> int:
    """Add images to a study that is not closed; return how many were new.

    An image already in the study keeps its kind, so that a training picture never becomes a
    main one.  Raises WrongStudyState for a closed study and NotFound for an unknown image.
    """
    study = await get_study(session, slug=slug)
    if study.state is StudyState.CLOSED:
        raise WrongStudyState("The study is closed; no pictures can be added.")
    known = await session.scalar(
        select(func.count()).select_from(Image).where(is_one_of(Image.id, image_ids))
    )
    if known != len(set(image_ids)):
        raise NotFound("Some of these pictures are not in the pool.")
    if not image_ids:
        return 0
    rows = [{"study_id": study.id, "image_id": image_id, "kind": kind} for image_id in image_ids]
    added = 0
    for start in range(0, len(rows), 5000):
        result = await session.execute(
            insert(Stimulus)
            .values(rows[start : start + 5000])
            .on_conflict_do_nothing()
            .returning(Stimulus.id)
        )
        added += len(result.all())
    await record_event(
        session,
        actor=actor,
        action="stimuli_added",
        subject_kind="study",
        subject_id=slug,
        detail={"kind": kind, "count": added},
    )
    return added


async def count_usable_ratings(session: AsyncSession, *, study_id: int) -> int:
    """Current main ratings of raters who are not left out."""
    query = select(func.coalesce(func.sum(Stimulus.usable_count), 0)).where(
        Stimulus.study_id == study_id, Stimulus.kind == StimulusKind.MAIN
    )
    return int(await session.scalar(query) or 0)
