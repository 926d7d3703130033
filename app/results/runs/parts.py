"""The parts of a run beyond the scores themselves: each computed apart, stored as a section.

A part that cannot be computed does not take the scores with it: its section says so in a
sentence (``failed``), and the log has the reason.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import structlog
from psycopg.types.json import Jsonb
from sqlalchemy.ext.asyncio import AsyncSession

from app.analysis.estimates import Estimate
from app.analysis.matrix import RatingMatrix
from app.analysis.reliability import panel_reliability
from app.analysis.run import Analysis
from app.analysis.sensitivity import sensitivity
from app.database.tables import AnalysisRun
from app.results.bulk import copy_rows
from app.results.documents import Json, document_of
from app.results.factors.study import study_factors
from app.results.runs.configuration import AnalysisConfiguration, Part
from app.results.runs.estimates import compute_estimates, estimates_document, store_estimates
from app.results.runs.progress import Step, Tell
from app.results.runs.sensitivity import rater_documents, sensitivity_section
from app.results.runs.threads import in_thread

METHOD_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*/[a-z0-9]+(-[a-z0-9]+)*@\d+")
FAILED: Mapping[str, Json] = {
    "failed": "This part could not be computed. The scores of the run are not affected."
}

log = structlog.get_logger()


@dataclass(frozen=True, eq=False)
class Material:
    """What the parts are computed from: the basic analysis, and the ratings behind it.

    ``matrix`` has everybody's ratings, ``kept`` those of the raters kept, both in canonical order.
    """

    setup: AnalysisConfiguration
    matrix: RatingMatrix
    kept: RatingMatrix
    analysis: Analysis


@dataclass(eq=False)
class Parts:
    """What follows from the ratings alone: estimates, sections by name, and words on raters."""

    stimulus_ids: tuple[str, ...]
    estimates: tuple[Estimate, ...] = ()
    sections: dict[str, Json] = field(default_factory=dict)
    raters: dict[int, dict[str, Json]] = field(default_factory=dict)

    @property
    def methods(self) -> tuple[str, ...]:
        """Name and version of every method that the parts mention, each once."""
        return tuple(dict.fromkeys(methods_in(dict(self.sections))))


def steps_of(setup: AnalysisConfiguration) -> tuple[Step, ...]:
    """The steps of a run with this configuration, in order."""
    chosen = [step for step in (Step.RELIABILITY, Step.SENSITIVITY) if step.value in setup.parts]
    return (Step.LOAD, Step.SCREEN, Step.ESTIMATES, *chosen, Step.STORE)


async def compute_parts(
    matrix: RatingMatrix, setup: AnalysisConfiguration, analysis: Analysis, tell: Tell
) -> Parts:
    """The chosen parts one after the other, each in a thread."""
    material = await in_thread(_material, matrix, setup, analysis)
    parts = Parts(material.kept.stimulus_ids)
    work = {
        Step.ESTIMATES: _add_estimates,
        Step.RELIABILITY: _add_reliability,
        Step.SENSITIVITY: _add_sensitivity,
    }
    for step in steps_of(setup):
        if step in work:
            await tell(step)
            try:
                await in_thread(work[step], parts, material)
            except Exception as error:
                _say_failed(parts, step.value, error)
    return parts


async def add_factors(session: AsyncSession, *, run: AnalysisRun, parts: Parts) -> None:
    """Compute the factors of a run whose scores are stored, if they were asked for."""
    setup = AnalysisConfiguration.model_validate(run.configuration)
    if Part.FACTORS not in setup.parts:
        return
    try:
        async with session.begin_nested():
            found = await study_factors(session, run_id=run.id)
        parts.sections[Part.FACTORS.value] = document_of(found)
    except Exception as error:
        _say_failed(parts, Part.FACTORS.value, error)


async def store_parts(session: AsyncSession, *, run: AnalysisRun, parts: Parts) -> None:
    """Store the estimates and sections of a run whose scores are stored."""
    await store_estimates(
        session, run_id=run.id, stimulus_ids=parts.stimulus_ids, estimates=parts.estimates
    )
    await copy_rows(
        session,
        table="run_section",
        columns={"run_id": "int8", "name": "text", "document": "jsonb"},
        rows=((run.id, name, Jsonb(document)) for name, document in parts.sections.items()),
    )


def methods_in(document: Json) -> Iterator[str]:
    """Name and version of every method that a document mentions."""
    match document:
        case str() if METHOD_ID.fullmatch(document):
            yield document
        case dict():
            for item in document.values():
                yield from methods_in(item)
        case list():
            for item in document:
                yield from methods_in(item)


def _material(matrix: RatingMatrix, setup: AnalysisConfiguration, analysis: Analysis) -> Material:
    matrix = matrix.canonical()
    kept = matrix.of_raters(set(matrix.rater_ids).difference(analysis.rejected))
    return Material(setup, matrix, kept, analysis)


def _add_estimates(parts: Parts, material: Material) -> None:
    parts.estimates = compute_estimates(material.kept, material.setup, everybody=material.matrix)
    parts.sections[Step.ESTIMATES.value] = estimates_document(parts.estimates)


def _add_reliability(parts: Parts, material: Material) -> None:
    setup = material.setup
    found = panel_reliability(material.kept, weights=setup.weights, level=setup.level)
    parts.sections[Part.RELIABILITY.value] = document_of(found)


def _add_sensitivity(parts: Parts, material: Material) -> None:
    setup = material.setup.for_analysis()
    found = sensitivity(material.matrix, setup, estimates=parts.estimates)
    parts.sections[Part.SENSITIVITY.value] = sensitivity_section(found)
    parts.raters = rater_documents(found)


def _say_failed(parts: Parts, name: str, error: Exception) -> None:
    log.error("analysis_part_failed", part=name, error=type(error).__name__, exc_info=error)
    parts.sections[name] = dict(FAILED)
