"""Seconds to load a study of AIGIQA-20K's size, four ways, and to do everything else with it.

Run `python benchmarks/load_matrix.py`: 21 raters, 20,000 stimuli, two dimensions, 840,000 scores,
in an embedded PostgreSQL of its own.  The fastest way of loading is the one the product uses;
`analysis.py` says how long that and the analysis take together.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from filled_study import SLUG, filled_database
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.engine import open_session
from app.results import exports
from app.results.bulk import driver_connection, fetch_packed
from app.results.ratings.loading import load_ratings
from app.results.runs.configuration import AnalysisConfiguration
from app.results.runs.execution import run_analysis
from app.results.scores import list_scores
from app.results.screening.verdicts import list_verdicts
from app.results.summaries import find_points, list_distributions, list_generator_means

SELECTION = """
    FROM rating
    JOIN presentation ON presentation.id = rating.presentation_id
    JOIN sitting ON sitting.id = presentation.sitting_id
    JOIN rater ON rater.id = presentation.rater_id
    WHERE rater.study_id = 1 AND rater.status IN ('active', 'completed')
      AND presentation.phase = 'main' AND rating.superseded_at IS NULL
"""
COLUMNS = "presentation.rater_id, presentation.stimulus_id, presentation.position, rating.dwell_ms"


async def by_rows(session: AsyncSession) -> int:
    """Fetch every row in binary form, then make an array."""
    connection = await driver_connection(session)
    async with connection.cursor(binary=True) as cursor:
        await cursor.execute(f"SELECT {COLUMNS}, rating.levels[1], rating.levels[2] {SELECTION}")
        return len(np.array(await cursor.fetchall()))


async def by_copy(session: AsyncSession) -> int:
    """Binary COPY of rows of fixed width, read as one structured array."""
    connection = await driver_connection(session)
    numbers = f"{COLUMNS}, rating.levels[1]::int8, rating.levels[2]::int8"
    statement = f"COPY (SELECT {numbers} {SELECTION}) TO STDOUT (FORMAT binary)"
    async with connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
        content = b"".join([bytes(block) async for block in copy])
    columns = [
        (f"{kind}{i}", size) for i in range(6) for kind, size in (("n", ">i4"), ("v", ">i8"))
    ]
    row = np.dtype([("fields", ">i2"), *columns])
    count = (len(content) - 21) // row.itemsize
    table = np.frombuffer(content, row, count=count, offset=19)
    return len(np.stack([table[f"v{i}"].astype(np.int64) for i in range(6)]))


async def by_packed_arrays(session: AsyncSession) -> int:
    """The same columns, each as one packed array."""
    packed = ", ".join(f"array_agg({column})" for column in COLUMNS.split(", "))
    columns = await fetch_packed(
        session, f"SELECT {packed}, array_agg(rating.levels) {SELECTION}", {}
    )
    return len(columns[0])


async def as_the_product(session: AsyncSession) -> int:
    """Packed ratings, checked and sorted into a matrix; who was left out."""
    return (await load_ratings(session, study_id=1)).matrix.ratings


async def timed(what: str, action: Callable[[], Awaitable[object]], repeats: int = 3) -> None:
    """Print the best of a few times."""
    best = float("inf")
    for _ in range(repeats):
        started = perf_counter()
        await action()
        best = min(best, perf_counter() - started)
    print(f"{what:<52} {best:7.3f} s")


async def drain(pieces: AsyncIterator[str]) -> int:
    """How many characters an export has."""
    return sum([len(piece) async for piece in pieces])


async def measure(url: str) -> None:
    """Fill the database and measure."""
    async with open_session(url) as sessions, sessions.begin() as session:
        for way in (by_rows, by_copy, by_packed_arrays, as_the_product):
            await timed(f"load 420,000 ratings, {way.__name__}", lambda way=way: way(session))
        run_ids: list[int] = []

        async def analyse() -> None:
            setup, now = AnalysisConfiguration(), datetime.now(UTC)
            run_ids.append(
                await run_analysis(session, slug=SLUG, configuration=setup, actor="x", now=now)
            )

        await timed("load, analyse and store a run", analyse, repeats=2)
        run_id = run_ids[-1]
        await session.execute(text("ANALYZE"))
        for what, action in {
            "distributions": lambda: list_distributions(session, run_id=run_id),
            "quality against alignment, 20,000 points": lambda: find_points(session, run_id=run_id),
            "means of 15 generators": lambda: list_generator_means(session, run_id=run_id),
            "raters with evidence": lambda: list_verdicts(session, run_id=run_id),
            "a page of 500 scores": lambda: list_scores(session, run_id=run_id, after=9000),
            "scores.csv": lambda: drain(exports.stream_scores_csv(session, run_id=run_id)),
            "ratings.csv": lambda: drain(exports.stream_ratings_csv(session, slug=SLUG)),
        }.items():
            await timed(what, action)


def main() -> None:
    with filled_database() as url:
        asyncio.run(measure(url))


if __name__ == "__main__":
    main()
