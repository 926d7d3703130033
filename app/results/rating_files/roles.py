"""Find out which column is which in a long table, or refuse with what was found.

Names decide (`column_names`), and the ratings are asked whether that can be: an image that two
generators share is told apart by the generator, two names for one thing count as one.  Where more
than one reading is possible nothing is guessed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

import numpy as np

from app.analysis.matrix import IntArray
from app.errors import InvalidInput
from app.results.rating_files import column_names
from app.results.rating_files.cells import looks_like_scores, number_of
from app.results.rating_files.column_names import plain
from app.results.rating_files.keys import codes_of, combined, determines
from app.results.rating_files.options import NOBODY, ReadingOptions, Roles
from app.results.rating_files.table import RatingTable
from app.results.rating_files.uncertainty import listed, uncertain

MAX_DIMENSIONS = 30
MANY_SECONDS = 100
"""If half of the ratings took longer, times without a unit may be milliseconds: not guessed."""
_MOST_LEVELS_OF_A_GUESS = 20_000

_ROLE_NAMES = frozenset(
    (
        *column_names.RATER,
        *column_names.STIMULUS,
        *column_names.STIMULUS_PART,
        *column_names.SECONDS,
        *column_names.MILLISECONDS,
        *column_names.SITTING,
        *column_names.REPETITION,
        *column_names.ORDER,
    )
)


@dataclass(frozen=True)
class Guess:
    """A table with what the user said of it, and the name of the column that tells files apart."""

    table: RatingTable
    options: ReadingOptions
    file_column: str | None = None
    name: str = "The table"

    def uncertain(self, what: str, columns: Sequence[str]) -> InvalidInput:
        """The refusal to guess."""
        return uncertain(self.table, self.name, what, columns)


def find_roles(guess: Guess) -> Roles:
    """Which column is which; raises InvalidInput with the columns and options if not certain."""
    said = _columns_said(guess)
    free = [name for name in guess.table.names if name not in said.used]
    score = said.score or _find_scores(guess, free, said)
    free = [name for name in free if name not in score]
    dimension = said.dimension or _find_dimension(guess, free, score)
    free = [name for name in free if name != dimension]
    time, unit = _find_time(guess, free, said)
    sitting = said.sitting or _first_named(free, column_names.SITTING)
    repetition = said.repetition or _first_named(free, column_names.REPETITION)
    order = said.order or _find_order(guess, free)
    roles = replace(
        said,
        score=score,
        dimension=dimension,
        time=time,
        time_unit_ms=unit,
        sitting=sitting,
        repetition=repetition,
        order=order,
    )
    if guess.options.rater is None:
        roles = replace(roles, rater=_find_rater(guess, roles))
    if guess.options.stimulus is None:
        roles = _with_stimulus(guess, roles)
    if not roles.rater and guess.options.rater is None:
        _require_nobody(guess, roles)
    _require_files_are_told_apart(guess, roles)
    return roles if said.score else _with_unread_scores(guess, roles)


def resolve(table: RatingTable, wanted: str, option: str) -> str:
    """The column that the user means: by its name, or in other capitals if only one fits."""
    if wanted in table.names:
        return wanted
    alike = [name for name in table.names if name.casefold() == wanted.strip().casefold()]
    if len(alike) == 1:
        return alike[0]
    raise InvalidInput(
        f"{option} names the column {wanted}, which the table does not have; it has"
        f" {listed(table.names)}."
    )


def resolve_scores(table: RatingTable, wanted: Sequence[str]) -> tuple[str, ...]:
    """The columns of scores that the user means; ``*`` stands for any text."""
    found: dict[str, None] = {}
    for pattern in wanted:
        if "*" in pattern and pattern not in table.names:
            matching = [name for name in table.names if fnmatchcase(name, pattern)]
            if not matching:
                raise InvalidInput(
                    f"--score {pattern} fits no column; there are {listed(table.names)}."
                )
            found.update(dict.fromkeys(matching))
        else:
            found[resolve(table, pattern, "--score")] = None
    return tuple(found)


def _columns_said(guess: Guess) -> Roles:
    table, said = guess.table, guess.options
    rater = said.rater or ()

    def one(wanted: str | None, option: str) -> str | None:
        return None if wanted is None else resolve(table, wanted, option)

    return Roles(
        rater=() if rater == (NOBODY,) else tuple(resolve(table, x, "--rater") for x in rater),
        stimulus=tuple(resolve(table, x, "--stimulus") for x in said.stimulus or ()),
        score=resolve_scores(table, said.score or ()),
        dimension=one(said.dimension, "--dimension"),
        time=one(said.seconds, "--seconds"),
        sitting=one(said.sitting, "--sitting"),
        order=one(said.order, "--order"),
        repetition=one(said.repetition, "--repetition"),
    )


def _named(free: Sequence[str], names: Sequence[str]) -> list[str]:
    """The free columns with one of these names, in the order of the names."""
    found = [name for name in free if plain(name) in names]
    return sorted(found, key=lambda name: names.index(plain(name)))


def _first_named(free: Sequence[str], names: Sequence[str]) -> str | None:
    found = _named(free, names)
    return found[0] if len(found) == 1 else None


# --- scores and dimensions ---


def _find_scores(guess: Guess, free: Sequence[str], said: Roles) -> tuple[str, ...]:
    candidates = [name for name in free if _could_be_score(guess.table, name)]
    called = _named(free, column_names.SCORE)
    # A column called so is the one, whatever stands in it; reading it says what is wrong.
    named = [name for name in called if name in candidates] or called
    if len(named) == 1:
        return (named[0],)
    if len(named) > 1:
        raise guess.uncertain(f"{listed(named)} could each hold the score", candidates)
    dimensions = [name for name in candidates if column_names.names_a_dimension(name)]
    if dimensions and said.dimension is None:
        return tuple(dimensions)
    left = [name for name in candidates if plain(name) not in _ROLE_NAMES]
    if len(left) == 1:
        return (left[0],)
    raise guess.uncertain("it is not certain which column holds the score", left or candidates)


def _with_unread_scores(guess: Guess, roles: Roles) -> Roles:
    """A note on further columns that could hold scores: nothing is left aside in silence."""
    unread = [
        name
        for name in guess.table.names
        if name not in roles.used
        and plain(name) not in _ROLE_NAMES
        and _could_be_score(guess.table, name)
    ]
    if not unread:
        return roles
    note = f"Not read, though it could be scores: {listed(unread, 10)} (--score names columns)."
    return replace(roles, notes=(*roles.notes, note))


def _could_be_score(table: RatingTable, name: str) -> bool:
    values = table.column(name).values
    if column_names.is_summary(name) or len(values) > _MOST_LEVELS_OF_A_GUESS:
        return False
    return looks_like_scores(values)


def _find_dimension(guess: Guess, free: Sequence[str], score: Sequence[str]) -> str | None:
    if len(score) > 1:
        return None
    found = [
        name
        for name in _named(free, column_names.DIMENSION)
        if len(guess.table.column(name).values) <= MAX_DIMENSIONS
    ]
    if len(found) > 1:
        raise guess.uncertain(f"{listed(found)} could each name the dimension (--dimension)", ())
    return found[0] if found else None


# --- times and order ---


def _find_time(guess: Guess, free: Sequence[str], said: Roles) -> tuple[str | None, int]:
    if said.time is not None:
        in_ms = plain(said.time) in column_names.MILLISECONDS or plain(said.time).endswith("_ms")
        return said.time, 1 if in_ms else 1000
    for names, unit in ((column_names.MILLISECONDS, 1), (column_names.SECONDS, 1000)):
        for name in _named(free, names):
            if _could_be_time(guess.table, name, unit):
                return name, unit
    return None, 1000


def _could_be_time(table: RatingTable, name: str, unit: int) -> bool:
    """Numbers; if the unit is not said, small enough to be seconds and not milliseconds."""
    numbers = [number for x in table.column(name).values if (number := number_of(x)) is not None]
    if not numbers:
        return False
    is_sure = unit == 1 or column_names.is_surely_in_seconds(name)
    return is_sure or sorted(numbers)[len(numbers) // 2] < MANY_SECONDS


def _find_order(guess: Guess, free: Sequence[str]) -> str | None:
    for name in _named(free, column_names.ORDER):
        values = [value for value in guess.table.column(name).values if value]
        if len(values) > 1 and (
            all(number_of(x) is not None for x in values) or _are_dates(values)
        ):
            return name
    return None


def _are_dates(values: Sequence[str]) -> bool:
    """Whether texts begin like 2024-05-31 and so sort by time."""
    return all(len(x) >= 16 and x[:4].isdigit() and x[4] == "-" and x[7] == "-" for x in values)


# --- raters and stimuli ---


def _find_rater(guess: Guess, roles: Roles) -> tuple[str, ...]:
    free = [name for name in guess.table.names if name not in roles.used]
    found = _named(free, column_names.RATER)
    distinct = _without_synonyms(guess.table, found)
    if len(distinct) > 1:
        raise guess.uncertain(f"{listed(distinct)} could each name the rater (--rater)", ())
    return tuple(distinct)


def _without_synonyms(table: RatingTable, names: Sequence[str]) -> list[str]:
    """One column of several that say the same in other words, the first in the list of names."""
    kept: list[str] = []
    for name in names:
        if not any(determines(table, x, name) and determines(table, name, x) for x in kept):
            kept.append(name)
    return kept


def _with_stimulus(guess: Guess, roles: Roles) -> Roles:
    table = guess.table
    free = [name for name in table.names if name not in {*roles.used, guess.file_column}]
    named = _named(free, column_names.STIMULUS)
    usable = [name for name in named if len(table.column(name).values) < table.rows] or named
    finest = [name for name in usable if all(determines(table, name, x) for x in usable)]
    if not usable:
        raise guess.uncertain("it is not certain which column names the stimulus", free)
    if not finest:
        raise guess.uncertain(f"{listed(usable)} could each name the stimulus", usable)
    stimulus = finest[0]
    parts = [
        name
        for name in _named(free, column_names.STIMULUS_PART)
        if not determines(table, stimulus, name)
    ]
    if not parts:
        return replace(roles, stimulus=(stimulus,))
    part = parts[0]
    if len(_without_synonyms(table, parts)) > 1:
        raise guess.uncertain(f"{listed(parts)} could each be a part of the stimulus", parts)
    note = (
        f"The same {stimulus} occurs with several values of {part}, so both together name the"
        " stimulus."
    )
    return replace(roles, stimulus=(part, stimulus), notes=(*roles.notes, note))


def _require_nobody(guess: Guess, roles: Roles) -> None:
    """Refuse if an unused column could name the rater: nobody is to lose their screening."""
    stimulus = codes_of(guess.table, roles.stimulus)
    found = [
        name
        for name in guess.table.names
        if name not in {*roles.used, guess.file_column}
        and _could_be_rater(guess.table, name, stimulus, roles)
    ]
    if found:
        raise guess.uncertain(
            f"no column is called after a rater, but {listed(found)} could name one (--rater; or"
            " --rater none if the table does not say who rated)",
            found,
        )


def _could_be_rater(table: RatingTable, name: str, stimulus: IntArray, roles: Roles) -> bool:
    """Several values, each with several ratings, on shared stimuli, no stimulus twice."""
    column = table.column(name)
    if not 2 <= len(column.values) <= table.rows // 2 or "" in column.values:
        return False
    keys = [column.codes, stimulus]
    if roles.dimension is not None:
        keys.append(table.column(roles.dimension).codes)
    pairs = combined(keys)
    is_unique = len(np.unique(pairs)) == len(pairs)
    return is_unique and len(np.unique(combined(keys[:2]))) > int(stimulus.max()) + 1


def _require_files_are_told_apart(guess: Guess, roles: Roles) -> None:
    """Several files with the same stimuli: say whether they are the same pictures."""
    file = guess.file_column
    if file is None or file in roles.used:
        return
    if roles.rater and guess.options.stimulus is not None:  # then both have been thought about
        return
    stimulus = codes_of(guess.table, roles.stimulus)
    files = guess.table.column(file)
    shared = len(np.unique(combined([stimulus, files.codes]))) > len(np.unique(stimulus))
    if not shared:
        return
    if roles.rater:
        keys = [codes_of(guess.table, roles.rater), stimulus]
        if roles.dimension is not None:
            keys.append(guess.table.column(roles.dimension).codes)
        pairs = combined(keys)
        if len(np.unique(pairs)) == len(np.unique(combined([pairs, files.codes]))):
            return
    name = ",".join(roles.stimulus)
    raise InvalidInput(
        f"The same {name} occurs in several files. If each file has pictures of its own, say"
        f" --stimulus {file},{name}; if each file is one rater's, --rater {file}; if each is a"
        f" sitting of the same raters, --sitting {file}."
    )
