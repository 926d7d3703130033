"""A web server of one's own for rehearsals: real, on loopback, and allowed to be killed."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

from app.errors import BeholderError

READY_TIMEOUT_S = 30.0
ASK_EVERY_S = 0.05
HOST = "127.0.0.1"


class RehearsalServer:
    """``beholder serve`` as a process of ours, on a free port; its log lies in the data folder."""

    def __init__(self, *, database_url: str, data_folder: Path) -> None:
        self.port = _free_port()
        self.url = f"http://{HOST}:{self.port}"
        self.data_folder = data_folder
        self._log = data_folder / "web.log"
        self._environment = {
            "BEHOLDER_DATABASE_URL": database_url,
            "BEHOLDER_DATA_FOLDER": str(data_folder),
            "BEHOLDER_HOST": HOST,
            "BEHOLDER_PORT": str(self.port),
        }
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Start the server and wait until it takes ratings; raises BeholderError."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: ASYNC220  # returns at once
                [sys.executable, "-m", "app.cli", "serve"],
                env=os.environ | self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        give_up_at = time.monotonic() + READY_TIMEOUT_S
        async with httpx.AsyncClient(base_url=self.url, trust_env=False) as client:
            while not await _is_ready(client):
                if self._process.poll() is not None or time.monotonic() > give_up_at:
                    raise BeholderError(f"The web server did not start; see {self._log}.")
                await asyncio.sleep(ASK_EVERY_S)

    @property
    def pid(self) -> int | None:
        """The process that serves now."""
        return self._process.pid if self._process else None

    def kill(self) -> None:
        """End the server at once, as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> None:
        """Let the server finish what it does, and end it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()


async def _is_ready(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/ready")).is_success
    except httpx.TransportError:
        return False


def _free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
