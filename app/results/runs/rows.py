"""What an analysis says of each stimulus and each rater, as rows of the tables of results."""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from psycopg.types.json import Jsonb
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.analysis.grouping import centred_within, sum_within
from app.analysis.matrix import FloatArray, RatingMatrix
from app.analysis.run import Analysis
from app.analysis.screening.evidence import Evidence
from app.analysis.screening.pace import median_dwell_ms
from app.database.arrays import is_one_of
from app.database.tables import Rater
from app.database.tables.rating import RaterStatus
from app.database.tables.results import Decision, Verdict
from app.results.bulk import copy_rows
from app.results.ratings.loading import StudyRatings
from app.results.screening.evidence import CheckEvidence, RaterEvidence

# Columns in the order of the rows below, with their PostgreSQL types.
SCORE_COLUMNS = {
    "run_id": "int8",
    "stimulus_id": "int8",
    "dimension": "text",
    "n": "int8",
    "mos": "float8",
    "sos": "float8",
    "ci_low": "float8",
    "ci_high": "float8",
    "z_n": "int8",
    "z_mos": "float8",
    "z_sos": "float8",
    "z_ci_low": "float8",
    "z_ci_high": "float8",
}
RATER_COLUMNS = {
    "run_id": "int8",
    "rater_id": "int8",
    "n": "int8",
    "is_proposed": "bool",
    "decision": "text",
    "verdict": "text",
    "evidence": "jsonb",
}


def score_rows(analysis: Analysis, run_id: int) -> Iterator[tuple[Any, ...]]:
    """One row per stimulus and column; what is not defined is None."""
    stimuli = [int(stimulus_id) for stimulus_id in analysis.stimulus_ids]
    arrays = (
        analysis.mos.n,
        analysis.mos.mean,
        analysis.mos.sos,
        analysis.mos_bounds.low,
        analysis.mos_bounds.high,
        analysis.z_mos.n,
        analysis.z_mos.mean,
        analysis.z_mos.sos,
        analysis.z_mos_bounds.low,
        analysis.z_mos_bounds.high,
    )
    for c, column in enumerate(analysis.columns):
        values = (_without_nan(array[:, c]) for array in arrays)
        for stimulus_id, *numbers in zip(stimuli, *values, strict=True):
            yield run_id, stimulus_id, column, *numbers


def rater_evidence(analysis: Analysis, ratings: StudyRatings) -> dict[int, RaterEvidence]:
    """The evidence about each rater: every check, and a description of what they answered."""
    matrix = ratings.matrix
    checks: dict[str, list[CheckEvidence]] = defaultdict(list)
    for item in analysis.evidence:
        checks[item.rater_id].append(_check_evidence(item))
    spread = {key: _mean_and_sd(matrix, d) for d, key in enumerate(matrix.dimensions)}
    medians = _without_nan(median_dwell_ms(matrix))
    return {
        int(rater_id): RaterEvidence(
            checks=tuple(checks[rater_id]),
            mean={key: mean[i] for key, (mean, _) in spread.items()},
            sd={key: sd[i] for key, (_, sd) in spread.items()},
            median_dwell_ms=medians[i],
        )
        for i, rater_id in enumerate(matrix.rater_ids)
    }


def rater_verdicts(analysis: Analysis) -> dict[int, Verdict]:
    """Kept or rejected, for every rater with ratings."""
    rejected = set(analysis.rejected)
    return {
        int(rater_id): Verdict.REJECTED if rater_id in rejected else Verdict.KEPT
        for rater_id in analysis.rater_ids
    }


def rater_decisions(analysis: Analysis) -> dict[int, str]:
    """The experimenter's decisions by which raters were rejected or kept."""
    setup = analysis.configuration
    words = ((Decision.CONFIRMED, setup.confirmed), (Decision.OVERRULED, setup.overruled))
    return {int(rater_id): word.value for word, ids in words for rater_id in ids}


def defined(number: float) -> float | None:
    """The number, or None where it is not defined."""
    return float(number) if math.isfinite(number) else None


def _check_evidence(item: Evidence) -> CheckEvidence:
    return CheckEvidence(
        check=item.check,
        dimension=item.dimension,
        status=item.status,
        reason=item.reason,
        numbers=dict(item.numbers),
    )


def _mean_and_sd(matrix: RatingMatrix, d: int) -> tuple[list[float | None], list[float | None]]:
    """Mean and standard deviation (ddof 1) of each rater's scores in one dimension."""
    raters = len(matrix.rater_ids)
    count, mean, residual = centred_within(
        matrix.levels[:, d].astype(np.float64), matrix.rater, raters
    )
    squares = sum_within(residual * residual, matrix.rater, raters)
    sd = np.where(count >= 2, np.sqrt(squares / np.maximum(count - 1, 1)), np.nan)
    return _without_nan(matrix.scale.scores(mean)), _without_nan(matrix.scale.step * sd)


def _without_nan(values: FloatArray | npt.NDArray[Any]) -> list[Any]:
    """The values as Python numbers, None in place of NaN."""
    numbers: list[Any] = values.tolist()
    return [None if number != number else number for number in numbers]


async def store_rows(
    session: AsyncSession,
    *,
    run_id: int,
    analysis: Analysis,
    ratings: StudyRatings,
    more: Mapping[int, dict[str, Any]],
) -> None:
    """Store what an analysis says of each stimulus, and of each rater who has not withdrawn.

    ``more`` is what else is said of a rater, stored under ``sensitivity`` with the evidence.  The
    raters are locked, so that a withdrawal in this moment waits, and then finds the rows.
    """
    await copy_rows(
        session, table="run_score", columns=SCORE_COLUMNS, rows=score_rows(analysis, run_id)
    )
    erased = await _lock_raters(session, analysis)
    n = dict(zip(analysis.rater_ids, ratings.matrix.ratings_by_rater.tolist(), strict=True))
    verdicts, decisions = rater_verdicts(analysis), rater_decisions(analysis)
    proposed = {int(rater_id) for rater_id in analysis.proposed}
    await copy_rows(
        session,
        table="run_rater",
        columns=RATER_COLUMNS,
        rows=(
            (
                run_id,
                rater_id,
                0 if rater_id in erased else n[str(rater_id)],
                rater_id in proposed,
                decisions.get(rater_id),
                verdicts[rater_id].value,
                Jsonb({} if rater_id in erased else _with_more(evidence, more.get(rater_id))),
            )
            for rater_id, evidence in rater_evidence(analysis, ratings).items()
        ),
    )


def _with_more(evidence: RaterEvidence, sensitivity: dict[str, Any] | None) -> dict[str, Any]:
    return evidence.model_dump(mode="json") | ({"sensitivity": sensitivity} if sensitivity else {})


async def _lock_raters(session: AsyncSession, analysis: Analysis) -> set[int]:
    """Lock the raters against withdrawal; return those who withdrew while this was computed."""
    query = select(Rater.id, Rater.status).where(is_one_of(Rater.id, map(int, analysis.rater_ids)))
    rows = await session.execute(
        query.order_by(Rater.id).with_for_update(read=True, key_share=True)
    )
    return {rater_id for rater_id, status in rows if status is RaterStatus.WITHDRAWN}
