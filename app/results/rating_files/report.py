"""The report on files of ratings: what terminal, JSON, CSV and HTML all draw on."""

import platform
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy
from pydantic import BaseModel, ConfigDict

from app import __version__
from app.analysis import overall
from app.analysis.estimates import Estimate, EstimateMethod, description
from app.analysis.intervals import IntervalMethod
from app.analysis.matrix import OVERALL, IntArray
from app.analysis.opinion_scores import Z_MOS_METHOD
from app.analysis.recovery.weighting import EFFECTIVE_N_METHOD
from app.results.documents import Json, document_of
from app.results.rating_files.analysis import GroupAnalysis
from app.results.rating_files.rater_lines import RaterLine, rater_lines
from app.results.rating_files.reading import FileRatings

NO_RATERS = (
    "The file does not say who gave which score. MOS, intervals and Krippendorff's alpha do not"
    " need it; screening of raters, z-scores, recovered scores, ICC, split-half and the influence"
    " of single raters do, and are not given."
)

_ROLES = ("rater", "stimulus", "score", "dimension", "time", "sitting", "order", "repetition")


class Document(BaseModel):
    """Base of the report's parts."""

    model_config = ConfigDict(frozen=True)


class FileLine(Document):
    """One file, by the digest of its bytes."""

    name: str
    format: str
    bytes: int
    sha256: str


class ColumnLine(Document):
    """One dimension, or "overall", over the raters kept."""

    key: str
    label: str
    mos_low: float | None
    mos_mean: float | None
    mos_high: float | None
    half_width: float | None
    """Mean half-width of the intervals of the MOS."""
    unanimous: int
    """Stimuli on which two or more raters all agreed."""
    sos_a: float | None
    alpha: float | None
    alpha_before_screening: float | None
    raters_without_z: int | None


class EstimateLine(Document):
    """One method by which every stimulus was estimated, or why it was not."""

    method: str
    method_id: str
    title: str
    unit: str
    explanation: str
    refused: str | None
    warnings: tuple[str, ...]


class GroupReport(Document):
    """One set of dimensions that were analysed together."""

    title: str
    scale: str
    scale_is_assumed: bool
    has_raters: bool
    fingerprint: str
    methods: tuple[str, ...]
    configuration: dict[str, Any]
    raters: int | None
    kept: int | None
    rejected: int | None
    ratings: int
    ratings_kept: int
    repeats: int
    stimuli: int
    rated_stimuli: int
    ratings_per_stimulus: tuple[int, float, int]
    """Fewest, median and most, of the raters kept."""
    columns: tuple[ColumnLine, ...]
    rater_lines: tuple[RaterLine, ...]
    estimates: tuple[EstimateLine, ...]
    reliability: Json
    sensitivity: Json

    @property
    def each_stimulus(self) -> str:
        """How many ratings a stimulus has, in words."""
        fewest, median, most = self.ratings_per_stimulus
        if fewest == most:
            return f"{most} rating{'' if most == 1 else 's'} of each"
        return f"{fewest} to {most} ratings of each, typically {median:g}"


class FileReport(Document):
    """Everything that is known after the analysis, apart from the scores of each stimulus."""

    files: tuple[FileLine, ...]
    understanding: str
    columns: dict[str, Any]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    versions: dict[str, str]
    level: float
    groups: tuple[GroupReport, ...]

    @property
    def methods(self) -> tuple[str, ...]:
        """Name and version of every method used, each once."""
        return tuple(dict.fromkeys(name for group in self.groups for name in group.methods))


def report_on(ratings: FileRatings, analyses: Sequence[GroupAnalysis]) -> FileReport:
    """The report; the same files and settings give the same report to the last digit."""
    without = () if all(group.has_raters for group in ratings.groups) else (NO_RATERS,)
    return FileReport(
        files=tuple(
            FileLine(name=x.name, format=x.kind.value, bytes=x.size, sha256=x.sha256)
            for x in ratings.sources
        ),
        understanding=ratings.understanding,
        columns={name: document_of(getattr(ratings.roles, name)) for name in _ROLES},
        notes=(*ratings.notes, *without),
        warnings=ratings.warnings,
        versions={
            "beholder": __version__,
            "numpy": np.__version__,
            "scipy": scipy.__version__,
            "python": platform.python_version(),
        },
        level=analyses[0].setup.level,
        groups=tuple(_group_report(found) for found in analyses),
    )


