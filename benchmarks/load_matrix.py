"""Seconds to load a study of AIGIQA-20K's size, three ways, and to do everything else with it.

Run `python benchmarks/load_matrix.py`: 21 raters, 20,000 stimuli, two dimensions, 840,000 scores,
in an embedded PostgreSQL of its own.  The fastest way of loading is the one the product uses.
"""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import numpy as np
import psycopg

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.embedded import EmbeddedDatabase
from app.database.engine import libpq_url, open_session
from app.database.migrate import migrate
from app.results import exports
from app.results.bulk import driver_connection, fetch_packed
from app.results.configuration import AnalysisConfiguration
from app.results.ratings import load_ratings
from app.results.runs import run_analysis
from app.results.scores import list_scores
from app.results.summaries import find_points, list_distributions, list_generator_means
from app.results.verdicts import list_verdicts
from app.study.templates import quality_and_alignment

RATERS, STIMULI, SITTINGS = 21, 20_000, 10
SLUG = "big"

# Straight into the tables, without triggers: what is measured is reading.
FILL = f"""
ALTER TABLE rating DISABLE TRIGGER USER;
INSERT INTO prompt (text, word_count)
SELECT 'a picture of the number ' || n, 6 FROM generate_series(1, {STIMULI}) n;
INSERT INTO condition (generator, digest)
SELECT 'generator-' || n, 'digest-' || n FROM generate_series(1, 15) n;
INSERT INTO image (sha256, display_sha256, thumbnail_sha256, prompt_id, condition_id, seed, name,
                   origin, width, height, media_type, byte_count)
SELECT repeat(md5(n::text), 2), repeat('0', 64), repeat('0', 64), n, n % 15 + 1, n,
       'picture_' || n || '.png', 'generated', 512, 512, 'image/png', 1 FROM
       generate_series(1, {STIMULI}) n;
INSERT INTO stimulus (study_id, image_id) SELECT 1, n FROM generate_series(1, {STIMULI}) n;
INSERT INTO rater (study_id, public_code, recruitment_source, consent_version, consented_at,
                   status)
SELECT 1, 'rater-' || n, 'link', '1', now(), 'completed' FROM generate_series(1, {RATERS}) n;
INSERT INTO sitting (rater_id, number, seed, state, started_at, stretch_started_at, last_seen_at,
                     lease_expires_at)
SELECT rater, number, 1, 'finished', now(), now(), now(), now()
FROM generate_series(1, {RATERS}) rater, generate_series(1, {SITTINGS}) number;
INSERT INTO presentation (sitting_id, rater_id, stimulus_id, phase, position, state)
SELECT (rater - 1) * {SITTINGS} + 1 + (place - 1) % {SITTINGS}, rater, stimulus, 'main', place,
       'rated'
FROM (SELECT rater, stimulus, row_number() OVER (PARTITION BY rater ORDER BY random()) AS place
      FROM generate_series(1, {RATERS}) rater, generate_series(1, {STIMULI}) stimulus) shown
ORDER BY place, rater;
INSERT INTO rating (presentation_id, revision, levels, dwell_ms)
SELECT id, 1,
       ARRAY[greatest(0, least(50, 25 + 20 * sin(stimulus_id) + 12 * (random() - 0.5)))::smallint,
             greatest(0, least(50, 25 + 20 * cos(stimulus_id) + 12 * (random() - 0.5)))::smallint],
       3000
FROM presentation;
ALTER TABLE rating ENABLE TRIGGER USER;
"""

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
    """Packed arrays with room to join, checked and sorted into a matrix; who was left out."""
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
    with (
        tempfile.TemporaryDirectory() as folder,
        EmbeddedDatabase(Path(folder) / "postgres") as database,
    ):
        migrate(database.url)
        with psycopg.connect(libpq_url(database.url), autocommit=True) as connection:
            protocol = quality_and_alignment().model_dump_json()
            connection.execute(
                "INSERT INTO study (slug, title, protocol) VALUES (%s, 'Big', %s)", (SLUG, protocol)
            )
            connection.execute(FILL.encode())
            connection.execute("VACUUM ANALYZE")
        asyncio.run(measure(database.url))


if __name__ == "__main__":
    main()
