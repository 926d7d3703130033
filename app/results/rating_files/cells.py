"""Scores as they stand in cells: numbers with a point or a comma, words, and nothing.

Numbers become decimal fractions, not floats, so that steps of a tenth are found exactly.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from app.errors import InvalidInput

_EMPTY = "nan na n/a n.a. null none nil <na> #n/a #num! #value! - – — . ? missing skipped"
MISSING = frozenset(_EMPTY.split()) | {""}
"""Cells that hold no score, in small letters."""

WORD_SCALES: tuple[tuple[str, ...], ...] = (
    ("bad", "poor", "fair", "good", "excellent"),
    (
        "very annoying",
        "annoying",
        "slightly annoying",
        "perceptible but not annoying",
        "imperceptible",
    ),
    (
        "strongly disagree",
        "disagree",
        "neither agree nor disagree",
        "agree",
        "strongly agree",
    ),
    ("strongly disagree", "disagree", "neutral", "agree", "strongly agree"),
    ("very poor", "poor", "fair", "good", "very good"),
    ("very bad", "bad", "fair", "good", "very good"),
    ("very low", "low", "medium", "high", "very high"),
)
"""Categories that are known without ``--words``, from the lowest, which is 1."""

DIGITS = 9
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)(e[+-]?[0-9]+)?", re.IGNORECASE)
_COMMA_NUMBER = re.compile(r"[+-]?([0-9]+,[0-9]+|,[0-9]+)")
_LABELLED = re.compile(
    r"([+-]?[0-9]+(?:[.,][0-9]+)?)\s*(?:[-–—:=.)]\s*|\(|\s)\s*[^\W\d].*", re.DOTALL
)


@dataclass(frozen=True)
class ParsedScores:
    """The number of each distinct cell, None where there is no score; and what was assumed."""

    numbers: tuple[Decimal | None, ...]
    notes: tuple[str, ...]


def parse_scores(
    cells: Sequence[str],
    *,
    column: str,
    words: Sequence[str] = (),
    missing: Sequence[str] = (),
) -> ParsedScores:
    """The numbers of the distinct cells of a column.

    Raises InvalidInput, naming examples, if a cell is neither a number nor a known word nor
    empty; nothing is guessed for it.
    """
    given = {word.strip().casefold(): Decimal(i) for i, word in enumerate(words, start=1)}
    absent = MISSING | {text.strip().casefold() for text in missing}
    known = given or _known_words([cell for cell in cells if cell.casefold() not in absent])
    notes: dict[str, None] = {}
    numbers = [None if cell.casefold() in absent else _number(cell, known, notes) for cell in cells]
    bad = [
        cell
        for cell, number in zip(cells, numbers, strict=True)
        if number is None and cell.casefold() not in absent
    ]
    if bad:
        raise _not_scores(column, bad)
    if known and not given:
        listed = ", ".join(f"{word} = {number}" for word, number in known.items())
        notes[f"The words of {column} were read as numbers: {listed}."] = None
    return ParsedScores(tuple(numbers), tuple(notes))


def looks_like_scores(cells: Sequence[str]) -> bool:
    """Whether the distinct cells of a column could be scores, at least one of them being there."""
    try:
        parsed = parse_scores(cells, column="")
    except InvalidInput:
        return False
    return any(number is not None for number in parsed.numbers)


def number_of(cell: str) -> Decimal | None:
    """The number in a cell; None if it holds none."""
    if _NUMBER.fullmatch(cell):
        return _decimal(cell)
    if _COMMA_NUMBER.fullmatch(cell):
        return _decimal(cell.replace(",", "."))
    return None


def _number(cell: str, words: Mapping[str, Decimal], notes: dict[str, None]) -> Decimal | None:
    number = number_of(cell)
    if number is not None:
        if "," in cell:
            notes["A comma in a number was read as its decimal point."] = None
        return number
    if cell.casefold() in words:
        return words[cell.casefold()]
    labelled = _LABELLED.fullmatch(cell)
    if labelled:
        notes["Of a cell such as “5 - Excellent” the number was taken."] = None
        return number_of(labelled[1])
    return None


def _decimal(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
        if not number.is_finite() or abs(number) > Decimal(10) ** DIGITS:
            return None
        return round(number, DIGITS).normalize()
    except InvalidOperation:
        return None


def _known_words(cells: Sequence[str]) -> dict[str, Decimal]:
    """The one well-known scale whose words cover all cells that are no numbers."""
    used = {cell.casefold() for cell in cells if number_of(cell) is None}
    for scale in WORD_SCALES:
        if len(used) > 1 and used <= set(scale):
            return {word: Decimal(i) for i, word in enumerate(scale, start=1)}
    return {}


def _not_scores(column: str, bad: Sequence[str]) -> InvalidInput:
    shown = ", ".join(f"“{_short(cell)}”" for cell in bad[:4])
    more = f" and {len(bad) - 4:,} more" if len(bad) > 4 else ""
    return InvalidInput(
        f"The column {column} has cells that are no scores: {shown}{more}. Name the words from the"
        " lowest to the highest (--words no,maybe,yes), what stands for a missing score"
        " (--missing 99,x), or another column (--score)."
    )


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"