def _group_report(found: GroupAnalysis) -> GroupReport:
    group, matrix, kept = found.group, found.matrix, found.kept
    per_stimulus = kept.ratings_by_stimulus
    raters = len(matrix.rater_ids) if group.has_raters else None
    rejected = len(found.analysis.rejected)
    return GroupReport(
        title=group.title,
        scale=group.dimensions[0].scale.text,
        scale_is_assumed=not group.dimensions[0].scale.is_given,
        has_raters=group.has_raters,
        fingerprint=found.analysis.fingerprint,
        methods=_methods(found),
        configuration=found.setup.model_dump(mode="json"),
        raters=raters,
        kept=None if raters is None else raters - rejected,
        rejected=None if raters is None else rejected,
        ratings=matrix.ratings,
        ratings_kept=kept.ratings,
        repeats=0 if matrix.repeats is None else len(matrix.repeats.rater),
        stimuli=len(matrix.stimulus_ids),
        rated_stimuli=int((per_stimulus > 0).sum()),
        ratings_per_stimulus=_least_median_most(per_stimulus),
        columns=tuple(_column_line(found, c) for c in shown_columns(found)),
        rater_lines=rater_lines(found),
        estimates=tuple(_estimate_line(item) for item in found.estimates),
        reliability=document_of(found.reliability),
        sensitivity=document_of(found.sensitivity),
    )


def _least_median_most(counts: IntArray) -> tuple[int, float, int]:
    return int(counts.min()), float(np.median(counts)), int(counts.max())


def shown_columns(found: GroupAnalysis) -> list[int]:
    """The columns to be shown: all, but "overall" only where it differs from the dimension."""
    columns = range(len(found.analysis.columns))
    return list(columns) if len(found.matrix.dimensions) > 1 else [0]


def label_of(found: GroupAnalysis, column: str) -> str:
    """What a column is called in the file."""
    if column == OVERALL:
        return "overall"
    return next(d.label for d in found.group.dimensions if d.key == column)


def _column_line(found: GroupAnalysis, c: int) -> ColumnLine:
    analysis = found.analysis
    mos = analysis.mos.mean[:, c]
    half = (analysis.mos_bounds.high[:, c] - analysis.mos_bounds.low[:, c]) / 2
    key = analysis.columns[c]
    return ColumnLine(
        key=key,
        label=label_of(found, key),
        mos_low=_least(mos),
        mos_mean=_mean(mos),
        mos_high=_most(mos),
        half_width=_mean(half),
        unanimous=int(analysis.mos.unanimous[:, c].sum()),
        sos_a=defined(analysis.sos_a[c]),
        alpha=defined(analysis.alpha[c]),
        alpha_before_screening=defined(analysis.alpha_before_screening[c]),
        raters_without_z=len(analysis.z_mos.left_out[key]) if found.group.has_raters else None,
    )


def _estimate_line(item: Estimate) -> EstimateLine:
    about = description(item.method)
    return EstimateLine(
        method=item.method.value,
        method_id=item.method_id,
        title=about.title,
        unit=item.unit.value,
        explanation=about.explanation,
        refused=item.refused,
        warnings=item.warnings,
    )


def _methods(found: GroupAnalysis) -> tuple[str, ...]:
    """Name and version of every method of which a number is given."""
    made = list(found.analysis.methods)
    if len(found.matrix.dimensions) == 1:
        made.remove(overall.METHOD)
    if not found.group.has_raters:  # then nothing is standardised by rater
        made.remove(Z_MOS_METHOD)
        if found.setup.interval is not IntervalMethod.STUDENT_T:
            made.remove(IntervalMethod.STUDENT_T.method_id)
    for item in found.estimates:
        made += [] if item.refused else [item.method_id, item.interval]
        if item.method is EstimateMethod.EM and not item.refused:
            made.append(EFFECTIVE_N_METHOD)
    if found.reliability is not None:
        made += found.reliability.methods
    if found.sensitivity is not None:
        made += found.sensitivity.method_ids
    return tuple(dict.fromkeys(name for name in made if name))


def defined(number: float | np.floating[Any]) -> float | None:
    """The number, or None where it is not defined."""
    return float(number) if np.isfinite(number) else None


def _least(values: npt.NDArray[np.float64]) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.min()) if known.size else None


def _most(values: npt.NDArray[np.float64]) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.max()) if known.size else None


def _mean(values: npt.NDArray[np.float64]) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else None
