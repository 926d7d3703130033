"""A rater's browser: it joins a study, starts a sitting and answers, as the pages would."""

import re
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import select

from app.database.engine import SessionFactory
from app.database.tables import Presentation, Rating

BASE_URL = "http://127.0.0.1:8000"
JSON = {"Accept": "application/json"}
SCORES = {"quality": "3.4", "alignment": "2.0"}


@dataclass(frozen=True)
class RaterBrowser:
    """A browser at the link of one study."""

    client: httpx.AsyncClient
    slug: str

    @property
    def home(self) -> str:
        """The study's one address."""
        return f"/rate/{self.slug}"

    async def look(self) -> str:
        """The page of the present step."""
        page = await self.client.get(self.home)
        assert page.status_code == 200, page.text
        return page.text

    async def press(self, path: str, **fields: str) -> httpx.Response:
        """Send a form of the present page, its token included."""
        token = token_of((await self.client.get(self.home)).text)
        return await self.client.post(f"{self.home}{path}", data={"csrf": token, **fields})

    async def join(self, source: str = "link", external_id: str = "") -> "RaterBrowser":
        """Accept the consent text."""
        answer = await self.press("/consent", consent_version="1", source=source, id=external_id)
        assert answer.status_code == 303, answer.text
        return self

    async def start(self) -> "RaterBrowser":
        """Press “Start” on the instructions."""
        answer = await self.press("/start")
        assert answer.status_code == 303, answer.text
        return self

    async def upcoming(self) -> list[dict[str, Any]]:
        """What the page's script learns about the next presentations."""
        answer = await self.client.get(f"{self.home}/upcoming", headers=JSON)
        assert answer.status_code == 200, answer.text
        views: list[dict[str, Any]] = answer.json()
        return views

    async def current(self) -> str:
        """The id of the presentation to rate now."""
        identity: str = (await self.upcoming())[0]["id"]
        return identity

    async def answer(
        self,
        presentation: str,
        scores: dict[str, str] | None = None,
        *,
        revision: int | str = 1,
        as_script: bool = True,
        **fields: str,
    ) -> httpx.Response:
        """Send scores as the script does, or as the plain form does."""
        token = token_of((await self.client.get(self.home)).text)
        typed = {
            f"score_{key}": text for key, text in (SCORES if scores is None else scores).items()
        }
        return await self.client.post(
            f"{self.home}/ratings",
            data={
                "csrf": token,
                "presentation": presentation,
                "revision": str(revision),
                **typed,
                **fields,
            },
            headers=JSON if as_script else {},
        )

    async def rate_all(self) -> list[str]:
        """Answer until nothing is left; the presentations in order."""
        rated = []
        while views := await self.upcoming():
            await self.answer(views[0]["id"])
            rated.append(views[0]["id"])
        return rated


@asynccontextmanager
async def open_browser(app: FastAPI, slug: str = "example") -> AsyncIterator[RaterBrowser]:
    """A browser that has not been here before."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
        yield RaterBrowser(client, slug)


def token_of(html: str) -> str:
    """The form token of a rater's page, which its script uses, too."""
    found = re.search(r'data-csrf="([0-9a-f]{64})"', html)
    assert found, "this is not a rater's page"
    return found.group(1)


def presentation_in(html: str) -> str:
    """The presentation that a rating page shows."""
    found = re.search(r'name="presentation" value="([0-9a-f-]{36})"', html)
    assert found, "this is not a rating page"
    return found.group(1)


async def stored_levels(sessions: SessionFactory, presentation: str) -> Sequence[list[int]]:
    """All revisions of one presentation's rating, oldest first."""
    async with sessions() as session:
        found = await session.scalars(
            select(Rating.levels)
            .join(Presentation, Presentation.id == Rating.presentation_id)
            .where(Presentation.public_id == uuid.UUID(presentation))
            .order_by(Rating.revision)
        )
        return found.all()


async def count_ratings(sessions: SessionFactory) -> int:
    """How many acts of judging are stored."""
    async with sessions() as session:
        return len((await session.scalars(select(Rating.id))).all())
