"""A real server on a port of its own, and a real Chromium in front of it."""

import os
import shutil
import socket
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest
import uvicorn
from playwright.async_api import Browser, BrowserContext, async_playwright, expect

from app.database.engine import SessionFactory
from app.main import create_app
from app.settings import Settings

START_SECONDS = 10.0
PATIENCE_MS = 10_000

Launch = Callable[..., Awaitable[Browser]]
NewContext = Callable[..., Awaitable[BrowserContext]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests in this folder drive a browser."""
    for item in items:
        if "/e2e/" in item.nodeid:
            item.add_marker("e2e")


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Where Chromium is; a machine without it skips these tests, CI does not."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("Chromium is missing; install the Debian package chromium")
        pytest.skip("needs Chromium; install the Debian package chromium")
    return path


@pytest.fixture(scope="session")
async def launch(chromium_path: str) -> AsyncIterator[Launch]:
    """Starts Chromium with further arguments."""
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:

        async def launch_one(*arguments: str) -> Browser:
            return await playwright.chromium.launch(
                executable_path=chromium_path, args=["--no-sandbox", *arguments]
            )

        yield launch_one


@pytest.fixture(scope="session")
async def browser(launch: Launch) -> Browser:
    """One Chromium for all tests; each test opens contexts of its own."""
    return await launch()


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A whole server, which carries out analyses, too."""
    return settings.model_copy(update={"analysis_worker": True})


@pytest.fixture
def server_url(settings: Settings, database_url: str, sessions: SessionFactory) -> Iterator[str]:
    """The address of the application, served by uvicorn on the test database."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    config = uvicorn.Config(create_app(settings, database_url), log_level="warning")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    give_up_at = time.monotonic() + START_SECONDS
    while not server.started and time.monotonic() < give_up_at:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()
    listener.close()


@pytest.fixture
async def new_context(browser: Browser, server_url: str) -> AsyncIterator[NewContext]:
    """Opens browser windows that know the server's address; closed after the test."""
    opened: list[BrowserContext] = []

    async def open_context(**options: object) -> BrowserContext:
        context = await browser.new_context(base_url=server_url, **options)  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE_MS)
        opened.append(context)
        return context

    yield open_context
    for context in opened:
        await context.close()
