"""Raters at work, without a browser: join, open a sitting, rate what comes."""

import uuid
from dataclasses import dataclass
from datetime import datetime

import pytest
from factories import NOW

from app.database.engine import SessionFactory
from app.rating.arrival import join_study
from app.rating.ratings import Receipt, submit_rating
from app.rating.sittings import open_sitting
from app.rating.steps import Step, get_step
from app.rating.views import View, list_upcoming

SCORES = {"quality": "3.4", "alignment": "1.0"}


@dataclass
class Person:
    """A rater in one study, who acts in transactions of their own as a browser does."""

    sessions: SessionFactory
    slug: str
    rater_id: uuid.UUID

    async def open(self, *, now: datetime = NOW, seed: int = 1) -> None:
        async with self.sessions.begin() as session:
            await open_sitting(
                session, slug=self.slug, rater_id=self.rater_id, environment={}, now=now, seed=seed
            )

    async def step(self, *, now: datetime = NOW) -> Step:
        async with self.sessions.begin() as session:
            return await get_step(session, slug=self.slug, rater_id=self.rater_id, now=now)

    async def upcoming(self, count: int = 100) -> list[View]:
        async with self.sessions.begin() as session:
            return await list_upcoming(session, slug=self.slug, rater_id=self.rater_id, count=count)

    async def rate(
        self,
        presentation: uuid.UUID,
        scores: dict[str, str] | None = None,
        *,
        revision: int = 1,
        now: datetime = NOW,
    ) -> Receipt:
        async with self.sessions.begin() as session:
            return await submit_rating(
                session,
                slug=self.slug,
                rater_id=self.rater_id,
                presentation_id=presentation,
                scores=SCORES if scores is None else scores,
                revision=revision,
                dwell_ms=2500,
                shown_px=(512, 512),
                now=now,
            )

    async def rate_all(self, *, now: datetime = NOW) -> int:
        """Rate the whole playlist; return its length."""
        views = await self.upcoming(count=10_000)
        for view in views:
            await self.rate(view.public_id, now=now)
        return len(views)


async def join(
    sessions: SessionFactory,
    slug: str = "example",
    *,
    external_id: str | None = None,
    now: datetime = NOW,
) -> Person:
    """A new rater of the study."""
    async with sessions.begin() as session:
        rater_id = await join_study(
            session, slug=slug, consent_version="1", source="link", external_id=external_id, now=now
        )
    return Person(sessions, slug, rater_id)


@pytest.fixture
def arrive(sessions: SessionFactory):  # type: ignore[no-untyped-def]
    """A function by which another rater joins a study."""

    async def _arrive(slug: str = "example", **how: object) -> Person:
        return await join(sessions, slug, **how)  # type: ignore[arg-type]

    return _arrive
