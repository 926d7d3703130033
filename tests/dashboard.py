"""What the tests of the dashboard share: its routes, its forms, a study with results."""

import re
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import httpx
from factories import NOW, csrf_of, make_image, make_protocol, make_study
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from sitting_factory import make_rater, make_sitting
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables import GenerationItem, GenerationPlan, Image
from app.database.tables.pool import ItemState
from app.results.runs.configuration import AnalysisConfiguration
from app.results.runs.execution import run_analysis
from app.results.runs.queue import queue_run
from app.storage.blobs import BlobStore

UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}


def walk_routes(router: FastAPI | APIRouter) -> Iterator[APIRoute]:
    """All routes, those of included routers, too."""
    for route in router.routes:
        if isinstance(route, APIRoute):
            yield route
        elif hasattr(route, "original_router"):
            yield from walk_routes(route.original_router)


def address_of(path: str, places: dict[str, str]) -> str:
    """A route's address, with a value for every parameter (``make_everything`` has them)."""
    # A run has a page of its own until it is done.
    return path.replace("/runs/{run_id}", "/runs/{queued_id}").format(**places)


async def submit(
    client: httpx.AsyncClient, address: str, fields: dict[str, Any], *, to: str = "", **more: Any
) -> httpx.Response:
    """Fill in the form on the page at ``address`` and send it there, or ``to`` elsewhere."""
    form = await client.get(address)
    assert form.status_code == 200, form.text
    data = {"csrf": csrf_of(form.text)} | fields
    return await client.post(to or address, data=data, **more)


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def text_of(html: str) -> str:
    """What a page says, with single spaces."""
    parser = _Text()
    parser.feed(html)
    return " ".join(" ".join(parser.parts).split())


def links_of(html: str) -> set[str]:
    """Where a page leads."""
    return set(re.findall(r'href="([^"]+)"', html))


def rates_by_position(quality: int, alignment: int) -> Any:
    """Levels that rise with the position, from these on; two raters with it agree well."""
    return lambda position: [min(50, quality + 2 * position), max(0, alignment - 2 * position)]


async def make_rated_study(
    session: AsyncSession, blobs: BlobStore, *, slug: str = "example", stimuli: int = 24
) -> int:
    """An open study with three raters who agree and one who always gives the same score."""
    study_id = await make_study(
        session,
        blobs,
        slug=slug,
        stimuli=stimuli,
        protocol=make_protocol(target_ratings=4, presentations=stimuli),
    )
    for number in range(3):
        rater_id = await make_rater(session, slug=slug, code=f"GOOD{number + 2}A")
        levels = rates_by_position(number, 50 - number)
        at = NOW - timedelta(minutes=number)
        await make_sitting(session, rater_id=rater_id, slug=slug, levels=levels, at=at)
    rater_id = await make_rater(session, slug=slug, code="SAME22", source="simulated")
    await make_sitting(session, rater_id=rater_id, slug=slug, levels=lambda _: [25, 25])
    return study_id


LITTLE = AnalysisConfiguration(estimates=(), parts=())


async def make_run(
    session: AsyncSession, *, slug: str = "example", configuration: AnalysisConfiguration = LITTLE
) -> int:
    """An analysis that does what every run does, and no more unless asked to."""
    return await run_analysis(
        session, slug=slug, configuration=configuration, actor="test", now=NOW
    )


async def make_full_run(session: AsyncSession, *, slug: str = "example") -> int:
    """An analysis with all its parts."""
    return await make_run(session, slug=slug, configuration=AnalysisConfiguration())


async def make_plan(session: AsyncSession, image_id: int, *, name: str = "a plan") -> None:
    """A plan of three pictures: one rendered, one to come, one failed."""
    image = await session.get_one(Image, image_id)
    plan = GenerationPlan(name=name, seed=1, specification={})
    session.add(plan)
    await session.flush()
    for position, state in enumerate((ItemState.DONE, ItemState.PENDING, ItemState.FAILED)):
        session.add(
            GenerationItem(
                plan_id=plan.id,
                position=position,
                chunk=0,
                prompt_id=image.prompt_id,
                condition_id=image.condition_id,
                seed=position,
                state=state,
                image_id=image_id if state is ItemState.DONE else None,
                error="The steps must be at least 1." if state is ItemState.FAILED else None,
            )
        )
    await session.flush()


async def make_everything(session: AsyncSession, blobs: BlobStore) -> dict[str, str]:
    """One of each thing; returns a value for every parameter of the dashboard's addresses."""
    await make_rated_study(session, blobs)
    await make_run(session)
    run_id = await make_full_run(session)
    queued_id = await queue_run(
        session, slug="example", configuration=LITTLE, actor="test", now=NOW
    )
    image_id = await make_image(session, blobs)
    await make_plan(session, image_id)
    return {
        "slug": "example",
        "code": "GOOD2A",
        "run_id": str(run_id),
        "queued_id": str(queued_id),
        "image_id": str(image_id),
        "name": "points",
        "form": "svg",
        "ending": "csv",
    }
