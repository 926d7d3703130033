"""Raters and ratings put straight into the tables, as the rating room would have left them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

import numpy as np
from factories import NOW, make_protocol, make_study
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.analysis.matrix import RatingMatrix
from app.database.tables import Presentation, Rater, Rating, Sitting, Stimulus
from app.database.tables.rating import (
    Phase,
    PresentationState,
    RaterStatus,
    SittingState,
)
from app.database.tables.study import StimulusKind
from app.storage.blobs import BlobStore
from app.study.protocol import Protocol

SLUG = "example"
STARTED = NOW - timedelta(days=1)
SECONDS_EACH = 10

Levels = Sequence[int]


@dataclass
class Panel:
    """A study with stimuli, to which raters and their ratings are added."""

    session: AsyncSession
    study_id: int
    stimuli: list[int]
    training: list[int]
    slug: str = SLUG
    _numbers: count = field(default_factory=lambda: count(1))

    async def add_rater(
        self,
        levels: Mapping[int, Levels],
        *,
        status: RaterStatus = RaterStatus.COMPLETED,
        phase: Phase = Phase.MAIN,
        dwell_ms: int | None = 3000,
        code: str | None = None,
    ) -> int:
        """A rater who gave these levels, by stimulus id, in this order, in one sitting."""
        number = next(self._numbers)
        rater_id = await self._insert(
            Rater,
            study_id=self.study_id,
            public_code=code or f"rater-{number:02}",
            recruitment_source="link",
            consent_version="1",
            consented_at=STARTED,
            status=status,
        )
        await self.add_sitting(rater_id, levels, phase=phase, dwell_ms=dwell_ms)
        return rater_id

    async def add_sitting(
        self,
        rater_id: int,
        levels: Mapping[int, Levels],
        *,
        phase: Phase = Phase.MAIN,
        dwell_ms: int | None = 3000,
        repetition: int = 0,
    ) -> None:
        """The rater's next sitting, with these ratings in this order, ten seconds for each."""
        known = await self.session.scalars(select(Sitting.id).where(Sitting.rater_id == rater_id))
        number = len(known.all()) + 1
        started = STARTED + timedelta(hours=number)
        sitting_id = await self._insert(
            Sitting,
            rater_id=rater_id,
            number=number,
            seed=number,
            state=SittingState.FINISHED,
            started_at=started,
            stretch_started_at=started,
            last_seen_at=started,
            lease_expires_at=started,
            finished_at=started,
        )
        if not levels:
            return
        shown = await self.session.execute(
            insert(Presentation).returning(Presentation.id, sort_by_parameter_order=True),
            [
                {
                    "sitting_id": sitting_id,
                    "rater_id": rater_id,
                    "stimulus_id": stimulus_id,
                    "phase": phase,
                    "repetition": repetition,
                    "position": position,
                    "state": PresentationState.RATED,
                }
                for position, stimulus_id in enumerate(levels)
            ],
        )
        rows = zip(shown.scalars().all(), levels.values(), strict=True)
        await self.session.execute(
            insert(Rating),
            [
                {
                    "presentation_id": presentation_id,
                    "revision": 1,
                    "levels": list(given),
                    "dwell_ms": dwell_ms,
                    "created_at": started + timedelta(seconds=SECONDS_EACH * (place + 1)),
                }
                for place, (presentation_id, given) in enumerate(rows)
            ],
        )

    async def correct(
        self, rater_id: int, stimulus_id: int, levels: Levels, *, repetition: int = 0
    ) -> None:
        """The rater's next revision of this rating, a minute after the last."""
        last = (
            await self.session.execute(
                select(Rating.id, Rating.presentation_id, Rating.revision, Rating.created_at)
                .join(Presentation, Presentation.id == Rating.presentation_id)
                .where(Presentation.rater_id == rater_id, Presentation.stimulus_id == stimulus_id)
                .where(Presentation.repetition == repetition, Rating.superseded_at.is_(None))
            )
        ).one()
        now: datetime = last.created_at + timedelta(minutes=1)
        await self.session.execute(
            update(Rating).where(Rating.id == last.id).values(superseded_at=now)
        )
        await self._insert(
            Rating,
            presentation_id=last.presentation_id,
            revision=last.revision + 1,
            levels=list(levels),
            dwell_ms=1000,
            created_at=now,
        )

    async def expect(self, stimulus_id: int, expectation: dict[str, object]) -> None:
        """Make a stimulus gold: these scores are expected of it."""
        query = update(Stimulus).where(Stimulus.id == stimulus_id)
        await self.session.execute(query.values(expectation=expectation))

    async def set_status(self, rater_id: int, status: RaterStatus) -> None:
        """Change where a rater stands, and nothing else."""
        await self.session.execute(update(Rater).where(Rater.id == rater_id).values(status=status))

    async def add_matrix(self, matrix: RatingMatrix) -> dict[str, int]:
        """Every rater of a simulated matrix, stimuli in their order; ids by simulated id."""
        raters = {}
        for index, rater_id in enumerate(matrix.rater_ids):
            rows = np.flatnonzero(matrix.rater == index)
            if matrix.position is not None:
                rows = rows[np.argsort(matrix.position[rows])]
            given = {
                self.stimuli[int(matrix.stimulus[row])]: matrix.levels[row].tolist() for row in rows
            }
            raters[rater_id] = await self.add_rater(given, code=rater_id)
        return raters

    async def _insert(self, table: type, **values: object) -> int:
        query = insert(table).values(values).returning(table.id)
        return (await self.session.execute(query)).scalar_one()


async def make_panel(
    session: AsyncSession,
    blobs: BlobStore,
    *,
    stimuli: int = 4,
    protocol: Protocol | None = None,
    slug: str = SLUG,
    generators: tuple[str, ...] = ("model-a", "model-b"),
) -> Panel:
    """An open study with stimuli and without raters."""
    study_id = await make_study(
        session,
        blobs,
        slug=slug,
        stimuli=stimuli,
        protocol=protocol or make_protocol(),
        generators=generators,
    )

    async def ids(kind: StimulusKind) -> list[int]:
        query = select(Stimulus.id).where(Stimulus.study_id == study_id, Stimulus.kind == kind)
        return list(await session.scalars(query.order_by(Stimulus.id)))

    return Panel(
        session, study_id, await ids(StimulusKind.MAIN), await ids(StimulusKind.TRAINING), slug=slug
    )
