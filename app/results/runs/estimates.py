"""A run's estimates: every stimulus by every method chosen; computed, stored, and read again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.analysis.estimates import ESTIMATE_METHODS, Estimate, estimate
from app.analysis.matrix import FloatArray, IntArray, RatingMatrix
from app.analysis.recovery.weighting import EFFECTIVE_N_METHOD
from app.analysis.run import before_screening
from app.database.tables import AnalysisRun, RunEstimate, RunScore, Stimulus, Study
from app.database.tables.results import RunState
from app.database.tables.study import StimulusKind
from app.results.bulk import copy_rows
from app.results.documents import Json, document_of
from app.results.float_arrays import use_packed_floats
from app.results.runs.configuration import AnalysisConfiguration
from app.results.runs.summary import summary_of

ESTIMATE_COLUMNS = {
    "run_id": "int8",
    "method": "text",
    "dimension": "text",
    "value": "float8[]",
    "ci_low": "float8[]",
    "ci_high": "float8[]",
    "effective_n": "float8[]",
}

METHOD_WORDS = {about.method.value: (about.title, about.explanation) for about in ESTIMATE_METHODS}
METHOD_ENTRIES = {about.method.value: about.docs for about in ESTIMATE_METHODS}
"""Title and explanation of each method, in the order in which to show them."""


@dataclass(frozen=True, slots=True)
class StimulusEstimate:
    """One stimulus in one dimension by one method."""

    value: float | None
    ci_low: float | None
    ci_high: float | None
    effective_n: float | None


def compute_estimates(
    kept: RatingMatrix, setup: AnalysisConfiguration, *, everybody: RatingMatrix
) -> tuple[Estimate, ...]:
    """Every method chosen, from the ratings of the raters kept.

    ``everybody`` has all ratings that count, for methods that screen by themselves.
    """
    matrix = kept.canonical()
    unscreened = before_screening(everybody.canonical(), setup.for_analysis())
    return tuple(
        estimate(
            matrix,
            about.method,
            level=setup.level,
            weights=setup.weights,
            interval=setup.interval,
            before_screening=unscreened,
        )
        for about in ESTIMATE_METHODS
        if about.method in setup.estimates
    )


def estimates_document(estimates: Sequence[Estimate]) -> Json:
    """What is to be known of the methods of a run; raters are counted, not named."""
    return {
        "methods": [
            {
                "method": found.method.value,
                "method_id": found.method_id,
                "unit": found.unit.value,
                "level": found.level,
                "interval": found.interval,
                "effective_n_method": None if found.refused else EFFECTIVE_N_METHOD,
                "refused": found.refused,
                "warnings": document_of(found.warnings),
                "left_out": {column: len(names) for column, names in found.left_out.items()},
            }
            for found in estimates
        ]
    }


async def store_estimates(
    session: AsyncSession,
    *,
    run_id: int,
    stimulus_ids: Sequence[str],
    estimates: Sequence[Estimate],
) -> None:
    """Store the estimates of these stimuli; those that were refused have nothing to store."""
    await use_packed_floats(session)
    by_id = np.argsort(np.array(stimulus_ids, dtype=np.int64))
    await copy_rows(
        session,
        table="run_estimate",
        columns=ESTIMATE_COLUMNS,
        rows=(
            (run_id, found.method.value, column, *(_side[by_id, c] for _side in _sides(found)))
            for found in estimates
            if found.refused is None
            for c, column in enumerate(found.columns)
        ),
    )


def _sides(found: Estimate) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    return found.value, found.low, found.high, found.effective_n


@dataclass(frozen=True, slots=True)
class ImageEstimates:
    """One picture by every method of the newest run of one study, by method and dimension.

    A method that the run was not asked for, or that was refused, has no dimensions.
    """

    study_slug: str
    study_title: str
    run_id: int
    labels: Mapping[str, str]
    methods: dict[str, dict[str, StimulusEstimate]]


async def list_image_estimates(session: AsyncSession, *, image_id: int) -> Sequence[ImageEstimates]:
    """The picture under the newest run of each study; runs without estimates are left out.

    1. Find the runs, and the picture's place in their arrays: how many stimuli of the run have
       an id up to this one.
    2. Cut this place out of every array.
    """
    newest = (
        select(func.max(AnalysisRun.id))
        .where(AnalysisRun.study_id == Stimulus.study_id, AnalysisRun.state == RunState.DONE)
        .scalar_subquery()
    )
    scored = aliased(RunScore)
    place = (
        select(func.count())
        .where(
            scored.run_id == newest,
            scored.dimension == "overall",
            scored.stimulus_id <= Stimulus.id,
        )
        .correlate(Stimulus)
        .scalar_subquery()
    )
    at = (
        select(Study.slug, Study.title, newest.label("run_id"), place.label("place"))
        .select_from(Stimulus)
        .join(Study, Study.id == Stimulus.study_id)
        .where(Stimulus.image_id == image_id, Stimulus.kind == StimulusKind.MAIN)
        .cte("at")
        .prefix_with("MATERIALIZED")
    )
    sides = (RunEstimate.value, RunEstimate.ci_low, RunEstimate.ci_high, RunEstimate.effective_n)
    query = (
        select(at.c.slug, at.c.title, AnalysisRun, RunEstimate.method, RunEstimate.dimension)
        .add_columns(*(side[at.c.place] for side in sides))
        .join(AnalysisRun, AnalysisRun.id == at.c.run_id)
        .join(RunEstimate, RunEstimate.run_id == at.c.run_id)
        .order_by(AnalysisRun.id.desc())
    )
    found: dict[int, ImageEstimates] = {}
    for slug, title, run, method, dimension, *numbers in await session.execute(query):
        if run.id not in found:
            labels = summary_of(run).labels
            methods: dict[str, dict[str, StimulusEstimate]] = {name: {} for name in METHOD_WORDS}
            found[run.id] = ImageEstimates(slug, title, run.id, labels, methods)
        found[run.id].methods[method][dimension] = StimulusEstimate(*numbers)
    return list(found.values())


async def load_stimulus_ids(session: AsyncSession, *, run_id: int) -> IntArray:
    """The stimuli of a run by id: the order of all arrays of estimates."""
    query = select(RunScore.stimulus_id).where(
        RunScore.run_id == run_id, RunScore.dimension == "overall"
    )
    ids = await session.scalars(query.order_by(RunScore.stimulus_id))
    return np.array(ids.all(), dtype=np.int64)
