"""`beholder run` as people meet it: it prints where to go, repairs itself, and leaves nothing."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

PATIENCE_S = 60.0


class House:
    """One `beholder run` on a data folder, on a port of its own."""

    def __init__(self, data_folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self._environment = os.environ | {
            "BEHOLDER_DATA_FOLDER": str(data_folder),
            "BEHOLDER_PORT": str(self.port),
        }
        self._log = data_folder.parent / "run.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> str:
        """Start it and return what it has printed once it answers."""
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "app.cli", "run", "--no-demonstration"],
                env=self._environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        wait_until(lambda: "Ctrl-C stops Beholder" in self._log.read_text(), self.describe)
        return self._log.read_text()

    def describe(self) -> str:
        return self._log.read_text()

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/ready", timeout=2).is_success
        except httpx.HTTPError:
            return False

    def child(self, command: str) -> int:
        """The process id of the child with this in its command line."""
        assert self.process is not None
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal():
                try:
                    parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
                    words = (entry / "cmdline").read_text()
                except OSError:
                    continue
                if parent == str(self.process.pid) and command in words:
                    return int(entry.name)
        pytest.fail(f"{command} does not run")

    def stop(self) -> int:
        """Ctrl-C; the exit status."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE_S)


def wait_until(condition: Callable[[], bool], describe: Callable[[], str]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, describe()
        time.sleep(0.05)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path / "data")
    yield house
    if house.process is not None:
        house.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_a_first_start_a_killed_server_and_a_second_start(house: House) -> None:
    printed = house.start()
    assert re.search(r"Password: +[a-z2-9]{4}(-[a-z2-9]{4}){3} ", printed)
    assert f"http://127.0.0.1:{house.port}/dashboard" in printed
    assert house.is_ready()

    os.kill(house.child("serve"), signal.SIGKILL)
    wait_until(lambda: not house.is_ready(), house.describe)
    wait_until(house.is_ready, house.describe)

    worker, web = house.child("worker"), house.child("serve")
    assert house.stop() == 0
    for pid in (worker, web):
        assert not Path(f"/proc/{pid}").exists()
    assert not house.is_ready()

    again = house.start()
    assert "Password" not in again, "the owner is there already"
    assert house.is_ready()
    assert house.stop() == 0


def test_a_port_in_use_is_said_before_anything_is_started(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "app.cli", "run"],
            env=os.environ
            | {"BEHOLDER_DATA_FOLDER": str(tmp_path / "data"), "BEHOLDER_PORT": str(port)},
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )
    assert done.returncode == 1
    assert f"Port {port} of 127.0.0.1 cannot be used" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "data" / "postgres").exists()
