"""Records of an uploaded file: plain text, CSV, TSV or JSONL, each with the line it begins on.

Nothing here stops at the first mistake: reading goes on, so that a person sees all of them at
once, by line number, and can mend the file in one go.
"""

import codecs
import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePath
from typing import Any, NoReturn

from app.errors import ImportRefused, Problem

LISTED_MISTAKES = 50
CELL_LIMIT = 131_072  # the csv module's own; longer means a quotation mark that is never closed
DEEPEST_NESTING = 50  # levels of a JSON value; far more cannot be stored
_QUOTED_CELL = re.compile(r'"(?:[^"]|"")*"')


class RecordForm(StrEnum):
    """How the records of a file are written."""

    TEXT = "text"
    CSV = "csv"
    TSV = "tsv"
    JSONL = "jsonl"


FORM_BY_SUFFIX = {
    ".txt": RecordForm.TEXT,
    ".csv": RecordForm.CSV,
    ".tsv": RecordForm.TSV,
    ".tab": RecordForm.TSV,
    ".jsonl": RecordForm.JSONL,
    ".ndjson": RecordForm.JSONL,
}


def form_of(file_name: str) -> RecordForm:
    """The form that a file's name promises; raises ImportRefused for an unknown ending."""
    form = FORM_BY_SUFFIX.get(PurePath(file_name).suffix.lower())
    if form is None:
        raise ImportRefused("The file's name must end in .txt, .csv, .tsv or .jsonl.")
    return form


@dataclass
class Mistakes:
    """What is wrong with a file: all counted, the first ones kept with their line."""

    count: int = 0
    listed: list[tuple[int, str]] = field(default_factory=list)

    def add(self, line: int, sentence: str) -> None:
        self.count += 1
        if len(self.listed) < LISTED_MISTAKES:
            self.listed.append((line, sentence))

    def as_problems(self) -> tuple[Problem, ...]:
        return tuple(Problem(f"line {line}", sentence) for line, sentence in sorted(self.listed))

    def refuse_if_any(self) -> None:
        """Raise ImportRefused with the mistakes that were listed and the number of all."""
        if self.count:
            raise ImportRefused(refusal(self.count), problems=self.as_problems())


def refusal(count: int) -> str:
    """The sentence above a list of mistakes."""
    number = "one mistake" if count == 1 else f"{count:,} mistakes"
    rest = f"; the first {LISTED_MISTAKES} are listed" if count > LISTED_MISTAKES else ""
    return f"Nothing was imported, because the file has {number}{rest}."


@dataclass(frozen=True)
class Row:
    """The cells of one line (or of several, where a quoted cell holds line breaks)."""

    line: int
    cells: list[str]


@dataclass(frozen=True)
class Record:
    """Values by column name; names are lower-case."""

    line: int
    values: dict[str, Any]

    def first_of(self, names: Sequence[str]) -> Any:
        """The value of the first of these columns that the record has and that is not empty."""
        return next((v for name in names if (v := self.values.get(name)) not in (None, "")), None)


def decode(content: bytes, mistakes: Mistakes) -> str:
    """The file as text, without a byte order mark; notes lines that are not clean UTF-8."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        mistakes.add(1, "The file is in UTF-16; please save it as UTF-8.")
        return ""
    content = content.removeprefix(codecs.BOM_UTF8)
    try:
        text = content.decode()
    except UnicodeDecodeError:
        _note_undecodable(content, mistakes)
        text = content.decode(errors="replace")
    if "\0" in text:
        for number, line in enumerate(text.split("\n"), start=1):
            if "\0" in line:
                mistakes.add(number, "The line contains a NUL character.")
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def _note_undecodable(content: bytes, mistakes: Mistakes) -> None:
    for number, line in enumerate(content.split(b"\n"), start=1):
        try:
            line.decode()
        except UnicodeDecodeError as error:
            byte = line[error.start]
            mistakes.add(number, f"Byte {error.start + 1} (0x{byte:02x}) is not valid UTF-8.")


def read_lines(text: str) -> Iterator[Row]:
    """Every line that is not blank, as one cell."""
    for number, line in enumerate(io.StringIO(text, newline=None), start=1):
        if line.strip():
            yield Row(number, [line])


def read_table(text: str, form: RecordForm, mistakes: Mistakes) -> list[Row]:
    """Rows of a CSV or TSV file; blank ones are left out.

    A TSV file may be written with quotation marks (as spreadsheets do) or without any quoting,
    where a mark at the beginning of a cell means itself; the second is tried when the first fails.
    """
    if form is RecordForm.CSV:
        return list(_quoted_rows(text, ",", mistakes))
    doubts = Mistakes()
    rows = list(_quoted_rows(text, "\t", doubts))
    return list(_unquoted_rows(text)) if doubts.count else rows


def _quoted_rows(text: str, delimiter: str, mistakes: Mistakes) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            mistakes.add(line, _quoting_sentence(error))
            continue
        if any(cell.strip() for cell in cells):
            yield Row(line, cells)


def _quoting_sentence(error: csv.Error) -> str:
    if "unexpected end" in str(error) or "field limit" in str(error):
        return "A quotation mark is opened here and not closed."
    return "A quotation mark inside a quoted cell must be doubled."


def _unquoted_rows(text: str) -> Iterator[Row]:
    for row in read_lines(text):
        cells = row.cells[0].rstrip("\n").split("\t")
        yield Row(row.line, [_unwrapped(cell) for cell in cells])


def _unwrapped(cell: str) -> str:
    """The cell without the marks around it, where a spreadsheet has put them."""
    return cell[1:-1].replace('""', '"') if _QUOTED_CELL.fullmatch(cell) else cell


def name_cells(rows: Sequence[Row], columns: Sequence[str], mistakes: Mistakes) -> list[Record]:
    """Records of rows; one with more cells than columns is a mistake, never cut."""
    names = [column.strip().lower() for column in columns]
    records = []
    for row in rows:
        if any(cell.strip() for cell in row.cells[len(names) :]):
            mistakes.add(
                row.line,
                f"The line has {len(row.cells)} cells where {len(names)} are expected; "
                "text that contains the separator needs quotation marks.",
            )
            continue
        records.append(Record(row.line, dict(zip(names, row.cells, strict=False))))
    return records


def read_objects(text: str, mistakes: Mistakes) -> list[Record]:
    """Records of a file with one JSON object per line; blank lines are left out."""
    records = []
    for row in read_lines(text):
        try:
            value = json.loads(row.cells[0], parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            mistakes.add(row.line, f"The line is not valid JSON: {_json_sentence(error)}.")
            continue
        if _is_deeper(value, DEEPEST_NESTING):
            mistakes.add(row.line, f"The line is nested more than {DEEPEST_NESTING} levels deep.")
        elif isinstance(value, dict):
            names = {key.strip().lower(): item for key, item in value.items()}
            records.append(Record(row.line, names))
        else:
            mistakes.add(row.line, "The line is not a JSON object in braces.")
    return records


def _is_deeper(value: Any, levels: int) -> bool:
    """Whether a JSON value has more than so many objects and lists inside each other."""
    if not isinstance(value, dict | list):
        return False
    parts = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deeper(part, levels - 1) for part in parts)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")


def _json_sentence(error: ValueError | RecursionError) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg[:1].lower()}{error.msg[1:]} at column {error.colno}"
    return str(error)
