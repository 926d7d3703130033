"""A run's estimates: every stimulus in every dimension by every method, one row each."""

from collections.abc import AsyncGenerator, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from app.results.bulk import stream_rows
from app.results.exports.origin import run_origin
from app.results.exports.stimulus_records import load_export_names
from app.results.exports.tables import Column, Kind, Row, Table
from app.results.exports.text import PAGE
from app.results.runs.estimates import METHOD_WORDS, load_stimulus_ids
from app.results.runs.lookup import get_done_run

_COLUMNS = (
    Column("name"),
    Column("dimension"),
    Column("method"),
    Column("value", Kind.NUMBER),
    Column("ci_low", Kind.NUMBER),
    Column("ci_high", Kind.NUMBER),
    Column("effective_n", Kind.NUMBER),
)
# One row holds the arrays of all stimuli, so they are fetched one by one.
_ESTIMATES = """
    SELECT dimension, method, value, ci_low, ci_high, effective_n
    FROM run_estimate
    WHERE run_id = %(run_id)s
    ORDER BY array_position(%(methods)s::text[], method), dimension
"""


async def estimates_table(
    session: AsyncSession, *, run_id: int, suffix: str | None = None
) -> Table:
    """The estimates of a run by method, dimension and stimulus; none if it was asked for none."""
    run = await get_done_run(session, run_id=run_id)

    async def pages() -> AsyncGenerator[Sequence[Row], None]:
        by_id = await load_export_names(session, study_id=run.study_id, suffix=suffix)
        ids = await load_stimulus_ids(session, run_id=run_id)
        names = [by_id[stimulus_id] for stimulus_id in ids.tolist()]
        parameters = {"run_id": run_id, "methods": list(METHOD_WORDS)}
        async for found in stream_rows(session, _ESTIMATES, parameters, size=1):
            for dimension, method, *sides in found:
                for start in range(0, len(names), PAGE):
                    columns = [side[start : start + PAGE] for side in sides]
                    page = zip(names[start : start + PAGE], *columns, strict=True)
                    yield [(name, dimension, method, *numbers) for name, *numbers in page]

    return Table(_COLUMNS, await run_origin(session, run), pages())
