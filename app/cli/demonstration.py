"""``beholder demonstration``: the study that shows what Beholder does, made for real."""

import asyncio

import typer

from app.cli import cli
from app.cli.simulate import local_url
from app.database.connect import open_database
from app.database.engine import open_session
from app.logs import configure_logging
from app.settings import Settings, get_settings
from app.simulation import demonstration

ACTOR = "command line"


@cli.command("demonstration")
def make_demonstration() -> None:
    """Make the demonstration study, or continue making it.

    Needs the web server and a worker, which `beholder run` starts.
    """
    settings = get_settings()
    configure_logging(settings, quiet=True)
    asyncio.run(_make(settings))


async def _make(settings: Settings) -> None:
    with open_database(settings) as database_url:
        async with open_session(database_url) as sessions:
            await demonstration.prepare(sessions, actor=ACTOR, say=typer.echo)
            await demonstration.fill(
                sessions, settings, url=local_url(settings), actor=ACTOR, say=typer.echo
            )
