"""``beholder doctor``: what is wrong with a set-up, in sentences."""

import asyncio
import os
import shutil
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import typer
from rich.console import Console
from sqlalchemy import select

from app.accounts.accounts import has_owner
from app.cli import cli
from app.database.connect import open_database
from app.database.embedded import EmbeddedDatabaseError, find_binaries
from app.database.engine import libpq_url, open_session
from app.database.migrate import list_pending_revisions
from app.database.tables import Image
from app.pool.catalogue import load_catalogue
from app.rating.balance import count_wrong_counts
from app.settings import Settings, get_settings
from app.storage.blobs import BlobStore

ENOUGH_DISK_GIB = 2
PICTURES_LOOKED_AT = 200


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; ``is_good`` None means that it could not be told."""

    is_good: bool | None
    sentence: str


@cli.command()
def doctor() -> None:
    """Look at everything Beholder needs and say what is wrong; status 1 if something is."""
    console = Console(highlight=False)
    marks = {True: "[green]good[/green]   ", False: "[red]wrong[/red]  ", None: "unclear"}
    findings = list(examine(get_settings()))
    for finding in findings:
        console.print(marks[finding.is_good], finding.sentence, soft_wrap=True)
    if any(finding.is_good is False for finding in findings):
        raise typer.Exit(1)


def examine(settings: Settings) -> Iterator[Finding]:
    """All findings, from the ground up; stops where nothing further can be told."""
    yield Finding(True, f"Python {sys.version.split()[0]}.")
    yield _examine_data_folder(settings)
    yield _examine_port(settings)
    yield _examine_catalogue()
    if settings.database_url is None:
        binaries = _examine_binaries()
        yield binaries
        if binaries.is_good is False:
            return
    try:
        with open_database(settings) as url:
            yield from _examine_database(settings, url)
    except (EmbeddedDatabaseError, psycopg.Error, OSError) as error:
        yield Finding(False, f"The database cannot be used: {_one_line(error)}")


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())


def _examine_data_folder(settings: Settings) -> Finding:
    folder = settings.data_folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return Finding(False, f"The data folder {folder} cannot be made: {error.strerror}.")
    if not os.access(folder, os.W_OK):
        return Finding(False, f"The data folder {folder} cannot be written.")
    free_gib = shutil.disk_usage(folder).free / 2**30
    return Finding(
        free_gib >= ENOUGH_DISK_GIB,
        f"The data folder {folder} can be written and has {free_gib:.0f} GiB left.",
    )


def _examine_port(settings: Settings) -> Finding:
    with socket.socket() as probe:
        probe.settimeout(1)
        in_use = probe.connect_ex((settings.host, settings.port)) == 0
    place = f"{settings.host}:{settings.port}"
    if in_use:
        return Finding(None, f"Something listens on {place}; it may be Beholder itself.")
    return Finding(True, f"{place} is free for the web server.")


def _examine_catalogue() -> Finding:
    return Finding(True, f"The catalogue of generators has {len(load_catalogue())} entries.")


def _examine_binaries() -> Finding:
    try:
        binaries = find_binaries()
    except EmbeddedDatabaseError as error:
        return Finding(False, str(error))
    return Finding(True, f"PostgreSQL for the embedded database is there: {binaries}.")


def _examine_database(settings: Settings, url: str) -> Iterator[Finding]:
    with psycopg.connect(libpq_url(url), connect_timeout=5) as connection:
        version = connection.info.server_version // 10_000
    yield Finding(
        version >= 15, f"The database answers: PostgreSQL {version} (15 or newer needed)."
    )
    pending = list_pending_revisions(url)
    if pending:
        yield Finding(False, f"{len(pending)} migrations are missing; run `beholder migrate`.")
        return
    yield Finding(True, "The schema is current.")
    yield from asyncio.run(_examine_content(settings, url))


async def _examine_content(settings: Settings, url: str) -> list[Finding]:
    async with open_session(url) as sessions, sessions.begin() as session:
        owner = await has_owner(session)
        addresses = list(
            await session.scalars(
                select(Image.display_sha256).order_by(Image.id.desc()).limit(PICTURES_LOOKED_AT)
            )
        )
        wrong_counts = await count_wrong_counts(session)
    blobs = BlobStore(settings.blob_folder)
    missing = [address for address in addresses if not blobs.has(address)]
    return [
        Finding(owner, "There is an owner account." if owner else NO_OWNER),
        Finding(blobs.is_writable(), f"The picture store {settings.blob_folder} can be written."),
        Finding(
            not missing,
            f"{len(missing)} of the newest {len(addresses)} pictures are missing from the store.",
        ),
        Finding(
            not wrong_counts,
            f"The counts of {wrong_counts} stimuli differ from their ratings.",
        ),
    ]


NO_OWNER = "There is no owner account; make one with `beholder account create --role owner`."
