"""Where finished images come from: a folder or a zip file, read without trusting it.

Files are looked up in a listing, never opened by a path that a manifest made up, so no path leads
out of the folder.  Sizes are limited twice: by what is declared, and while reading.
"""

import lzma
import os
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path, PureWindowsPath
from typing import Protocol, TypeVar

from app.errors import ImageRefused, ImportRefused

MIB = 1024 * 1024
FILE_LIMIT_BYTES = 64 * MIB
ENTRY_LIMIT = 200_000
# Pictures hardly shrink in a zip file: one that promises much more than it holds is a bomb.
SMALLEST_TOTAL_LIMIT_BYTES = 1024 * MIB
EXPANSION_LIMIT = 20
Made = TypeVar("Made")
# Whatever the unpackers raise for content that is damaged, encrypted or of an unknown kind.
UNPACKING_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    MemoryError,  # a damaged header asks for a huge dictionary
    RuntimeError,  # also NotImplementedError
    ValueError,
)
NOT_MEANT = {"__MACOSX", "Thumbs.db", "desktop.ini"}


class ImageFiles(Protocol):
    """The files of a folder or zip file, by their path relative to its top."""

    def list_paths(self) -> list[str]:
        """Every file, without those that systems leave behind."""

    def read(self, path: str) -> bytes:
        """The bytes of one file; raises ImageRefused with a sentence."""


@contextmanager
def open_image_files(source: Path) -> Iterator[ImageFiles]:
    """The files of this folder or zip file; raises ImportRefused for anything else."""
    if source.is_dir():
        yield FolderFiles(source)
        return
    if not source.is_file():
        raise ImportRefused("There is no such folder or zip file.")
    try:
        archive = zipfile.ZipFile(source)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise ImportRefused("This is neither a folder nor a readable zip file.") from None
    with archive:
        yield ZipFiles(archive, archive_bytes=source.stat().st_size)


def for_each_file(
    paths: Iterable[str], work: Callable[[str], Made]
) -> dict[str, Made | ImageRefused]:
    """The outcome of the work for each file, done on all processors at once."""

    def outcome(path: str) -> Made | ImageRefused:
        try:
            return work(path)
        except ImageRefused as refused:
            return refused

    paths = list(paths)
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as threads:
        return dict(zip(paths, threads.map(outcome, paths), strict=True))


def tidy_path(path: str) -> str:
    """The path in the form in which files are listed."""
    slashes = path.strip().replace("\\", "/").removeprefix("./")
    return unicodedata.normalize("NFC", slashes)


def path_objection(path: str) -> str | None:
    """Why this path cannot name a file inside the folder, or None."""
    if tidy_path(path).startswith("/") or PureWindowsPath(path).drive:
        return "The path is absolute; paths are relative to the folder or zip file."
    if ".." in tidy_path(path).split("/"):
        return "The path leads out of the folder."
    return None


class FolderFiles:
    """The files of a folder; links are followed only while they stay inside."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._paths = {tidy_path(path): path for path in _walk(self._folder)}

    def list_paths(self) -> list[str]:
        return sorted(self._paths)

    def read(self, path: str) -> bytes:
        found = self._paths.get(tidy_path(path))
        if found is None:
            raise ImageRefused(_missing(path, self._paths))
        real = (self._folder / found).resolve()
        if not real.is_relative_to(self._folder):
            raise ImageRefused("The file is a link that leads out of the folder.")
        return self._read_regular(real)

    def _read_regular(self, real: Path) -> bytes:
        """Read a plain file; a pipe or device would block or never end."""
        if not real.is_file():
            raise ImageRefused("This is not a plain file.")
        try:
            with real.open("rb") as file:
                return _within_limit(file.read(FILE_LIMIT_BYTES + 1))
        except OSError as error:
            raise ImageRefused(f"The file cannot be read: {error.strerror}.") from None


class ZipFiles:
    """The files of a zip file; what it declares is checked before anything is unpacked."""

    def __init__(self, archive: zipfile.ZipFile, *, archive_bytes: int) -> None:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        if len(entries) > ENTRY_LIMIT:
            raise ImportRefused(f"The zip file has more than {ENTRY_LIMIT:,} entries.")
        limit = max(SMALLEST_TOTAL_LIMIT_BYTES, EXPANSION_LIMIT * archive_bytes)
        if sum(entry.file_size for entry in entries) > limit:
            raise ImportRefused(
                f"The zip file would unpack to more than {limit // MIB:,} MiB, which no zip file "
                "of pictures does; nothing was unpacked."
            )
        self._archive = archive
        self._entries = {
            tidy_path(entry.filename): entry for entry in entries if _is_meant(entry.filename)
        }

    def list_paths(self) -> list[str]:
        return sorted(self._entries)

    def read(self, path: str) -> bytes:
        entry = self._entries.get(tidy_path(path))
        if entry is None:
            raise ImageRefused(_missing(path, self._entries))
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise ImageRefused("The file is a link, which a zip file may not contain.")
        if entry.flag_bits & 0x1:
            raise ImageRefused("The file is encrypted.")
        _within_limit(b"", declared=entry.file_size)
        try:
            with self._archive.open(entry) as file:
                return _within_limit(file.read(FILE_LIMIT_BYTES + 1))
        except UNPACKING_ERRORS as error:
            why = str(error) or "its content is damaged"
            raise ImageRefused(f"The file cannot be unpacked: {why}.") from None


def _walk(folder: Path) -> Iterator[str]:
    """Paths of all files, relative and with forward slashes; linked folders are not entered."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if _is_meant(name))
        for name in names:
            path = (Path(place) / name).relative_to(folder).as_posix()
            if _is_meant(path):
                yield path


def _is_meant(path: str) -> bool:
    """False for what file managers and archivers leave behind."""
    return not any(part in NOT_MEANT or part.startswith(".") for part in path.split("/"))


def _within_limit(content: bytes, *, declared: int = 0) -> bytes:
    if max(len(content), declared) > FILE_LIMIT_BYTES:
        raise ImageRefused(f"The file is larger than {FILE_LIMIT_BYTES // MIB} MiB.")
    return content


def _missing(path: str, known: Mapping[str, object]) -> str:
    """Say that a file is missing, and what it may have been called."""
    by_lower = {name.lower(): name for name in known}
    near = by_lower.get(tidy_path(path).lower())
    return f"There is no such file; did you mean '{near}'?" if near else "There is no such file."
