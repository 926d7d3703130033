"""Children of `beholder run`: started again when they die, stopped gently, never orphaned."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from app.supervision import Child

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]
STUBBORN = (
    "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "print('deaf', flush=True); time.sleep(60)"
)


def wait_until(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_killed_child_is_started_again() -> None:
    child = Child("sleeper", SLEEPER)
    child.start()
    first = child.process
    assert first is not None
    assert not child.restart_if_dead()
    first.kill()
    first.wait()
    wait_until(child.restart_if_dead)
    assert child.process is not first
    child.stop()
    assert child.process is not None
    assert child.process.returncode == -signal.SIGTERM


def test_a_child_that_dies_at_once_is_not_started_in_a_tight_loop() -> None:
    child = Child("broken", [sys.executable, "-c", "raise SystemExit(3)"])
    child.start()
    assert child.process is not None
    child.process.wait()
    starts, end = 0, time.monotonic() + 2.5
    while time.monotonic() < end:
        starts += child.restart_if_dead()
        time.sleep(0.01)
    assert starts == 1


def test_a_child_that_does_not_listen_is_killed(monkeypatch) -> None:
    monkeypatch.setattr("app.supervision.GRACE_S", 0.3)
    child = Child("stubborn", [sys.executable, "-c", STUBBORN])
    child.start()
    assert child.process is not None
    time.sleep(0.5)
    child.stop()
    assert child.process.returncode == -signal.SIGKILL


def test_children_do_not_outlive_a_killed_parent() -> None:
    parent_code = (
        "import time; from app.supervision import Child;"
        f"child = Child('sleeper', {SLEEPER!r}); child.start();"
        "print(child.process.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", parent_code], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    child_pid = int(parent.stdout.readline())
    assert is_alive(child_pid)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    wait_until(lambda: not is_alive(child_pid))
