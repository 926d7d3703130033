"""JSON and JSON lines as tables: rows of objects, raters by stimuli, or a dataset of sureal.

Understood are a list of objects (one per rating, or one per rater); an object that holds such a
list, under any name; an object that holds a matrix of raters by stimuli without names, under any
name, ``{"scores": [[5, null], [4, 3]]}``; an object of objects, ``{"rater": {"stimulus": score}}``
or the other way round; and the dataset of sureal,
``{"dis_videos": [{"path": …, "os": [5, 4] or {"rater": 5}}]}``.
"""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from app.errors import InvalidInput
from app.results.rating_files.table import RatingTable, table_of

OUTER = "(outer name)"
"""The name of the column that holds the outer names of an object of objects."""


def read_json(text: str, *, name: str) -> RatingTable:
    """The table in a JSON document; raises InvalidInput if there is none."""
    return _table(_parsed(text, name), name)


def read_json_lines(text: str, *, name: str) -> RatingTable:
    """The table of a file with one JSON object per line."""
    rows = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            row = _parsed(line, f"{name}, line {number},")
            if not isinstance(row, dict):
                raise InvalidInput(f"{name}, line {number}: a JSON object is expected here.")
            rows.append(row)
    return _rows_table(rows, name)


def _parsed(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except RecursionError:
        raise InvalidInput(f"{name} is nested too deeply.") from None
    except ValueError as error:
        raise InvalidInput(f"{name} is not valid JSON: {error}.") from None


def _table(document: Any, name: str) -> RatingTable:
    if isinstance(document, list):
        return _list_table(document, name)
    if isinstance(document, dict):
        if isinstance(document.get("dis_videos"), list):
            return _sureal_table(document["dis_videos"], name)
        lists = [key for key, value in document.items() if _is_rows(value)]
        if len(lists) == 1:
            return _list_table(document[lists[0]], name)
        if len(lists) > 1:
            raise InvalidInput(f"{name} holds several tables: {', '.join(lists[:6])}.")
        matrices = [key for key, value in document.items() if _is_matrix(value)]
        if len(matrices) == 1:
            return _matrix_table(matrices[0], document[matrices[0]], name)
        if len(matrices) > 1:
            raise InvalidInput(f"{name} holds several tables: {', '.join(matrices[:6])}.")
        if document and all(isinstance(value, dict) for value in document.values()):
            return _nested_table(document, name)
    raise InvalidInput(
        f"{name} holds no table of ratings; a list of objects, or an object of raters with a"
        " score for each stimulus, can be read."
    )


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(x, dict) for x in value)


def _is_matrix(value: Any) -> bool:
    """Whether it is a list of equally long lists of numbers and nulls."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(row, list) and row and len(row) == len(value[0]) for row in value)
        and all(_is_score(cell) for row in value for cell in row)
    )


def _is_score(cell: Any) -> bool:
    return cell is None or (isinstance(cell, int | float) and not isinstance(cell, bool))


def _matrix_table(key: str, rows: list[list[Any]], name: str) -> RatingTable:
    """A row for each rater, a column for each stimulus, numbered from 1."""
    names = [_numbered("stimulus", place, len(rows[0])) for place in range(1, len(rows[0]) + 1)]
    raters = [_numbered("rater", place, len(rows)) for place in range(1, len(rows) + 1)]
    columns = [[_cell(cell) for cell in column] for column in zip(*rows, strict=True)]
    note = (
        f"{name} names neither raters nor stimuli: each row of {key} was taken for a rater, each"
        " column for a stimulus, and null for no rating."
    )
    return table_of(["rater", *names], [raters, *columns], [note])


def _numbered(what: str, place: int, of: int) -> str:
    """A name that sorts by its number."""
    return f"{what} {place:0{len(str(of))}}"


def _list_table(rows: list[Any], name: str) -> RatingTable:
    if rows and all(isinstance(row, list) for row in rows):
        header, *body = rows
        if all(isinstance(cell, str) for cell in header):
            return _rows_table([dict(zip(header, row, strict=False)) for row in body], name)
        return _rows_table([dict(enumerate(row, start=1)) for row in rows], name)
    if not all(isinstance(row, dict) for row in rows):
        raise InvalidInput(f"{name} holds a list, but not a list of objects with named values.")
    return _rows_table(rows, name)


def _rows_table(rows: Sequence[Mapping[Any, Any]], name: str) -> RatingTable:
    flat = [_flat(row) for row in rows]
    names = list(dict.fromkeys(key for row in flat for key in row))
    if not flat or not names:
        raise InvalidInput(f"{name} holds no ratings.")
    return table_of(names, [[row.get(key, "") for row in flat] for key in names])


def _flat(row: Mapping[Any, Any], start: str = "") -> dict[str, str]:
    cells: dict[str, str] = {}
    for key, value in row.items():
        if isinstance(value, dict):
            cells.update(_flat(value, f"{start}{key}."))
        else:
            cells[f"{start}{key}"] = _cell(value)
    return cells


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return value if isinstance(value, str) else json.dumps(value)


def _nested_table(document: Mapping[str, Mapping[str, Any]], name: str) -> RatingTable:
    rows = [{OUTER: outer} | dict(inner) for outer, inner in document.items()]
    return _rows_table(rows, name)


def _sureal_table(videos: Sequence[Any], name: str) -> RatingTable:
    rows: list[dict[str, Any]] = []
    for place, video in enumerate(videos):
        if not isinstance(video, dict) or "os" not in video:
            raise InvalidInput(f"{name}: entry {place + 1} of dis_videos has no scores (os).")
        stimulus = video.get("path", video.get("asset_id", place))
        scores = video["os"]
        named = scores if isinstance(scores, dict) else dict(enumerate(scores))
        for rater, given in named.items():
            for repetition, score in enumerate(given if isinstance(given, list) else [given]):
                rows.append(
                    {
                        "rater": str(rater),
                        "stimulus": str(stimulus),
                        "repetition": repetition,
                        "score": score,
                    }
                )
    return _rows_table(rows, name)
