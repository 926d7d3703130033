"""Wide tables, a row for each rater or each stimulus: recognised, and brought into long form."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

import pyarrow as pa

from app.errors import InvalidInput
from app.results.rating_files import column_names
from app.results.rating_files.cells import looks_like_scores, number_of
from app.results.rating_files.column_names import (
    family,
    is_summary,
    looks_like_rater,
    looks_like_stimulus,
    plain,
    share_like_raters,
    share_like_stimuli,
)
from app.results.rating_files.json_tables import OUTER
from app.results.rating_files.options import ReadingOptions, Roles, Wide
from app.results.rating_files.roles import Guess, resolve, resolve_scores
from app.results.rating_files.table import Column, RatingTable

ENOUGH_COLUMNS = 6
"""From so many columns of scores on, they are not taken for dimensions of one rating."""

MOST = 0.8


@dataclass(frozen=True)
class WideTable:
    """How a wide table is to be read; ``label`` names the rows, None if they are numbered."""

    rows: Wide
    label: str | None
    scores: tuple[str, ...]


def find_wide(guess: Guess) -> WideTable | None:
    """How to read the table if it is wide, None if it is long.

    Raises InvalidInput if it has the looks of a wide table, and rows could be either.
    """
    table, said = guess.table, guess.options
    if said.wide is not None:
        return _as_said(guess, said.wide)
    if said.score is not None or said.dimension is not None:
        return None
    scores = _columns_of_scores(table)
    label = _label(table, scores)
    scores = [name for name in scores if name != label]
    names = {plain(name) for name in table.names}
    has_rater, has_stimulus = (
        bool(names & set(known)) for known in (column_names.RATER, column_names.STIMULUS)
    )
    is_long = (has_rater and has_stimulus) or names & set(column_names.SCORE)
    if is_long or len(scores) < 2 or all(map(column_names.names_a_dimension, scores)):
        return None
    is_mostly_scores = len(scores) >= MOST * (len(table.names) - (label is not None))
    series = _series(scores)
    rows = None if series is None else _rows(table, label, series)
    if rows is not None and series is not None:
        scores = _comparable(guess, series)
    elif is_mostly_scores and _is_once(table, label):
        raise InvalidInput(
            f"{guess.name} seems to have a row for each rater or for each stimulus, with"
            f" {len(scores)} columns of scores ({', '.join(scores[:6])} …). Say --wide raters if"
            " each row is a rater, or --wide stimuli if each row is a stimulus."
        )
    return None if rows is None else WideTable(rows, label, tuple(scores))


def _series(scores: Sequence[str]) -> list[str] | None:
    """The columns of one series among numbers of other kinds: raters, stimuli, or one name counted.

    All columns if none is counted; None if there are several series, which only the user can tell.
    """
    for looks_right in (looks_like_rater, looks_like_stimulus):
        found = [name for name in scores if looks_right(name)]
        if len(found) > 1:
            return found
    families = {family(name): 0 for name in scores}
    for name in scores:
        families[family(name)] += 1
    counted = [name for name, members in families.items() if members > 1]
    if len(counted) > 1:
        return None
    return [name for name in scores if not counted or family(name) == counted[0]]


def _comparable(guess: Guess, scores: list[str]) -> list[str]:
    """The columns; refuses if the numbers in one are far from all others, and so something else."""
    values = {
        name: {number_of(x) for x in guess.table.column(name).values} - {None} for name in scores
    }
    for name, own in values.items():
        others = {x for other, found in values.items() if other != name for x in found}
        if own and others and _is_far(own, others):
            raise InvalidInput(
                f"{guess.name} has a row for each rater or each stimulus, but the numbers in"
                f" {name} are unlike those in the other columns. Name the columns of scores with"
                " --score, where * stands for any text (--score 'image*'), and say --wide."
            )
    return scores


def _is_far(own: Collection[Decimal | None], others: Collection[Decimal | None]) -> bool:
    """Whether numbers lie further from the others than the others from each other."""
    mine, theirs = ([x for x in side if x is not None] for side in (own, others))
    gap = max(min(mine) - max(theirs), min(theirs) - max(mine))
    return gap > max(theirs) - min(theirs)


def as_long(table: RatingTable, wide: WideTable, options: ReadingOptions) -> Guess:
    """The same ratings with a row for each, and what is then known of its columns."""
    height = table.rows
    labels = (
        pa.array([f"row {place}" for place in range(1, height + 1)])
        if wide.label is None
        else table.data.column(wide.label).combine_chunks()
    )
    extra = [name for name in (options.sitting, options.repetition) if name is not None]
    kept = {name: resolve(table, name, "--sitting or --repetition") for name in extra}
    columns = {
        "row": pa.chunked_array([labels] * len(wide.scores)),
        "column": pa.chunked_array([pa.array([name] * height) for name in wide.scores]),
        "score": pa.chunked_array([c for x in wide.scores for c in table.data.column(x).chunks]),
    }
    names = ("rater", "stimulus") if wide.rows is Wide.RATERS else ("stimulus", "rater")
    data = pa.table(
        {
            names[0]: columns["row"],
            names[1]: columns["column"],
            "score": columns["score"],
            **{
                name: pa.chunked_array(table.data.column(real).chunks * len(wide.scores))
                for name, real in kept.items()
            },
        }
    )
    return Guess(RatingTable(data, table.notes), options)


def roles_of(wide: WideTable, options: ReadingOptions, table: RatingTable) -> Roles:
    """The parts of the columns that ``as_long`` makes, with a note on what was left aside."""
    row, column = ("rater", "stimulus") if wide.rows is Wide.RATERS else ("stimulus", "rater")
    first = "numbered" if wide.label is None else f"named by {wide.label}"
    shown = ", ".join(wide.scores[:3])
    notes = [
        f"Wide table: each row is a {row} ({first}), each of {len(wide.scores):,} columns a"
        f" {column} ({shown}{' …' if len(wide.scores) > 3 else ''})."
    ]
    used = {wide.label, *wide.scores, options.sitting, options.repetition}
    aside = [name for name in table.names if name not in used]
    if aside:
        notes.append(f"Not read: {', '.join(aside[:10])}{' …' if len(aside) > 10 else ''}.")
    return Roles(
        rater=("rater",),
        stimulus=("stimulus",),
        score=("score",),
        sitting=options.sitting,
        repetition=options.repetition,
        notes=tuple(notes),
    )


def _as_said(guess: Guess, rows: Wide) -> WideTable:
    table, said = guess.table, guess.options
    own = said.rater if rows is Wide.RATERS else said.stimulus
    option = "--rater" if rows is Wide.RATERS else "--stimulus"
    scores = list(resolve_scores(table, said.score)) if said.score else _columns_of_scores(table)
    label = resolve(table, own[0], option) if own else _label(table, scores, is_first=True)
    if not said.score:
        series = _series([name for name in scores if name != label])
        if series is None:
            raise InvalidInput(
                f"{guess.name} has several series of columns with numbers. Name those that hold"
                " scores with --score, where * stands for any text (--score 'subject*')."
            )
        scores = _comparable(guess, series)
    scores = [name for name in scores if name not in (label, said.sitting, said.repetition)]
    if len(scores) < 2:
        raise InvalidInput(
            "A wide table needs at least two columns of scores; name them with --score, where *"
            " stands for any text (--score 'subject*')."
        )
    return WideTable(rows, label, tuple(scores))


def _columns_of_scores(table: RatingTable) -> list[str]:
    """Columns that hold scores by their cells and are not called something else."""
    other = {
        *column_names.RATER,
        *column_names.STIMULUS,
        *column_names.STIMULUS_PART,
        *column_names.SITTING,
        *column_names.REPETITION,
    }
    return [
        name
        for name in table.names
        if plain(name) not in other
        and not is_summary(name)
        and looks_like_scores(table.column(name).values)
    ]


def _label(table: RatingTable, scores: Sequence[str], *, is_first: bool = False) -> str | None:
    """The column that names the rows: called so, or the first if it holds other than scores."""
    for names in (column_names.RATER, column_names.STIMULUS):
        for name in table.names:
            if plain(name) in names or name == OUTER:
                return name
    other = {*column_names.ORDER, *column_names.SECONDS, *column_names.MILLISECONDS}
    texts = [name for name in table.names if name not in scores and plain(name) not in other]
    first = (texts or table.names)[0] if table.names[0] not in scores else table.names[0]
    is_nameless = all(name == f"column {place}" for place, name in enumerate(table.names, start=1))
    if first not in scores or _counts_up(table.column(first)):
        return first
    return first if is_first and not is_nameless else None


def _is_once(table: RatingTable, label: str | None) -> bool:
    return label is None or len(table.column(label).values) == table.rows


def _counts_up(column: Column) -> bool:
    """Whether the cells are 1, 2, 3 … (or from 0) down the table: numbers of the rows."""
    cells = [column.values[code] for code in column.codes]
    n = len(cells)
    return n >= 6 and cells in ([str(i) for i in range(k, k + n)] for k in (0, 1))


def _rows(table: RatingTable, label: str | None, scores: Sequence[str]) -> Wide | None:
    """What a row is, if the names of rows or columns say so."""
    values = () if label is None else table.column(label).values
    enough = len(scores) >= ENOUGH_COLUMNS and _is_once(table, label)
    named = plain(label or "")
    columns = list(scores)
    if named in column_names.STIMULUS and (enough or share_like_raters(columns) >= MOST):
        return Wide.STIMULI
    if named in column_names.RATER and (enough or share_like_stimuli(columns) >= MOST):
        return Wide.RATERS
    if named in (*column_names.RATER, *column_names.STIMULUS):
        return None
    says_stimuli = max(share_like_raters(columns), share_like_stimuli(list(values))) >= MOST
    says_raters = max(share_like_stimuli(columns), share_like_raters(list(values))) >= MOST
    if says_stimuli != says_raters:
        return Wide.STIMULI if says_stimuli else Wide.RATERS
    return None
