"""Files of predictions: which picture, which metric, what value, and what is wrong in which line.

Two forms, told apart by the first line.  Long: one line for each picture and metric, with the
columns ``image``, ``metric``, ``value`` (and ``direction``, if a metric is not a known one).
Wide: one line for each picture, with the column ``image`` and one for each metric, where an empty
cell means that there is no prediction.  Columns are separated by commas, semicolons or tabs,
whichever the first line uses; where it is not the comma, a number may have a decimal comma.
"""

import csv
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.pool.metric_names import ImportOptions, MetricNames, NamedMetric
from app.pool.prompt_text import clean
from app.pool.records import Mistakes, decode

# Titles of the column that names the picture, and what its cells are.
IMAGE_COLUMNS = {
    **dict.fromkeys(("image", "name", "image_name", "stimulus", "picture"), "any"),
    **dict.fromkeys(("file", "filename", "file_name", "path", "image_path", "img"), "any"),
    **dict.fromkeys(("sha256", "image_sha256"), "sha256"),
    **dict.fromkeys(("image_id", "id"), "id"),
}
# The surest first, where a file names its pictures in several columns.
KINDS = ("id", "sha256", "any")
METRIC_COLUMNS = ("metric", "metric_name")
VALUE_COLUMNS = ("value", "score", "prediction")
DIRECTION_COLUMNS = ("direction", "higher_is_better")
DIRECTIONS = {
    **dict.fromkeys(("higher", "up", "true", "yes", "1", "1.0"), True),
    **dict.fromkeys(("lower", "down", "false", "no", "0", "0.0"), False),
}

Rows = Iterator[tuple[int, list[str]]]


@dataclass(frozen=True, slots=True)
class Prediction:
    """One value of a file, of the metric with this number, for the picture it calls this."""

    line: int
    reference: str
    metric: int
    value: float


@dataclass(frozen=True)
class PredictionFile:
    """What a file says; ``reference_kind`` is ``any``, ``sha256`` or ``id``."""

    reference_kind: str
    metrics: tuple[NamedMetric, ...]
    predictions: tuple[Prediction, ...]
    empty_cells: int


def read_predictions(content: bytes, options: ImportOptions, mistakes: Mistakes) -> PredictionFile:
    """The predictions of a file in its order; what is wrong with a line is noted, not raised."""
    text = decode(content, mistakes)
    delimiter = max(",;\t", key=text.lstrip("\r\n").split("\n", 1)[0].count)
    rows = _rows(text, delimiter, mistakes)
    line, titles = next(rows, (1, []))
    columns = [title.strip().lower() for title in titles]
    places = [i for i, column in enumerate(columns) if column in IMAGE_COLUMNS]
    place = min(places, key=lambda i: KINDS.index(IMAGE_COLUMNS[columns[i]]), default=None)
    repeated = sorted({c for c in columns if c and columns.count(c) > 1})
    names = MetricNames(options, mistakes)
    reading = _Reading(names, mistakes, has_decimal_comma=delimiter != ",")
    if place is None:
        mistakes.add(line, "The first line names no column 'image'.")
    elif repeated:
        mistakes.add(line, f"The column '{repeated[0]}' is there twice.")
    else:
        is_long = any(column in METRIC_COLUMNS for column in columns)
        read = reading.read_long if is_long else reading.read_wide
        read(rows, titles, place, line)
        names.note_unused_options()
    if not reading.predictions and not mistakes.count:
        mistakes.add(line, "The file contains no predictions.")
    return PredictionFile(
        reference_kind="any" if place is None else IMAGE_COLUMNS[columns[place]],
        metrics=tuple(names.metrics),
        predictions=tuple(reading.predictions),
        empty_cells=reading.empty_cells,
    )


def _rows(text: str, delimiter: str, mistakes: Mistakes) -> Rows:
    """Rows that are not blank, with the line each begins on."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            mistakes.add(line, "A quotation mark is opened here and not closed properly.")
            return
        if any(cell.strip() for cell in cells):
            yield line, cells


class _Reading:
    """What has been read of one file so far."""

    def __init__(self, names: MetricNames, mistakes: Mistakes, *, has_decimal_comma: bool) -> None:
        self.predictions: list[Prediction] = []
        self.empty_cells = 0
        self._names = names
        self._mistakes = mistakes
        self._has_decimal_comma = has_decimal_comma

    def read_wide(self, rows: Rows, titles: Sequence[str], place: int, line: int) -> None:
        """One line for each picture, one column for each metric."""
        found = {
            i: self._names.number_of(title, None, line)
            for i, title in enumerate(titles)
            if title.strip() and title.strip().lower() not in IMAGE_COLUMNS
        }
        metrics = {i: number for i, number in found.items() if number is not None}
        for line, cells in rows:
            reference = self._reference(cells, place, len(titles), line)
            if reference is None:
                continue
            for i, number in metrics.items():
                cell = cells[i].strip() if i < len(cells) else ""
                if not cell:
                    self.empty_cells += 1
                elif (value := self._value(cell, line, titles[i])) is not None:
                    self.predictions.append(Prediction(line, reference, number, value))

    def read_long(self, rows: Rows, titles: Sequence[str], place: int, line: int) -> None:
        """One line for each picture and metric."""
        columns = [title.strip().lower() for title in titles]
        named, valued, directed = (
            next((i for i, column in enumerate(columns) if column in known), None)
            for known in (METRIC_COLUMNS, VALUE_COLUMNS, DIRECTION_COLUMNS)
        )
        if named is None or valued is None:
            self._mistakes.add(line, "The first line names a column 'metric' but none 'value'.")
            return
        for line, cells in rows:
            reference = self._reference(cells, place, len(titles), line)
            cells += [""] * (len(titles) - len(cells))
            name = clean(cells[named])
            said = cells[directed].strip().lower() if directed is not None else ""
            if not name:
                self._mistakes.add(line, "The metric is missing.")
            elif said and said not in DIRECTIONS:
                sentence = f"The direction is “higher” or “lower”, not “{said[:40]}”."
                self._mistakes.add(line, sentence)
            else:
                number = self._names.number_of(name, DIRECTIONS.get(said), line)
                value = self._value(cells[valued].strip(), line, name)
                if reference is not None and number is not None and value is not None:
                    self.predictions.append(Prediction(line, reference, number, value))

    def _reference(self, cells: Sequence[str], place: int, width: int, line: int) -> str | None:
        if any(cell.strip() for cell in cells[width:]):
            sentence = f"The line has {len(cells)} cells where {width} are expected."
            self._mistakes.add(line, sentence)
            return None
        reference = cells[place].strip() if place < len(cells) else ""
        if not reference:
            self._mistakes.add(line, "The image is missing.")
        return reference or None

    def _value(self, cell: str, line: int, name: str) -> float | None:
        written = cell
        if self._has_decimal_comma and cell.count(",") == 1 and "." not in cell:
            written = cell.replace(",", ".")
        try:
            value = math.nan if "_" in written else float(written)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            shown = f"“{cell[:40]}” is" if cell else "An empty cell is"
            self._mistakes.add(line, f"{shown} not a number ({name.strip()}).")
            return None
        return value
