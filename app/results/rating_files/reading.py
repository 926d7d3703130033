"""Reading files of raw ratings, from paths to matrices, with an account of what was understood."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet

from app.errors import InvalidInput
from app.results.rating_files.acts import ReadTable, read_cells
from app.results.rating_files.delimited import read_delimited
from app.results.rating_files.groups import Group, group_ratings
from app.results.rating_files.json_tables import read_json, read_json_lines
from app.results.rating_files.options import ReadingOptions, Roles
from app.results.rating_files.roles import Guess, find_roles
from app.results.rating_files.source import Kind, Source, read_source
from app.results.rating_files.table import RatingTable, as_text, join_tables
from app.results.rating_files.wide import as_long, find_wide, roles_of
from app.results.rating_files.wording import counted


@dataclass(frozen=True, eq=False)
class FileRatings:
    """Everything that was read from files of raw ratings.

    understanding : one sentence on how the table was taken. notes : what else was assumed or
    left out. warnings : what may make the results wrong. stimulus_columns, stimulus_parts : the
    columns that name a stimulus, and their values by stimulus id.
    """

    sources: tuple[Source, ...]
    roles: Roles
    groups: tuple[Group, ...]
    understanding: str
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    stimulus_parts: dict[str, tuple[str, ...]]


def read_ratings(paths: Sequence[Path], options: ReadingOptions) -> FileRatings:
    """Read one or several files as one table of ratings.

    1. Read each file as a table of text; several get a column that names the file.
    2. Bring a wide table into long form, or find out which column is which.
    3. Turn cells into levels on the scale of each dimension.
    4. Put the levels into matrices, those dimensions together that can be.

    Raises InvalidInput with one sentence for whatever cannot be read or is not certain.
    """
    sources = tuple(read_source(path) for path in paths)
    guess = _guess(sources, options)
    wide = find_wide(guess)
    if wide is None:
        roles = find_roles(guess)
    else:
        roles = roles_of(wide, options, guess.table)
        guess = as_long(guess.table, wide, options)
    read = read_cells(guess.table, roles, options)
    grouped = group_ratings(read, is_stimulus_given=options.stimulus is not None)
    notes = [note for source in sources for note in source.notes]
    return FileRatings(
        sources=sources,
        roles=roles,
        groups=grouped.groups,
        understanding=_understanding(read, grouped.groups),
        notes=(*notes, *guess.table.notes, *roles.notes, *read.notes, *grouped.notes),
        warnings=(*read.warnings, *grouped.warnings),
        stimulus_parts=dict(zip(read.stimuli.texts, read.stimuli.parts, strict=True)),
    )


def _guess(sources: Sequence[Source], options: ReadingOptions) -> Guess:
    tables = [_table(source, options) for source in sources]
    if len(tables) == 1:
        return Guess(tables[0], options, None, sources[0].name)
    names = [source.name for source in sources]
    if len(set(names)) < len(names):
        raise InvalidInput("Two of the files have the same name, so they cannot be told apart.")
    table, file_column = join_tables(tables, names)
    return Guess(table, options, file_column, "The table of all files")


def _table(source: Source, options: ReadingOptions) -> RatingTable:
    if source.kind is Kind.PARQUET:
        return _parquet_table(source)
    if source.kind is Kind.JSON:
        return read_json(source.text, name=source.name)
    if source.kind is Kind.JSON_LINES:
        return read_json_lines(source.text, name=source.name)
    return read_delimited(source.text, name=source.name, has_header=options.has_header)


def _parquet_table(source: Source) -> RatingTable:
    try:
        data, dropped = as_text(pyarrow.parquet.read_table(io.BytesIO(source.content)))
    except (pa.ArrowException, OSError) as error:
        reason = str(error).split("\n")[0]
        raise InvalidInput(f"{source.name} is no Parquet file that can be read: {reason}") from None
    notes = [f"Not read: {', '.join(dropped)} (neither text nor numbers)."] if dropped else []
    if data.num_rows == 0 or not data.column_names:
        raise InvalidInput(f"{source.name} holds no ratings.")
    return RatingTable(data, tuple(notes))


def _understanding(read: ReadTable, groups: Sequence[Group]) -> str:
    """How the table was taken, and how much there is in it, in one line."""
    roles = read.roles
    rater = " + ".join(roles.rater) if read.raters is not None else "not named"
    parts = [
        f"rater = {rater}",
        f"stimulus = {' + '.join(roles.stimulus)}",
        f"score = {', '.join(roles.score)}",
    ]
    if roles.dimension is not None:
        parts.append(f"dimension = {roles.dimension}")
    for what, name in (("time", roles.time), ("sitting", roles.sitting), ("order", roles.order)):
        if name is not None:
            parts.append(f"{what} = {name}")
    counts = "; ".join(_counts(group, len(groups)) for group in groups)
    sentence = ", ".join(parts)
    return f"{sentence[0].upper()}{sentence[1:]}: {counts}."


def _counts(group: Group, groups: int) -> str:
    matrix = group.matrix
    counts = [
        counted(len(matrix.stimulus_ids), "stimulus", "stimuli"),
        counted(matrix.ratings, "rating"),
    ]
    if group.has_raters:
        counts.insert(0, counted(len(matrix.rater_ids), "rater"))
    name = f"{group.title}: " if groups > 1 else ""
    return name + ", ".join(counts)
