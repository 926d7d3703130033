"""The embedded PostgreSQL server: started, joined, watched and stopped in one data folder.

Two lock files in the data folder make every decision:

- `server.lock` is held by the server's processes, which inherit it when they start. Nobody needs
  to trust a process id: whoever gets this lock knows that no server is alive, and may clean up
  after the last one.
- `users.lock` is shared by all who use the server. Whoever leaves last stops the server, no matter
  who started it; a server whose starter was killed is simply joined by the next one.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from app.database.binaries import EmbeddedDatabaseError, find_binaries
from app.database.cluster import Cluster, open_own_file

if sys.platform != "win32":
    import fcntl

__all__ = ["EmbeddedDatabase", "EmbeddedDatabaseError", "find_binaries"]

START_TIMEOUT_S = 60.0  # recovery after a crash replays at most max_wal_size of log
STOP_TIMEOUT_S = 15.0
POLL_S = 0.005


class EmbeddedDatabase:
    """One PostgreSQL server for one data folder, shared by all processes that name the folder."""

    def __init__(self, data_folder: Path) -> None:
        self._folder = data_folder.resolve()
        self._cluster = Cluster(self._folder)
        self._membership: int | None = None  # our share of users.lock, while started

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The address for SQLAlchemy; the same for every process and after every restart."""
        return self._cluster.url

    def start(self) -> str:
        """Start the server, or join the one that runs, and return its address."""
        if sys.platform == "win32":
            raise EmbeddedDatabaseError(
                "The embedded database needs Linux or macOS; name a PostgreSQL server in "
                "BEHOLDER_DATABASE_URL."
            )
        try:
            with self._system_errors_in_words():
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._join_users()
                self._ensure_running()
                return self.url
        except BaseException:
            self._leave_users()
            raise

    def stop(self) -> None:
        """Leave the server, and stop it when nobody else uses it."""
        self._leave_users()
        if not self._folder.exists():
            return
        with self._system_errors_in_words():
            last = self._try_lock("users.lock", exclusive=True)
            if last is None:
                return
            try:  # nobody can join while we hold this lock
                self._shut_down()
            finally:
                os.close(last)

    def is_running(self) -> bool:
        """Whether the server says that it is ready and its socket answers."""
        return self._cluster.is_ready()

    def restart_if_dead(self) -> bool:
        """Start a server that was killed again, at the same address; to be called every second.

        Returns whether that was needed. Connections made before are broken, commits are kept.
        """
        with self._system_errors_in_words():
            self._cluster.bound_log()
            if self._membership is None or self.is_running():
                return False
            self._ensure_running()
            return True

    def _ensure_running(self) -> None:
        """Wait for a ready server; launch one when `server.lock` shows that none is alive.

        The lock may be held by a server that is starting or ending, or by another starter: all
        of these pass.
        """
        deadline = time.monotonic() + START_TIMEOUT_S
        launched = False
        while not self.is_running():
            lock = self._try_lock("server.lock", exclusive=True)
            if lock is not None:
                try:
                    if launched:  # our server let go of the lock, so it has ended
                        raise self._cluster.failure("The database did not start")
                    self._cluster.launch(lock)
                    launched = True
                finally:
                    os.close(lock)  # from here on only the server holds it
            if time.monotonic() > deadline:
                raise self._cluster.failure(f"The database is not ready after {START_TIMEOUT_S} s")
            time.sleep(POLL_S)

    def _shut_down(self) -> None:
        """End all connections and the server; insist when that takes too long."""
        for request in (signal.SIGINT, signal.SIGQUIT):  # PostgreSQL's "fast" and "immediate"
            deadline = time.monotonic() + STOP_TIMEOUT_S
            if self._is_server_alive():
                self._cluster.send_signal(request)
            while self._is_server_alive():
                if time.monotonic() > deadline:
                    break
                time.sleep(POLL_S)
            else:
                self._cluster.remove_short_link()
                return
        raise self._cluster.failure("The database did not stop")

    @contextmanager
    def _system_errors_in_words(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise EmbeddedDatabaseError(
                f"The database folder {self._folder} cannot be used: {error.strerror or error}."
            ) from error

    # -- locks ------------------------------------------------------------------------------

    def _join_users(self) -> None:
        """Become a user of the server; waits while the last user before us is stopping it."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while self._membership is None:
            self._membership = self._try_lock("users.lock", exclusive=False)
            if self._membership is None and time.monotonic() > deadline:
                raise self._cluster.failure("Another process does not finish stopping the database")
            time.sleep(0 if self._membership else POLL_S)

    def _leave_users(self) -> None:
        if self._membership is not None:
            os.close(self._membership)
            self._membership = None

    def _is_server_alive(self) -> bool:
        """Whether any of the server's processes still holds its lock."""
        lock = self._try_lock("server.lock", exclusive=True)
        if lock is None:
            return True
        os.close(lock)
        return False

    def _try_lock(self, name: str, *, exclusive: bool) -> int | None:
        """An open file that holds the lock, or None while another holds it; closing it unlocks."""
        file = open_own_file(self._folder / name, os.O_RDWR)
        try:
            fcntl.flock(file, fcntl.LOCK_NB | (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH))
        except BlockingIOError:
            os.close(file)
            return None
        return file
