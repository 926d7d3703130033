"""Many simulated raters on one real web server and 20,000 stimuli: pace, balance, survival.

Run `python benchmarks/load.py`, with `--kill` to have the web process and the database killed in
the middle, with `--each 2000` for a long run.  Names and prompts are those of AIGIQA-20K where the
shared data folder has them; a few hundred procedural pictures are shared among them.
"""

import argparse
import asyncio
import csv
import io
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path
from random import Random
from typing import Any

from rich.console import Console
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.cli.simulation_report import print_report
from app.database.embedded import EmbeddedDatabase
from app.database.engine import SessionFactory, open_session
from app.database.migrate import migrate
from app.database.tables import Image
from app.database.tables.pool import ImageOrigin
from app.database.tables.study import StudyState
from app.pool.conditions import ConditionSettings, add_conditions
from app.pool.grammar import compose_prompts
from app.pool.prompt_text import NewPrompt, clean
from app.pool.prompts import add_prompts
from app.settings import PROJECT_FOLDER
from app.simulation.observations import Observations
from app.simulation.panel import PanelPlan
from app.simulation.report import Report
from app.simulation.run import simulate
from app.simulation.server import RehearsalServer
from app.storage.blobs import BlobStore
from app.storage.pictures import StoredPicture, store_picture
from app.study.protocol import SittingRules
from app.study.stimuli import add_stimuli
from app.study.studies import change_state, create_study
from app.study.templates import quality_and_alignment
from worker.generators.base import RenderRequest, RenderSettings
from worker.generators.procedural.generator import render_one

SLUG, ACTOR = "load", "benchmark"
MOST_STIMULI, MOST_RATERS, LONGEST_SITTING = 50_000, 100, 2000
ROWS_PER_STATEMENT = 1000
DATA = Path(os.environ.get("BEHOLDER_DATA", PROJECT_FOLDER.parent / "shared" / "data"))
VARIANT, SIDE_PX = "procedural-draft", 256

console = Console(highlight=False)


# --- building ---


def named_prompts(count: int) -> list[tuple[str, str]]:
    """Names and prompts of AIGIQA-20K, or composed ones where they are missing."""
    rows: list[tuple[str, str]] = []
    for part in ("train", "val", "test"):
        path = DATA / "aigiqa20k" / f"info_{part}.csv"
        if path.exists():
            with path.open(newline="") as file:  # only the first part has a header
                rows += [(row[0], row[1]) for row in csv.reader(file) if row[0] != "name"]
    missing = max(0, count - len(rows))
    composed = compose_prompts(missing, seed=1) if missing else []
    rows += [(f"composed_{i:05}.png", prompt) for i, prompt in enumerate(composed)]
    return rows[:count]


def render_pictures(blobs: BlobStore, count: int) -> list[tuple[StoredPicture, dict[str, Any]]]:
    """Different procedural pictures with their truth."""
    luck, pictures = Random(1), []
    for seed, prompt in enumerate(compose_prompts(count, seed=1)):
        settings = RenderSettings(width=SIDE_PX, height=SIDE_PX, steps=luck.choice((2, 4, 8, 30)))
        rendering = render_one(RenderRequest(prompt, VARIANT, seed, settings))
        buffer = io.BytesIO()
        rendering.image.save(buffer, "PNG")
        pictures.append((store_picture(blobs, buffer.getvalue()), rendering.provenance))
    return pictures


async def fill_pool(
    session: AsyncSession, blobs: BlobStore, *, count: int, pictures: int
) -> list[int]:
    """Add this many images, the few pictures shared among them; return their ids."""
    rows = named_prompts(count)
    texts = [clean(prompt) for _, prompt in rows]
    _, prompt_ids = await add_prompts(session, prompts=(NewPrompt(text) for text in texts))
    generators = [name.rsplit("_", 1)[0] for name, _ in rows]
    conditions = {name: ConditionSettings(generator=name) for name in set(generators)}
    condition_ids = await add_conditions(session, conditions=conditions.values())
    shared = await asyncio.to_thread(render_pictures, blobs, pictures)
    images = [
        {
            **vars(picture),
            "prompt_id": prompt_ids[text],
            "condition_id": condition_ids[conditions[generator].digest],
            "seed": number,
            "name": name,
            "origin": ImageOrigin.IMPORTED,
            "provenance": provenance,
        }
        for number, ((name, _), text, generator, (picture, provenance)) in enumerate(
            zip(rows, texts, generators, cycle(shared), strict=False)
        )
    ]
    ids: list[int] = []
    for batch in batches(images):
        ids += await session.scalars(insert(Image).values(batch).returning(Image.id))
    return ids


