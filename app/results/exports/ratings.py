"""The ratings behind the scores, and the raters who gave them, under pseudonyms."""

from collections.abc import AsyncGenerator, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables import Rater, Study
from app.database.tables.rating import Phase, RaterStatus
from app.rating.raters import SIMULATED
from app.results.bulk import stream_rows
from app.results.exports.files import csv_pieces
from app.results.exports.names import pseudonym
from app.results.exports.origin import run_origin, study_origin
from app.results.exports.stimulus_records import load_export_names
from app.results.exports.tables import Column, Kind, Row, Table
from app.results.exports.text import PAGE
from app.results.ratings.loading import level_texts
from app.results.runs.lookup import get_done_run
from app.results.screening.verdicts import RaterVerdict, list_verdicts
from app.study.studies import get_study, protocol_of

# In the order of pseudonyms, which says nothing about when somebody came.
_RATINGS = """
    SELECT published.code, presentation.stimulus_id, rating.levels, presentation.phase,
           sitting.number, presentation.position, rating.revision, rating.dwell_ms,
           round(extract(epoch FROM rating.created_at - sitting.started_at), 3),
           CASE rater.recruitment_source WHEN 'simulated' THEN 'yes' ELSE 'no' END
    FROM unnest(%(ids)s::bigint[], %(codes)s::text[]) AS published (id, code)
    JOIN rater ON rater.id = published.id
    JOIN presentation ON presentation.rater_id = published.id
    JOIN sitting ON sitting.id = presentation.sitting_id
    JOIN rating ON rating.presentation_id = presentation.id
    WHERE rating.superseded_at IS NULL AND presentation.phase = ANY (%(phases)s::text[])
    ORDER BY published.code COLLATE "C", sitting.number, presentation.position
"""
_AFTER_SCORES = (
    Column("phase"),
    *(Column(name, Kind.INTEGER) for name in ("sitting", "position", "revision", "dwell_ms")),
    Column("seconds_into_sitting", Kind.NUMBER),
    Column("simulated", Kind.FLAG),
)
_BEFORE_CHECKS = (
    Column("rater"),
    Column("ratings", Kind.INTEGER),
    Column("verdict"),
    Column("proposed", Kind.FLAG),
    Column("decision"),
    Column("failed"),
)
_AFTER_CHECKS = (Column("median_dwell_ms", Kind.NUMBER), Column("simulated", Kind.FLAG))


async def ratings_table(
    session: AsyncSession, *, slug: str, with_training: bool = False, suffix: str | None = None
) -> Table:
    """The current ratings of raters who are not left out, one row per rating.

    Raters have pseudonyms; times count from the beginning of the sitting.  Training ratings,
    which count nowhere, are added on request and told apart by ``phase``.
    """
    study = await get_study(session, slug=slug)
    protocol = protocol_of(study)
    dimensions = [Column(dimension.key, Kind.NUMBER) for dimension in protocol.dimensions]
    columns = (Column("rater"), Column("name"), *dimensions, *_AFTER_SCORES)

    async def pages() -> AsyncGenerator[Sequence[Row], None]:
        scores = level_texts(protocol.scale)
        names = await load_export_names(session, study_id=study.id, suffix=suffix)
        raters = await _published_raters(session, study)
        phases = [Phase.MAIN.value, *([Phase.TRAINING.value] if with_training else [])]
        parameters = {"ids": list(raters), "codes": list(raters.values()), "phases": phases}
        async for rows in stream_rows(session, _RATINGS, parameters, size=PAGE):
            yield [
                (code, names[stimulus_id], *(scores[level] for level in levels), *rest)
                for code, stimulus_id, levels, *rest in rows
            ]

    return Table(columns, study_origin(study), pages())


async def stream_ratings_csv(
    session: AsyncSession, *, slug: str, with_training: bool = False, suffix: str | None = None
) -> AsyncGenerator[str, None]:
    """The same as CSV."""
    table = await ratings_table(session, slug=slug, with_training=with_training, suffix=suffix)
    async for text in csv_pieces(table):
        yield text


async def raters_table(session: AsyncSession, *, run_id: int) -> Table:
    """The raters of a run under their pseudonyms: verdict, outcome of each check, description.

    Nothing is said of raters who have withdrawn since.
    """
    run = await get_done_run(session, run_id=run_id)
    study = await session.get_one(Study, run.study_id)
    keys = [dimension.key for dimension in protocol_of(study).dimensions]
    found = await list_verdicts(session, run_id=run_id)
    verdicts = [rater for rater in found if rater.status is not RaterStatus.WITHDRAWN]
    checks = list(verdicts[0].evidence.status_by_check) if verdicts else []
    described = [Column(f"{key}_{field}", Kind.NUMBER) for key in keys for field in ("mean", "sd")]
    columns = (*_BEFORE_CHECKS, *map(Column, checks), *described, *_AFTER_CHECKS)

    async def pages() -> AsyncGenerator[Sequence[Row], None]:
        rows = await session.execute(
            select(Rater.id, Rater.public_id, Rater.recruitment_source).where(
                Rater.study_id == study.id
            )
        )
        known = {row.id: row for row in rows}
        coded = {pseudonym(study.slug, known[r.rater_id].public_id): r for r in verdicts}
        yield [
            (code, *_cells(rater, checks, keys), _yes(known[rater.rater_id].recruitment_source))
            for code, rater in sorted(coded.items())
        ]

    return Table(columns, await run_origin(session, run), pages())


async def stream_raters_csv(session: AsyncSession, *, run_id: int) -> AsyncGenerator[str, None]:
    """The same as CSV."""
    async for text in csv_pieces(await raters_table(session, run_id=run_id)):
        yield text


def _yes(source: str) -> str:
    return "yes" if source == SIMULATED else "no"


def _cells(rater: RaterVerdict, checks: Sequence[str], keys: Sequence[str]) -> tuple[Any, ...]:
    evidence, statuses = rater.evidence, rater.evidence.status_by_check
    return (
        rater.n,
        rater.verdict,
        "yes" if rater.is_proposed else "no",
        rater.decision,
        " ".join(f"{item.check}:{item.dimension}" for item in evidence.failed),
        *(statuses[check] for check in checks),
        *(value for key in keys for value in (evidence.mean[key], evidence.sd[key])),
        evidence.median_dwell_ms,
    )


async def _published_raters(session: AsyncSession, study: Study) -> dict[int, str]:
    """The pseudonyms of the study's raters who are not left out, by id."""
    query = select(Rater.id, Rater.public_id).where(
        Rater.study_id == study.id,
        Rater.status.in_([RaterStatus.ACTIVE, RaterStatus.COMPLETED]),
    )
    rows = await session.execute(query)
    return {rater_id: pseudonym(study.slug, public_id) for rater_id, public_id in rows}
