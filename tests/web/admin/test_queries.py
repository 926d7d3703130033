"""Pages ask the database a fixed number of questions, however much there is to show."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from dashboard import make_rated_study, make_run
from fastapi import FastAPI
from sqlalchemy import event, select

from app.database.engine import SessionFactory
from app.database.tables import Stimulus
from app.storage.blobs import BlobStore

PAGES = [
    "/dashboard",
    "/dashboard/studies/example",
    "/dashboard/studies/example/stimuli",
    "/dashboard/studies/example/raters",
    "/dashboard/studies/example/raters/GOOD2A",
    "/dashboard/studies/example/metrics",
    "/dashboard/studies/example/results",
    "/dashboard/studies/example/planning",
    "/dashboard/studies/example/results/stimuli",
    "/dashboard/studies/example/results/screening",
    "/dashboard/studies/example/results/methods",
    "/dashboard/studies/example/results/reliability",
    "/dashboard/studies/example/results/factors",
    "/dashboard/studies/example/results/runs",
    "/dashboard/pool",
    "/dashboard/pool/images/{image_id}",
    "/dashboard/pool/prompts",
    "/dashboard/pool/plans",
]
MOST = 20


@contextmanager
def counted_queries(app: FastAPI) -> Iterator[list[str]]:
    """The statements sent to the database meanwhile."""
    engine = app.state.beholder.sessions.kw["bind"].sync_engine
    statements: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
async def few_and_many(
    app: FastAPI, owner: httpx.AsyncClient, sessions: SessionFactory, blobs: BlobStore
) -> dict[str, tuple[int, int]]:
    """Queries of each page with a small study, and with more of everything."""
    counts: dict[str, list[int]] = {page: [] for page in PAGES}
    for round_number in range(2):
        async with sessions.begin() as session:
            slugs = ("example",) if round_number == 0 else ("second", "third", "fourth")
            for slug in slugs:
                await make_rated_study(session, blobs, slug=slug, stimuli=6 + 6 * round_number)
                await make_run(session, slug=slug)
            if round_number:
                await make_run(session)
            image_id = await session.scalar(select(Stimulus.image_id).limit(1))
        for page in PAGES:
            with counted_queries(app) as statements:
                answer = await owner.get(page.format(image_id=image_id))
            assert answer.status_code == 200, page
            counts[page].append(len(statements))
    return {page: (few, many) for page, (few, many) in counts.items()}


async def test_the_number_of_queries_does_not_grow_with_what_is_shown(
    few_and_many: dict[str, tuple[int, int]],
) -> None:
    growing = {page: counts for page, counts in few_and_many.items() if counts[0] != counts[1]}
    assert growing == {}
    assert max(few for few, _ in few_and_many.values()) <= MOST