def batches(rows: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """The rows in parts that one statement can take."""
    rest = iter(rows)
    while batch := list(islice(rest, ROWS_PER_STATEMENT)):
        yield batch


async def open_study(session: AsyncSession, image_ids: list[int], *, each: int) -> None:
    """A study in which every rater gives so many ratings, in as few sittings as possible."""
    sittings = -(-each // LONGEST_SITTING)
    rules = SittingRules(
        presentations=-(-each // sittings), sittings=sittings, training=0, break_every_minutes=120
    )
    protocol = quality_and_alignment(target_ratings=MOST_RATERS, sitting=rules)
    await create_study(session, slug=SLUG, title="Load", protocol=protocol, actor=ACTOR)
    await add_stimuli(session, slug=SLUG, image_ids=image_ids, actor=ACTOR)
    await change_state(session, slug=SLUG, to=StudyState.OPEN, now=datetime.now(UTC), actor=ACTOR)


# --- killing ---


async def disturb(
    seen: Observations,
    server: RehearsalServer,
    database: EmbeddedDatabase,
    folder: Path,
    *,
    total: int,
) -> None:
    """Kill the web process after a quarter, the database after a half, both after three."""
    for share, victims in ((0.25, {"web"}), (0.5, {"database"}), (0.75, {"web", "database"})):
        while len(seen.acknowledged) < share * total:  # noqa: ASYNC110  # watched, not told
            await asyncio.sleep(0.01)
        console.print(f"{len(seen.acknowledged):,} acknowledged: kill -9 {' and '.join(victims)}")
        if "database" in victims:
            os.kill(postmaster_pid(folder), signal.SIGKILL)
        if "web" in victims:
            server.kill()
        while "database" in victims and not database.restart_if_dead():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        if "web" in victims:
            await server.start()


def postmaster_pid(folder: Path) -> int:
    """The process id in the note that PostgreSQL keeps in its folder."""
    return int((folder / "cluster" / "postmaster.pid").read_text().split()[0])


# --- measuring ---


async def measure(folder: Path, options: argparse.Namespace) -> Report:
    """Build everything in this folder, let the raters work, and report."""
    with EmbeddedDatabase(folder / "postgres") as database:
        migrate(database.url)
        async with open_session(database.url) as sessions:
            started = time.perf_counter()
            async with sessions.begin() as session:
                ids = await fill_pool(
                    session,
                    BlobStore(folder / "blobs"),
                    count=options.stimuli,
                    pictures=options.pictures,
                )
                await open_study(session, ids, each=options.each)
            console.print(f"{len(ids):,} stimuli built in {time.perf_counter() - started:.1f} s")
            server = RehearsalServer(database_url=database.url, data_folder=folder)
            await server.start()
            try:
                report = await rate(sessions, server, database, folder, options)
                print_cpu_time(server, report)
                return report
            finally:
                server.stop()


async def rate(
    sessions: SessionFactory,
    server: RehearsalServer,
    database: EmbeddedDatabase,
    folder: Path,
    options: argparse.Namespace,
) -> Report:
    """Let the raters work, and disturb them if that is wanted."""
    seen = Observations()
    panel = PanelPlan(options.raters, seed=1)
    async with asyncio.timeout(options.minutes * 60), asyncio.TaskGroup() as group:
        work = group.create_task(
            simulate(sessions, slug=SLUG, url=server.url, panel=panel, observations=seen)
        )
        if options.kill:
            total = options.raters * min(options.each, options.stimuli)
            group.create_task(disturb(seen, server, database, folder / "postgres", total=total))
    return work.result()


def print_cpu_time(server: RehearsalServer, report: Report) -> None:
    """What a rating costs the web process, which a busy machine does not change; on Linux."""
    stat = Path(f"/proc/{server.pid}/stat")
    if stat.exists() and not report.retries:
        user, system = stat.read_text().rsplit(")", 1)[1].split()[11:13]
        seconds = (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
        each_ms = 1000 * seconds / report.ratings
        console.print(f"Web process: {seconds:.1f} s of CPU time, {each_ms:.1f} ms for each rating")


def read_options() -> argparse.Namespace:
    """The command line, within bounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stimuli", type=int, default=20_000, help="at most 50,000")
    parser.add_argument("--pictures", type=int, default=200, help="different ones among them")
    parser.add_argument("--raters", type=int, default=21, help="at most 100")
    parser.add_argument("--each", type=int, default=100, help="ratings each rater gives")
    parser.add_argument("--minutes", type=float, default=15, help="time the raters get")
    parser.add_argument("--kill", action="store_true", help="kill web process and database")
    options = parser.parse_args()
    if not (1 <= options.stimuli <= MOST_STIMULI and 1 <= options.raters <= MOST_RATERS):
        parser.error("the stimuli or the raters are out of bounds")
    return options


def main() -> int:
    """Print the report; the status is 1 if something was lost, repeated or out of balance."""
    options = read_options()
    with tempfile.TemporaryDirectory(prefix="beholder-load-") as folder:
        report = asyncio.run(measure(Path(folder), options))
    print_report(report, console)
    is_balanced = report.balance.difference <= 1 and report.balance.leased == 0
    console.print("balanced: max - min ≤ 1" if is_balanced else "NOT BALANCED")
    return 1 if report.problems or not is_balanced else 0


if __name__ == "__main__":
    sys.exit(main())
