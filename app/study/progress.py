"""Where each study stands: usable ratings against the target, raters, pace."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    RowMapping,
    Select,
    bindparam,
    cast,
    func,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.functions import FunctionElement

from app.database.tables import Presentation, Rater, Rating, Sitting, Stimulus, Study
from app.database.tables.rating import SIMULATED, Phase, RaterStatus, SittingState
from app.database.tables.study import StimulusKind, StudyState
from app.errors import NotFound

PACE_WINDOW = timedelta(hours=1)
# A rater seen this recently counts as being at work.
AT_WORK = timedelta(minutes=5)


@dataclass(frozen=True)
class StudyProgress:
    """Where one study stands; ratings are the usable ones, of active and completed raters.

    ``people`` are the raters who are no programs, whatever became of them.
    """

    study_id: int
    slug: str
    title: str
    state: StudyState
    created_at: datetime
    target_ratings: int
    training_wanted: int
    main_stimuli: int = 0
    training_stimuli: int = 0
    stimuli_at_target: int = 0
    usable_ratings: int = 0
    ratings_towards_target: int = 0
    places_leased: int = 0
    ratings_last_hour: int = 0
    simulated_last_hour: int = 0
    raters: Mapping[RaterStatus, int] = field(default_factory=dict)
    people: int = 0
    raters_at_work: int = 0

    @property
    def ratings_wanted(self) -> int:
        """Usable ratings at which every stimulus has reached its target."""
        return self.main_stimuli * self.target_ratings

    @property
    def share(self) -> float:
        """Part of the ratings wanted that is there, 0 to 1; surplus on one never fills another."""
        return self.ratings_towards_target / self.ratings_wanted if self.ratings_wanted else 0.0

    @property
    def is_complete(self) -> bool:
        """Whether every stimulus has its ratings."""
        return self.main_stimuli > 0 and self.stimuli_at_target == self.main_stimuli

    @property
    def rater_count(self) -> int:
        """Everybody who ever joined, whatever became of them."""
        return sum(self.raters.values())

    @property
    def time_left(self) -> timedelta | None:
        """Time to the target at the pace of the last hour; None when nobody has rated in it.

        Once people take part, only their pace counts: programs rate as fast as they are let.
        """
        missing = self.ratings_wanted - self.ratings_towards_target
        pace = self.ratings_last_hour - (self.simulated_last_hour if self.people else 0)
        if not pace or missing <= 0:
            return None
        return PACE_WINDOW * (missing / pace)


async def list_progress(session: AsyncSession, *, now: datetime) -> list[StudyProgress]:
    """Where all studies stand, newest first, in four queries however many there are."""
    return await _progress(session, now=now)


async def get_progress(session: AsyncSession, *, slug: str, now: datetime) -> StudyProgress:
    """Where one study stands; raises NotFound."""
    found = await _progress(session, now=now, slug=slug)
    if not found:
        raise NotFound("There is no study at this address.")
    return found[0]


async def list_usable_histogram(session: AsyncSession, *, study_id: int) -> list[tuple[int, int]]:
    """How many main stimuli have 0, 1, 2 … usable ratings, without gaps up to the most."""
    query = (
        select(Stimulus.usable_count, func.count().label("stimuli"))
        .where(Stimulus.study_id == study_id, Stimulus.kind == StimulusKind.MAIN)
        .group_by(Stimulus.usable_count)
    )
    counts = {row.usable_count: row.stimuli for row in await session.execute(query)}
    return [(usable, counts.get(usable, 0)) for usable in range(max(counts, default=-1) + 1)]


async def _progress(
    session: AsyncSession, *, now: datetime, slug: str | None = None
) -> list[StudyProgress]:
    """One query each for studies with stimuli, raters, raters at work, and pace."""

    async def rows(query: Select[*tuple[Any, ...]], **parameters: object) -> Sequence[RowMapping]:
        chosen = query if slug is None else query.where(Study.slug == slug)
        return (await session.execute(chosen, parameters)).mappings().all()

    studies = await rows(_STUDIES)
    raters: dict[int, dict[RaterStatus, int]] = {}
    people: dict[int, int] = {}
    for row in await rows(_RATERS):
        raters.setdefault(row["study_id"], {})[row["status"]] = row["raters"]
        people[row["study_id"]] = people.get(row["study_id"], 0) + row["people"]
    at_work = {row["study_id"]: row["raters"] for row in await rows(_AT_WORK, since=now - AT_WORK)}
    pace = {row["study_id"]: dict(row) for row in await rows(_PACE, since=now - PACE_WINDOW)}
    return [
        StudyProgress(
            **study,
            raters=raters.get(study["study_id"], {}),
            raters_at_work=at_work.get(study["study_id"], 0),
            people=people.get(study["study_id"], 0),
            ratings_last_hour=pace.get(study["study_id"], _NONE)["ratings"],
            simulated_last_hour=pace.get(study["study_id"], _NONE)["simulated"],
        )
        for study in studies
    ]


_NONE = {"ratings": 0, "simulated": 0}
_TARGET = cast(Study.protocol["target_ratings"].astext, Integer)
_TRAINING = cast(Study.protocol["sitting"]["training"].astext, Integer)
_IS_MAIN = Stimulus.kind == StimulusKind.MAIN


def _over_main(aggregate: FunctionElement[int]) -> ColumnElement[int]:
    # A sum of bigint is numeric in PostgreSQL; these sums are far from needing that.
    return cast(func.coalesce(aggregate.filter(_IS_MAIN), 0), BigInteger)


_STUDIES = (
    select(
        Study.id.label("study_id"),
        Study.slug,
        Study.title,
        Study.state,
        Study.created_at,
        _TARGET.label("target_ratings"),
        _TRAINING.label("training_wanted"),
        _over_main(func.count(Stimulus.id)).label("main_stimuli"),
        func.count(Stimulus.id)
        .filter(Stimulus.kind == StimulusKind.TRAINING)
        .label("training_stimuli"),
        func.count(Stimulus.id)
        .filter(_IS_MAIN, Stimulus.usable_count >= _TARGET)
        .label("stimuli_at_target"),
        _over_main(func.sum(Stimulus.usable_count)).label("usable_ratings"),
        _over_main(func.sum(func.least(Stimulus.usable_count, _TARGET))).label(
            "ratings_towards_target"
        ),
        _over_main(func.sum(Stimulus.leased_count)).label("places_leased"),
    )
    .outerjoin(Stimulus, Stimulus.study_id == Study.id)
    .group_by(Study.id)
    .order_by(Study.id.desc())
)
_RATERS = (
    select(
        Rater.study_id,
        Rater.status,
        func.count().label("raters"),
        func.count().filter(Rater.recruitment_source != SIMULATED).label("people"),
    )
    .join(Study, Study.id == Rater.study_id)
    .group_by(Rater.study_id, Rater.status)
)
_AT_WORK = (
    select(Rater.study_id, func.count(Rater.id.distinct()).label("raters"))
    .join(Study, Study.id == Rater.study_id)
    .join(Sitting, Sitting.rater_id == Rater.id)
    .where(Sitting.state == SittingState.ACTIVE, Sitting.last_seen_at >= bindparam("since"))
    .group_by(Rater.study_id)
)
# A sitting is seen at least as late as its last rating, so only sittings seen in the window are
# looked into: their presentations come from the index on (sitting_id, position), the ratings from
# the one on current ratings, whatever the number of older ones.
_PACE = (
    select(
        Rater.study_id,
        func.count(Rating.id).label("ratings"),
        func.count(Rating.id).filter(Rater.recruitment_source == SIMULATED).label("simulated"),
    )
    .join(Study, Study.id == Rater.study_id)
    .join(Sitting, Sitting.rater_id == Rater.id)
    .join(Presentation, Presentation.sitting_id == Sitting.id)
    .join(Rating, Rating.presentation_id == Presentation.id)
    .where(
        Rater.status.in_((RaterStatus.ACTIVE, RaterStatus.COMPLETED)),
        Sitting.last_seen_at >= bindparam("since"),
        Presentation.phase == Phase.MAIN,
        Rating.superseded_at.is_(None),
        Rating.created_at >= bindparam("since"),
    )
    .group_by(Rater.study_id)
)
