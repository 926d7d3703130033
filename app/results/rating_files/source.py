"""A file's bytes and what kind of table they hold; what is no table is refused in a sentence."""

import contextlib
import gzip
import hashlib
import zlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from app.errors import InvalidInput

FILE_SUFFIXES = frozenset({".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".parquet", ".gz"})

_FOREIGN = (
    (b"PK\x03\x04", "a zip file or an Excel workbook; please save the sheet as CSV"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook; please save the sheet as CSV"),
    (b"%PDF", "a PDF document; please export the ratings as CSV"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"\x93NUMPY", "a NumPy array; please save it as CSV"),
    (b"MATLAB", "a MATLAB file; please save the ratings as CSV"),
    (b"SQLite format 3", "a SQLite database; please export the ratings as CSV"),
)


class Kind(StrEnum):
    """What can be read."""

    DELIMITED = "delimited text"
    JSON = "JSON"
    JSON_LINES = "JSON lines"
    PARQUET = "Parquet"


@dataclass(frozen=True)
class Source:
    """One file: its name, the digest of its bytes, and its content, decoded unless Parquet."""

    name: str
    sha256: str
    size: int
    kind: Kind
    content: bytes
    text: str
    notes: tuple[str, ...]


def read_source(path: Path) -> Source:
    """Read a file, unpack and decode it; raises InvalidInput with a sentence that names it."""
    raw = _bytes_of(path)
    content = _unpacked(path, raw)
    if not content.strip():
        raise InvalidInput(f"{path} is empty.")
    digest = hashlib.sha256(raw).hexdigest()
    if content[:4] == b"PAR1":
        return Source(path.name, digest, len(raw), Kind.PARQUET, content, "", ())
    text, notes = _decoded(path, content)
    return Source(path.name, digest, len(raw), _kind(path, text), content, text, notes)


def _bytes_of(path: Path) -> bytes:
    if path.is_dir():
        raise InvalidInput(f"{path} is a folder; please name the files with the ratings.")
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise InvalidInput(f"There is no file called {path}.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InvalidInput(f"{path} cannot be read: {reason}.") from None


def _unpacked(path: Path, raw: bytes) -> bytes:
    if raw[:2] != b"\x1f\x8b":
        return raw
    try:
        return gzip.decompress(raw)
    except (OSError, EOFError, zlib.error):
        raise InvalidInput(f"{path} is packed with gzip, but damaged.") from None


def _decoded(path: Path, content: bytes) -> tuple[str, tuple[str, ...]]:
    for start, what in _FOREIGN:
        if content.startswith(start):
            raise InvalidInput(f"{path} is {what}.")
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            return content.decode("utf-16"), ("The text is encoded in UTF-16.",)
        except UnicodeDecodeError:
            raise InvalidInput(f"{path} is no text that can be read.") from None
    if b"\0" in content:
        raise InvalidInput(f"{path} is not a text file; CSV, TSV, JSON and Parquet can be read.")
    try:
        return content.decode("utf-8-sig"), ()
    except UnicodeDecodeError:
        pass
    text = content.decode("latin-1")
    odd = sum(text.count(chr(code)) for code in range(32) if chr(code) not in "\t\r\n\f")
    if odd > len(text) / 1000:
        raise InvalidInput(f"{path} is not a text file; CSV, TSV, JSON and Parquet can be read.")
    with contextlib.suppress(UnicodeDecodeError):
        text = content.decode("cp1252")
    return text, ("The text is not UTF-8; it was read as Latin-1 (Windows-1252).",)


def _kind(path: Path, text: str) -> Kind:
    start = text.lstrip()[:200].lower()
    if start.startswith(("<!doctype", "<html", "<?xml", "<table", "<head", "<body")):
        raise InvalidInput(f"{path} is a web page or XML, not a table of ratings.")
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if ".jsonl" in suffixes or ".ndjson" in suffixes:
        return Kind.JSON_LINES
    if ".json" in suffixes:
        first = text.lstrip().split("\n", 1)
        looks_like_lines = len(first) == 2 and first[0].rstrip().endswith("}")
        return Kind.JSON_LINES if looks_like_lines and "{" in first[1] else Kind.JSON
    if start.startswith(("{", "[")) and not {".csv", ".tsv"} & set(suffixes):
        return Kind.JSON_LINES if "\n{" in text.strip() and start.startswith('{"') else Kind.JSON
    return Kind.DELIMITED
