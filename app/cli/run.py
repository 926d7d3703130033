"""``beholder run``: everything that ``make run`` starts, watched until Ctrl-C."""

import asyncio
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType

import httpx
import typer
from rich.console import Console

from app.accounts.accounts import create_account, has_owner
from app.accounts.passwords import made_up_password
from app.cli import cli
from app.database.embedded import EmbeddedDatabase
from app.database.engine import open_session
from app.database.migrate import migrate
from app.database.tables.accounts import Role
from app.errors import BeholderError, Conflict
from app.logs import configure_logging
from app.settings import Settings, get_settings
from app.simulation.demonstration import SLUG, is_complete
from app.supervision import Child

READY_TIMEOUT_S = 60.0
WATCH_EVERY_S = 0.5

console = Console(highlight=False)


@cli.command()
def run(
    demonstration: bool = typer.Option(True, help="Make the demonstration study if it is missing."),
) -> None:
    """Start Beholder: database, web server, worker, and on the first start a demonstration.

    1. Start or join the database, bring its schema up to date, make sure there is an owner.
    2. Start the web server and the worker, and wait until they answer.
    3. Make the demonstration study, or continue making it.
    4. Watch: whatever dies is started again.  Ctrl-C stops everything in the opposite order.
    """
    settings = get_settings()
    configure_logging(settings)
    with ExitStack() as house, _stop_signal() as stop:
        _check_port_is_free(settings)
        database = _open_house(settings, house)
        url = database.url if isinstance(database, EmbeddedDatabase) else database
        environment = _environment_of_children(url)
        children = [
            Child("worker", [sys.executable, "-m", "worker"], environment),
            Child("web", [sys.executable, "-m", "app.cli", "serve"], environment),
        ]
        for child in children:
            child.start()
            house.callback(child.stop)
        house.callback(console.print, "\nStopping …")
        _wait_until_ready(settings, children[1], stop)
        _print_addresses(settings)
        if demonstration and not asyncio.run(_has_demonstration(url)):
            children.append(_start_demonstration(settings, url, house))
        _watch(children, database, stop)


@contextmanager
def _stop_signal() -> Iterator[threading.Event]:
    """An event that Ctrl-C and SIGTERM set; a second Ctrl-C ends at once."""
    stop = threading.Event()

    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = {number: signal.signal(number, ask_to_stop) for number in _STOPPING}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


_STOPPING = (signal.SIGINT, signal.SIGTERM)


def _environment_of_children(url: str) -> dict[str, str]:
    """The database that was started here, and a terminal that stays readable."""
    quiet = {} if "BEHOLDER_LOG_LEVEL" in os.environ else {"BEHOLDER_LOG_LEVEL": "warning"}
    return {"BEHOLDER_DATABASE_URL": url} | quiet


def _check_port_is_free(settings: Settings) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise Conflict(
                f"Port {settings.port} of {settings.host} cannot be used ({error.strerror}). If"
                " Beholder runs already, open it there; else name another port with BEHOLDER_PORT."
            ) from None


def _open_house(settings: Settings, house: ExitStack) -> EmbeddedDatabase | str:
    """Database, schema and owner account; what was started is stopped with the house."""
    database: EmbeddedDatabase | str
    if settings.database_url is None:
        console.print("Starting the database …")
        database = EmbeddedDatabase(settings.data_folder / "postgres")
        url = database.start()
        house.callback(database.stop)
    else:
        database = url = settings.database_url.get_secret_value()
    migrate(url)
    asyncio.run(_ensure_owner(settings, url))
    return database


async def _ensure_owner(settings: Settings, url: str) -> None:
    """Create the first owner; a made-up password is printed this once and stored nowhere."""
    async with open_session(url) as sessions, sessions.begin() as session:
        if await has_owner(session):
            return
        given = settings.owner_password
        password = given.get_secret_value() if given else made_up_password()
        await create_account(
            session,
            email=settings.owner_email,
            password=password,
            role=Role.OWNER,
            actor="command line",
        )
    console.print(f"Owner account:  [bold]{settings.owner_email}[/bold]")
    if given is None:
        console.print(f"Password:       [bold]{password}[/bold]  (shown only now; note it)")


def _wait_until_ready(settings: Settings, web: Child, stop: threading.Event) -> None:
    """Wait until the web server answers; raises a sentence if it ends or takes too long."""
    deadline = time.monotonic() + READY_TIMEOUT_S
    address = f"http://{settings.host}:{settings.port}/ready"
    while time.monotonic() < deadline and not stop.is_set():
        if web.process is not None and web.process.poll() is not None:
            raise BeholderError("The web server could not start; the reason stands above.")
        try:
            if httpx.get(address, timeout=2).status_code == httpx.codes.OK:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    if not stop.is_set():
        raise BeholderError("The web server did not answer in time; try `beholder doctor`.")


def _print_addresses(settings: Settings) -> None:
    console.print(f"Dashboard:      [bold]{settings.base_url}/dashboard[/bold]")
    console.print(f"Rater link:     [bold]{settings.base_url}/rate/{SLUG}[/bold]")
    console.print("Ctrl-C stops Beholder; the data stays.")


async def _has_demonstration(url: str) -> bool:
    async with open_session(url) as sessions, sessions.begin() as session:
        return await is_complete(session)


def _start_demonstration(settings: Settings, url: str, house: ExitStack) -> Child:
    console.print("Making the demonstration study; the rater link works in a minute or two.")
    child = Child(
        "demonstration",
        [sys.executable, "-m", "app.cli", "demonstration"],
        _environment_of_children(url),
    )
    child.start()
    house.callback(child.stop)
    return child


def _watch(children: list[Child], database: EmbeddedDatabase | str, stop: threading.Event) -> None:
    """Keep everything running until told to stop; a finished demonstration stays finished."""
    while not stop.wait(WATCH_EVERY_S):
        if isinstance(database, EmbeddedDatabase):
            database.restart_if_dead()
        for child in list(children):
            is_done = child.process is not None and child.process.poll() == 0
            if child.name == "demonstration" and is_done:
                children.remove(child)
            else:
                child.restart_if_dead()
