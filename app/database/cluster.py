"""PostgreSQL's own folder: making it, launching a server in it, asking and signalling that server.

What is done here assumes that `embedded.py` has decided, with its locks, that it may be done.
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import socket
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO
from urllib.parse import quote

from app.database.binaries import (
    EmbeddedDatabaseError,
    ServerUser,
    choose_server_user,
    find_reachable_binaries,
)

LOG_LIMIT_BYTES = 4 * 1024 * 1024
SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_PATH_LIMIT_BYTES = 100  # the system's own limit is 104 (macOS) or 108 (Linux)
LEFT_BY_A_KILLED_SERVER = ("postmaster.pid", SOCKET_NAME, f"{SOCKET_NAME}.lock")

INITDB_OPTIONS = (
    *("--username=postgres", "--auth-local=trust", "--auth-host=reject"),
    *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
    *("--data-checksums", "--no-instructions"),
)
CREATE_DATABASE = (
    b"CREATE ROLE beholder LOGIN CREATEDB;\nCREATE DATABASE beholder OWNER beholder;\n"
)
SETTINGS = {
    "listen_addresses": "",  # the socket in the cluster folder, of mode 0700, is the only way in
    "unix_socket_directories": ".",
    "port": "5432",
    "max_connections": "60",
    "shared_buffers": "128MB",
    "max_wal_size": "512MB",
    "fsync": "on",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_error_verbosity": "terse",  # details would quote e-mail addresses
    "cluster_name": "beholder",
}


class Cluster:
    """The folder `cluster` in the data folder, the server in it, and the server's log beside it."""

    def __init__(self, data_folder: Path) -> None:
        self.data_folder = data_folder
        self.folder = data_folder / "cluster"
        self.log = data_folder / "server.log"

    @property
    def url(self) -> str:
        """The address for SQLAlchemy; the same for every process and after every restart."""
        return f"postgresql+psycopg://beholder@/beholder?host={quote(str(self._socket_folder()))}"

    # -- launching --------------------------------------------------------------------------

    def launch(self, lock: int) -> None:
        """Start a server that inherits the lock and outlives us; nothing may be running."""
        user = choose_server_user(self.data_folder, self.folder)
        binaries, major = find_reachable_binaries(user)
        if not self.folder.exists():
            self._create(binaries, user, lock)
        self._check_version(major)
        user.own(self.folder)
        for name in LEFT_BY_A_KILLED_SERVER:
            (self.folder / name).unlink(missing_ok=True)
        options = shlex.join(f"--{name}={value}" for name, value in SETTINGS.items())
        start = ["start", "--silent", "--no-wait", "--options", options, "-D", user.data_argument]
        self._run([binaries / "pg_ctl", *start], user, lock, inside=self.folder)

    def _create(self, binaries: Path, user: ServerUser, lock: int) -> None:
        """Make the cluster with our database under another name, then rename it: all or nothing."""
        draft = self.data_folder / "cluster.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        user.own(draft)
        here = ("-D", user.data_argument)
        self._run([binaries / "initdb", *INITDB_OPTIONS, *here], user, lock, inside=draft)
        single_user = ("--single", "-c", "exit_on_error=on", *here, "postgres")
        sql = CREATE_DATABASE
        self._run([binaries / "postgres", *single_user], user, lock, inside=draft, stdin=sql)
        draft.rename(self.folder)
        _sync_folder(self.data_folder)

    def _check_version(self, major: int) -> None:
        """Refuse a cluster of another major version in words that say what to do."""
        found = (self.folder / "PG_VERSION").read_text().strip()
        if found != str(major):
            raise EmbeddedDatabaseError(
                f"The database in {self.data_folder} was made by PostgreSQL {found}, but "
                f"PostgreSQL {major} is installed; export the data with the old version, or "
                "install that version again."
            )

    def _run(
        self,
        command: list[str | Path],
        user: ServerUser,
        lock: int,
        *,
        inside: Path,
        stdin: bytes = b"",
    ) -> None:
        """Run one of PostgreSQL's programs; what it says goes to the log."""
        with self._open_log() as log:
            done = user.run(command, inside=inside, output=log, inherit=[lock], stdin=stdin)
        if done.returncode != 0:
            raise self.failure(f"PostgreSQL's {Path(command[0]).name} failed")

    # -- asking and signalling --------------------------------------------------------------

    def is_ready(self) -> bool:
        """Whether the server's note says "ready" and its socket answers."""
        state = self._pid_file_lines()[7:8]
        return [line.strip() for line in state] == ["ready"] and self._answers()

    def send_signal(self, request: int) -> None:
        """Send a signal to the server named in the pid file; a server must be alive."""
        for line in self._pid_file_lines()[:1]:
            with suppress(ProcessLookupError):
                os.kill(int(line), request)

    def _pid_file_lines(self) -> list[str]:
        """The server's own note: process id in line 1, state in line 8; empty without a note."""
        try:
            return (self.folder / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(1.0)
            try:
                probe.connect(str(self._socket_folder() / SOCKET_NAME))
            except OSError:
                return False
            return True

    # -- the socket's address ---------------------------------------------------------------

    def _socket_folder(self) -> Path:
        """The cluster folder, or a short link to it where a socket's path would be too long.

        libpq also takes a comma for the end of a host name.
        """
        path = os.fsencode(self.folder / SOCKET_NAME)
        if len(path) <= SOCKET_PATH_LIMIT_BYTES and b"," not in path:
            return self.folder
        link = self._short_link()
        with suppress(FileExistsError):
            link.symlink_to(self.folder)
        if link.lstat().st_uid != os.geteuid() or link.readlink() != self.folder:
            raise EmbeddedDatabaseError(f"The file {link} is in the way; please remove it.")
        return link

    def _short_link(self) -> Path:
        place = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
        name = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:12]
        return Path(place, f"beholder-{os.geteuid()}-{name}")

    def remove_short_link(self) -> None:
        """Tidy up after the last user."""
        with suppress(OSError):
            self._short_link().unlink()

    # -- the log ----------------------------------------------------------------------------

    def failure(self, what: str) -> EmbeddedDatabaseError:
        """An error that quotes the log's last lines, those that name an error if there are any."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        lines = [line.strip() for line in text.splitlines()[-10:] if line.strip()]
        telling = [line for line in lines if re.search("ERROR|FATAL|PANIC", line)] or lines
        return EmbeddedDatabaseError(
            f"{what}; its log {self.log} ends with: {' / '.join(telling[-3:]) or 'nothing'}"
        )

    def bound_log(self) -> None:
        """Keep one older log; the server appends, so emptying the file under it is safe."""
        with suppress(FileNotFoundError):
            if self.log.stat().st_size > LOG_LIMIT_BYTES:
                shutil.copyfile(self.log, self.log.with_suffix(".log.1"))
                os.truncate(self.log, 0)

    def _open_log(self) -> IO[bytes]:
        return os.fdopen(open_own_file(self.log, os.O_WRONLY | os.O_APPEND), "ab")


def open_own_file(path: Path, flags: int) -> int:
    """Open a private file of ours; made by root, it belongs to whom its folder belongs to."""
    file = os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW, mode=0o600)
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.fchown(file, owner.st_uid, owner.st_gid)
    return file


def _sync_folder(folder: Path) -> None:
    """Make a rename in this folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
