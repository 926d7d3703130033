"""Child processes of ``beholder run``: started, watched, restarted, and stopped in order."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import structlog

log = structlog.get_logger()

GRACE_S = 20.0
# A child that dies again and again is restarted after 1, 2, 4 … seconds, at most this long.
LONGEST_PAUSE_S = 30.0
# A child that lived this long has recovered from whatever killed it before.
HEALTHY_S = 60.0
PR_SET_PDEATHSIG = 1


@dataclass
class Child:
    """A process that should be running; it never hears the terminal's Ctrl-C itself."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    pause_s: float = 1.0

    def start(self) -> None:
        """Start the process in a session of its own; it dies with its parent where Linux helps."""
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603  # our own commands only
            list(self.command),
            env=os.environ | dict(self.environment),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
        )

    def restart_if_dead(self) -> bool:
        """Start the process again if it has ended; waits longer each time it dies young."""
        if self.process is None or self.process.poll() is None:
            return False
        lived_s = time.monotonic() - self.started_at
        self.pause_s = 1.0 if lived_s > HEALTHY_S else self.pause_s
        if lived_s < self.pause_s:
            return False
        log.warning("process_restarted", process=self.name, status=self.process.returncode)
        self.pause_s = min(self.pause_s * 2, LONGEST_PAUSE_S)
        self.start()
        return True

    def stop(self) -> None:
        """Ask the process to finish what it does; end it if that takes too long."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            log.warning("process_killed", process=self.name)
            self.process.kill()
            self.process.wait()


def _die_with_parent() -> None:
    """Have the kernel end this process when its parent is killed, so that nothing is orphaned."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
