"""CSV, TSV and their relatives: find the separator and the header, then read all cells as text.

Well-formed files are read by Arrow (840,000 rows in about a second).  Files with lines of other
lengths than the header's go through Python's reader, which can say which lines they are.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import pyarrow as pa
import pyarrow.csv as arrow_csv

from app.errors import InvalidInput
from app.results.rating_files.table import RatingTable, table_of, unique_names
from app.results.rating_files.wording import counted

SEPARATORS = (",", ";", "\t", "|")
SAMPLE_ROWS = 60
MAX_RAGGED_SHARE = 0.01

_SEP_LINE = re.compile(r"sep=(.)\r?\n")
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?", re.IGNORECASE)


class Layout(NamedTuple):
    """How the text is to be cut: ``skipped`` lines stood before it."""

    name: str
    separator: str
    header: list[str]
    has_header: bool
    skipped: int


class _Row(NamedTuple):
    line: int
    cells: list[str]


def read_delimited(text: str, *, name: str, has_header: bool | None = None) -> RatingTable:
    """The table in a text; raises InvalidInput if there is none.

    Without ``has_header`` the first row is a header unless it holds nothing but numbers that do
    not simply count up (0, 1, 2 … is how some programs write the header of a bare matrix).
    """
    text, separator, skipped = _without_preamble(text)
    separator = separator or _separator(text, name)
    if separator == " ":
        text = "\n".join("\t".join(line.split()) for line in text.splitlines())
        separator = "\t"
    first = next(_records(text, separator, name), _Row(0, [])).cells
    if has_header is None:
        has_header = not _is_data(first)
    header = unique_names(first if has_header else [""] * len(first))
    if len(header) < 2:
        raise InvalidInput(f"{name} has only one column; a table of ratings needs at least two.")
    layout = Layout(name, separator, header, has_header, skipped)
    table = _read_fast(text, layout) or _read_carefully(text, layout)
    if table.rows == 0:
        raise InvalidInput(f"{name} has a header, but no row of ratings.")
    notes = () if has_header else ("The first row holds numbers: the table has no header.",)
    return RatingTable(table.data, (*notes, *table.notes), first_line=skipped + 1 + has_header)


def _without_preamble(text: str) -> tuple[str, str | None, int]:
    """The text without comment lines and Excel's ``sep=`` line before the header."""
    separator, skipped = None, 0
    while match := _SEP_LINE.match(text) or re.match(r"[ \t]*(#[^\n]*)?\r?\n", text):
        if match.re is _SEP_LINE:
            separator = match[1]
        text, skipped = text[match.end() :], skipped + 1
    return text, separator, skipped


def _separator(text: str, name: str) -> str:
    """The separator that cuts the first rows most evenly into most cells."""
    best, most = None, (0.8, 1)
    for separator in SEPARATORS:
        rows = [row.cells for row in islice(_records(text, separator, name), SAMPLE_ROWS)]
        cells = len(rows[0]) if rows else 0
        even = sum(len(row) == cells for row in rows) / max(len(rows), 1)
        if cells > 1 and even >= 0.8 and (even, cells) > most:
            best, most = separator, (even, cells)
    if best:
        return best
    lengths = {len(line.split()) for line in text.splitlines()[:SAMPLE_ROWS] if line.strip()}
    return " " if len(lengths) == 1 and lengths != {1} else _first_separator(text)


def _first_separator(text: str) -> str:
    """Rows of uneven length: the separator that the first line has most of."""
    header = text.split("\n", 1)[0]
    return max(SEPARATORS, key=header.count)


def _records(text: str, separator: str, name: str) -> Iterator[_Row]:
    """Rows that are not empty, with the line on which each ends."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        for cells in reader:
            if cells:
                yield _Row(reader.line_num, cells)
    except csv.Error as error:
        line = f"line {reader.line_num}"
        raise InvalidInput(f"{name} is no table that can be read ({line}: {error}).") from None


def _is_data(first: Sequence[str]) -> bool:
    if not all(_NUMBER.fullmatch(cell.strip()) for cell in first):
        return False
    return list(first) not in [[str(i) for i in range(k, k + len(first))] for k in (0, 1)]


def _read_fast(text: str, layout: Layout) -> RatingTable | None:
    """All rows, if each has as many cells as the header."""
    encoded = text.encode()
    try:
        data = arrow_csv.read_csv(
            pa.BufferReader(encoded),
            read_options=arrow_csv.ReadOptions(
                column_names=layout.header,
                skip_rows=int(layout.has_header and "\n" not in ",".join(layout.header)),
                block_size=min(max(len(encoded), 2**16), 2**26),
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=layout.separator, newlines_in_values=True
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(layout.header, pa.string()), strings_can_be_null=False
            ),
        )
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None
    return RatingTable(data)


def _read_carefully(text: str, layout: Layout) -> RatingTable:
    """The rows that fit, with a note on those that had to be joined or left out.

    Two short rows in succession that make exactly one full row are one row that a line break
    inside an unquoted cell has torn apart; they are joined at that cell.
    """
    rows = list(_records(text, layout.separator, layout.name))[int(layout.has_header) :]
    width = len(layout.header)
    fitting: list[list[str]] = []
    joined, left_out = [], []
    place = 0
    while place < len(rows):
        row, place = rows[place], place + 1
        following = rows[place].cells if place < len(rows) else []
        if len(row.cells) == width or _is_padded(row.cells, width):
            fitting.append(row.cells[:width])
        elif (
            len(row.cells) < width > len(following) and len(row.cells) + len(following) == width + 1
        ):
            cells = [*row.cells[:-1], f"{row.cells[-1]} {following[0]}", *following[1:]]
            fitting.append(cells)
            joined.append(row.line + layout.skipped)
            place += 1
        else:
            left_out.append(_Row(row.line + layout.skipped, row.cells))
    _require_few(left_out, len(rows), layout)
    columns = list(zip(*fitting, strict=True)) if fitting else [()] * width
    return table_of(layout.header, columns, _notes_on(joined, left_out, width))


def _is_padded(cells: Sequence[str], width: int) -> bool:
    """Longer than the header by empty cells only."""
    return len(cells) > width and not any(cell.strip() for cell in cells[width:])


def _require_few(left_out: Sequence[_Row], rows: int, layout: Layout) -> None:
    if len(left_out) <= MAX_RAGGED_SHARE * rows:
        return
    line, cells = left_out[0]
    raise InvalidInput(
        f"{layout.name} is no regular table: its header has {len(layout.header)} cells, but"
        f" {len(left_out)} of {rows} rows have another number (line {line} has {len(cells)})."
    )


def _notes_on(joined: Sequence[int], left_out: Sequence[_Row], width: int) -> list[str]:
    notes = []
    if joined:
        notes.append(
            f"{counted(len(joined), 'row was', 'rows were')} torn apart by a line break inside a"
            f" cell and joined again ({_lines(joined)})."
        )
    if left_out:
        notes.append(
            f"{counted(len(left_out), 'row does', 'rows do')} not have {width} cells and"
            f" {'was' if len(left_out) == 1 else 'were'} left out"
            f" ({_lines([row.line for row in left_out])})."
        )
    return notes


def _lines(lines: Sequence[int]) -> str:
    shown = ", ".join(map(str, lines[:8]))
    more = f" and {len(lines) - 8} more" if len(lines) > 8 else ""
    return f"line{'s' if len(lines) > 1 else ''} {shown}{more}"
