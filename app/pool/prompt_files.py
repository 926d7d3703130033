"""Prompts from a file: which column is the prompt, and what is wrong with which line."""

import re
from typing import Any

from app.pool.prompt_text import LONGEST_LABEL, NewPrompt, clean, prompt_objection
from app.pool.records import (
    Mistakes,
    Record,
    RecordForm,
    decode,
    name_cells,
    read_lines,
    read_objects,
    read_table,
)

# In order of preference: PartiPrompts has both a category and a challenge.
PROMPT_COLUMNS = ("prompt", "text", "caption")
CATEGORY_COLUMNS = ("category", "tag", "challenge")
LANGUAGE_COLUMNS = ("language", "lang")

_PICTURE_NAME = re.compile(r".+\.(png|jpe?g|webp|bmp|gif|tiff?)", re.IGNORECASE)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def read_prompts(content: bytes, form: RecordForm, *, source: str | None) -> list[NewPrompt]:
    """The prompts of a file, in its order; raises ImportRefused with every mistake in it."""
    mistakes = Mistakes()
    records = _read_records(content, form, mistakes)
    prompts = [prompt for record in records if (prompt := _read_prompt(record, source, mistakes))]
    if not prompts and not mistakes.count:
        mistakes.add(1, "The file contains no prompts.")
    mistakes.refuse_if_any()
    return prompts


def _read_records(content: bytes, form: RecordForm, mistakes: Mistakes) -> list[Record]:
    text = decode(content, mistakes)
    if form is RecordForm.TEXT:
        return name_cells(list(read_lines(text)), ["prompt"], mistakes)
    if form is RecordForm.JSONL:
        return read_objects(text, mistakes)
    rows = read_table(text, form, mistakes)
    if not rows:
        return []
    first = rows[0]
    if _is_header(first.cells):
        return name_cells(rows[1:], first.cells, mistakes)
    if (columns := _columns_without_header(first.cells)) is None:
        mistakes.add(
            first.line,
            "It is not clear which column is the prompt; please add a first line that names the "
            "columns, such as: prompt,category.",
        )
        return []
    return name_cells(rows, columns, mistakes)


def _is_header(cells: list[str]) -> bool:
    return any(cell.strip().lower() in PROMPT_COLUMNS for cell in cells)


def _columns_without_header(cells: list[str]) -> list[str] | None:
    """One column is the prompt; a picture's name followed by one more is name and prompt."""
    if len(cells) == 1:
        return ["prompt"]
    if len(cells) == 2 and _PICTURE_NAME.fullmatch(cells[0].strip()):
        return ["name", "prompt"]
    return None


def _read_prompt(record: Record, source: str | None, mistakes: Mistakes) -> NewPrompt | None:
    """The record's prompt, or None with a mistake noted."""
    if not any(name in record.values for name in PROMPT_COLUMNS):
        mistakes.add(record.line, "The prompt is missing.")
        return None
    given = record.first_of(PROMPT_COLUMNS)
    text = clean(given) if isinstance(given, str) else ""
    category, language = (
        _as_label(record.first_of(names)) for names in (CATEGORY_COLUMNS, LANGUAGE_COLUMNS)
    )
    if given is not None and not isinstance(given, str):
        objection: str | None = "The prompt is not a text."
    else:
        objection = prompt_objection(text) or _label_objection(category, language)
    if objection:
        mistakes.add(record.line, objection)
        return None
    return NewPrompt(text, language or "en", category or None, source)


def _as_label(value: Any) -> str | None:
    """A short text; None for what is neither text nor number, "" for what is not there."""
    if value is None:
        return ""
    return clean(str(value)) if isinstance(value, str | int | float) else None


def _label_objection(category: str | None, language: str | None) -> str | None:
    if category is None or len(category) > LONGEST_LABEL:
        return f"The category is not a text of at most {LONGEST_LABEL} characters."
    if category and (objection := prompt_objection(category)):
        return objection.replace("The text", "The category")
    if language is None or (language and not _LANGUAGE.fullmatch(language)):
        return "The language is not a code such as 'en' or 'pt-BR'."
    return None
