"""The manifest of finished images: which file answers which prompt, and how it was made."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from app.pool.conditions import ConditionSettings, canonical_json
from app.pool.image_files import path_objection, tidy_path
from app.pool.prompt_text import (
    LONGEST_LABEL,
    NewPrompt,
    clean,
    prompt_objection,
    storing_objection,
)
from app.pool.records import (
    Mistakes,
    Record,
    RecordForm,
    decode,
    name_cells,
    read_objects,
    read_table,
)

FILE_COLUMNS = ("file", "filename", "file_name", "path", "name")
GENERATOR_COLUMNS = ("generator", "model")
PROMPT_COLUMNS = ("prompt", "text", "caption")
SETTING_COLUMNS = ("guidance", "steps", "scheduler", "width", "height", "seed", "revision")
KNOWN_COLUMNS = frozenset(
    (*FILE_COLUMNS, *GENERATOR_COLUMNS, *PROMPT_COLUMNS, *SETTING_COLUMNS, "category", "language")
)
LONGEST_EXTRA = 20_000  # characters of JSON
LARGEST_SETTING = 1_000_000
LARGEST_SEED = 2**63 - 1
_NUL_ESCAPE = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


@dataclass(frozen=True)
class ManifestEntry:
    """One line of a manifest; ``name`` is what the image is called in exports."""

    line: int
    file: str
    name: str
    prompt: NewPrompt
    condition: ConditionSettings
    seed: int | None


class _Unusable(Exception):
    """A value of a manifest line cannot be used; carries the sentence for it."""


def read_manifest(
    content: bytes, form: RecordForm, *, source: str | None, mistakes: Mistakes
) -> list[ManifestEntry]:
    """The entries of a manifest in its order; what is wrong with a line is noted."""
    entries = []
    for record in _read_records(content, form, mistakes):
        try:
            entries.append(_read_entry(record, source))
        except _Unusable as unusable:
            mistakes.add(record.line, str(unusable))
    if not entries and not mistakes.count:
        mistakes.add(1, "The manifest lists no images.")
    return entries


def _read_records(content: bytes, form: RecordForm, mistakes: Mistakes) -> list[Record]:
    text = decode(content, mistakes)
    if form is RecordForm.JSONL:
        return read_objects(text, mistakes)
    if form is RecordForm.TEXT:
        mistakes.add(1, "A manifest is a CSV, TSV or JSONL file.")
        return []
    rows = read_table(text, form, mistakes)
    if not rows:
        return []
    columns = [cell.strip().lower() for cell in rows[0].cells]
    for what, names in (
        ("file", FILE_COLUMNS),
        ("prompt", PROMPT_COLUMNS),
        ("generator", GENERATOR_COLUMNS),
    ):
        if not any(name in columns for name in names):
            mistakes.add(rows[0].line, f"The first line names no column '{what}'.")
    repeated = sorted({name for name in columns if name and columns.count(name) > 1})
    if repeated:
        mistakes.add(rows[0].line, f"The column '{repeated[0]}' is there twice.")
    return [] if mistakes.count else name_cells(rows[1:], columns, mistakes)


def _read_entry(record: Record, source: str | None) -> ManifestEntry:
    file = _read_file(record)
    return ManifestEntry(
        line=record.line,
        file=file,
        name=_label(record.values.get("name"), "name") or PurePosixPath(file).name,
        prompt=_read_prompt(record, source),
        condition=_read_condition(record),
        seed=_integer(record, "seed", lowest=-LARGEST_SEED - 1, highest=LARGEST_SEED),
    )


def _read_file(record: Record) -> str:
    given = record.first_of(FILE_COLUMNS)
    if not isinstance(given, str) or not given.strip():
        raise _Unusable("The file is missing.")
    if objection := path_objection(given.strip()) or storing_objection(given):
        raise _Unusable(objection)
    return tidy_path(given)


def _read_prompt(record: Record, source: str | None) -> NewPrompt:
    given = record.first_of(PROMPT_COLUMNS)
    text = clean(given) if isinstance(given, str) else ""
    if objection := prompt_objection(text):
        raise _Unusable(objection)
    return NewPrompt(
        text,
        language=_label(record.values.get("language"), "language") or "en",
        category=_label(record.values.get("category"), "category"),
        source=source,
    )


def _read_condition(record: Record) -> ConditionSettings:
    generator = _label(record.first_of(GENERATOR_COLUMNS), "generator")
    if generator is None:
        raise _Unusable("The generator is missing.")
    return ConditionSettings(
        generator=generator,
        revision=_label(record.values.get("revision"), "revision"),
        guidance=_number(record, "guidance"),
        steps=_integer(record, "steps"),
        scheduler=_label(record.values.get("scheduler"), "scheduler"),
        width=_integer(record, "width"),
        height=_integer(record, "height"),
        extra=_read_extra(record),
    )


def _read_extra(record: Record) -> Mapping[str, Any]:
    """What the other columns say; empty cells say nothing."""
    extra = {
        name: value
        for name, value in record.values.items()
        if name and name not in KNOWN_COLUMNS and value not in (None, "")
    }
    try:
        written = canonical_json(extra)
        written.encode()
    except (ValueError, RecursionError):
        raise _Unusable("One of the other columns holds a value that cannot be stored.") from None
    if len(written) > LONGEST_EXTRA or _NUL_ESCAPE.search(json.dumps(extra)):
        raise _Unusable("One of the other columns holds a value that cannot be stored.")
    return extra


def _label(value: Any, what: str) -> str | None:
    """A short text; numbers are taken as written, an empty cell is None."""
    if value is None:
        return None
    label = clean(str(value))
    is_text = isinstance(value, str | int | float) and not isinstance(value, bool)
    if not is_text or len(label) > LONGEST_LABEL or storing_objection(label):
        raise _Unusable(f"The {what} is not a text of at most {LONGEST_LABEL} characters.")
    return label or None


def _number(record: Record, name: str) -> float | None:
    """A number from 0 to a million, or None for an empty cell."""
    value = record.values.get(name)
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not 0 <= number <= LARGEST_SETTING:
        raise _Unusable(f"The {name} is not a number from 0 to {LARGEST_SETTING:,}.")
    return number


def _integer(
    record: Record, name: str, *, lowest: int = 1, highest: int = LARGEST_SETTING
) -> int | None:
    """A whole number within bounds ("20.0" counts as one), or None for an empty cell."""
    value = record.values.get(name)
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    number = _as_whole(value)
    if number is None or not lowest <= number <= highest:
        raise _Unusable(f"The {name} is not a whole number from {lowest:,} to {highest:,}.")
    return number


def _as_whole(value: Any) -> int | None:
    if isinstance(value, str):
        text = value.strip().removesuffix(".0")
        return int(text) if re.fullmatch(r"[+-]?[0-9]{1,19}", text) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if math.isfinite(value) and value == int(value) else None
