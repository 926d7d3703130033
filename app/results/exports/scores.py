"""A run's scores: in our own columns, and in those of AGIQA-3K."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncSession

from app.analysis.matrix import OVERALL
from app.errors import Conflict
from app.results.exports.files import csv_pieces
from app.results.exports.origin import run_origin
from app.results.exports.stimulus_records import StimulusRecord, list_stimulus_records
from app.results.exports.tables import Column, Kind, Row, Table
from app.results.exports.text import CONDITION_COLUMNS, PAGE, condition_cells, csv_text
from app.results.runs.lookup import get_done_run
from app.results.runs.summary import summary_of
from app.results.scores import SCORE_FIELDS, StimulusScores, list_scores

AGIQA3K_HEADER = (
    *("name", "prompt", "adj1", "adj2", "style"),
    *("mos_quality", "std_quality", "mos_align", "std_align"),
)
AGIQA3K_DIMENSIONS = ("quality", "alignment")


class ScoreKind(StrEnum):
    """Which MOS an export in somebody else's columns contains."""

    RAW = "raw"
    Z = "z"


async def scores_table(session: AsyncSession, *, run_id: int, suffix: str | None = None) -> Table:
    """A run's scores, one row per stimulus: origin, scores by dimension, run and fingerprint."""
    run = await get_done_run(session, run_id=run_id)
    keys = summary_of(run).keys
    counts = {"n", "z_n"}
    columns = (
        Column("name"),
        Column("prompt"),
        *CONDITION_COLUMNS,
        *(
            Column(f"{key}_{field}", Kind.INTEGER if field in counts else Kind.NUMBER)
            for key in keys
            for field in SCORE_FIELDS
        ),
        Column("run_id", Kind.INTEGER),
        Column("fingerprint"),
    )

    async def pages() -> AsyncGenerator[Sequence[Row], None]:
        async for page in _pages(session, run_id, run.study_id, suffix):
            yield [
                (
                    record.name,
                    record.prompt,
                    *condition_cells(record),
                    *_cells(stimulus, keys, SCORE_FIELDS),
                    run_id,
                    run.fingerprint,
                )
                for stimulus, record in page
            ]

    return Table(columns, await run_origin(session, run), pages())


async def stream_scores_csv(
    session: AsyncSession, *, run_id: int, suffix: str | None = None
) -> AsyncGenerator[str, None]:
    """The same as CSV."""
    async for text in csv_pieces(await scores_table(session, run_id=run_id, suffix=suffix)):
        yield text


async def stream_agiqa3k_csv(
    session: AsyncSession, *, run_id: int, score: ScoreKind, suffix: str | None = None
) -> AsyncGenerator[str, None]:
    """A run's scores in the columns of AGIQA-3K.

    ``adj1``, ``adj2`` and ``style`` are empty: they are parts of AGIQA-3K's own prompts.  With
    ``raw`` the scores are MOS and SOS on the study's scale; with ``z`` they are the z-score MOS
    and its standard deviation, about 0 to 100.  (AGIQA-3K itself publishes scores standardised
    over its stimuli.)  Raises Conflict unless quality and alignment were rated.
    """
    run = await get_done_run(session, run_id=run_id)
    has = [key for key in summary_of(run).keys if key != OVERALL]
    if not set(AGIQA3K_DIMENSIONS) <= set(has):
        raise Conflict(
            "The AGIQA-3K form has the dimensions quality and alignment;"
            f" this study has {', '.join(has)}."
        )
    fields = ("mos", "sos") if score is ScoreKind.RAW else ("z_mos", "z_sos")
    yield csv_text([AGIQA3K_HEADER])
    async for page in _pages(session, run_id, run.study_id, suffix):
        yield csv_text(
            (
                record.name,
                record.prompt,
                *("", "", ""),
                *_cells(stimulus, AGIQA3K_DIMENSIONS, fields),
            )
            for stimulus, record in page
        )


def _cells(
    stimulus: StimulusScores, columns: Sequence[str], fields: Sequence[str]
) -> list[float | None]:
    return [getattr(stimulus.scores[column], field) for column in columns for field in fields]


async def _pages(
    session: AsyncSession, run_id: int, study_id: int, suffix: str | None
) -> AsyncIterator[list[tuple[StimulusScores, StimulusRecord]]]:
    """The scores of a run page by page, with everything known of the stimuli."""
    found = await list_stimulus_records(session, study_id=study_id, suffix=suffix)
    records = {record.stimulus_id: record for record in found}
    after = 0
    while page := await list_scores(session, run_id=run_id, after=after, limit=PAGE):
        yield [(stimulus, records[stimulus.stimulus_id]) for stimulus in page]
        after = page[-1].stimulus_id
