"""The summary of a run: who and how many, and how far the panel agreed."""

import platform
from collections.abc import Iterable
from itertools import combinations
from typing import Any

import numpy
import scipy
from pydantic import BaseModel, ConfigDict

from app import __version__
from app.analysis.correlation import srcc
from app.analysis.matrix import OVERALL
from app.analysis.run import Analysis
from app.database.tables import AnalysisRun
from app.errors import AnalysisImpossible
from app.results.ratings.loading import StudyRatings
from app.results.runs.rows import defined
from app.study.protocol import Protocol


class Summary(BaseModel):
    """Base of the summary's parts."""

    model_config = ConfigDict(frozen=True)


class DimensionSummary(Summary):
    """One dimension (or ``overall``) of a run, over the raters kept."""

    key: str
    label: str
    alpha: float | None
    """Krippendorff's alpha (interval) of the raters kept."""
    alpha_before_screening: float | None
    """Krippendorff's alpha (interval) of all raters."""
    sos_a: float | None
    """The SOS parameter a: how strongly raters disagree, 0 to 1."""
    mos_low: float | None
    """The lowest MOS of a stimulus."""
    mos_mean: float | None
    """The mean MOS over stimuli."""
    mos_high: float | None
    """The highest MOS of a stimulus."""
    raters_without_z: int
    """Raters whose scores never differ, so that they have no z-score."""


class DimensionCorrelation(Summary):
    """Spearman correlation between the raw MOS of two dimensions, over stimuli."""

    first: str
    second: str
    srcc: float | None


class RunSummary(Summary):
    """Who and how many, and how far the panel agreed."""

    raters: int
    kept: int
    rejected: int
    ratings: int
    """Ratings of all raters who were screened; one rating has a score in every dimension."""
    ratings_kept: int
    stimuli: int
    rated_stimuli: int
    """Stimuli with at least one rating by a rater kept."""
    simulated_raters: int = 0
    """Raters among those screened who are programs, not people."""
    excluded_raters: int
    """Raters excluded by the experimenter; their ratings were not screened and do not count."""
    excluded_ratings: int
    withdrawn_raters: int
    erased_ratings: int
    """Ratings erased because their rater has withdrawn."""
    dimensions: tuple[DimensionSummary, ...]
    """In protocol order, then ``overall``."""
    correlations: tuple[DimensionCorrelation, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """The dimensions' keys in protocol order, then ``overall``."""
        return tuple(dimension.key for dimension in self.dimensions)

    @property
    def labels(self) -> dict[str, str]:
        """What people call each dimension."""
        return {dimension.key: dimension.label for dimension in self.dimensions}


class RunVersions(Summary):
    """With what a run was computed."""

    methods: tuple[str, ...]
    """Name and version of every method."""
    beholder: str
    numpy: str
    scipy: str
    python: str


def summary_of(run: AnalysisRun) -> RunSummary:
    """The stored summary of a run."""
    return RunSummary.model_validate(run.summary)


def fingerprint_of(run: AnalysisRun) -> str:
    """The fingerprint of the ratings behind a run; raises AnalysisImpossible before it is done."""
    if run.fingerprint is None:
        raise AnalysisImpossible("This analysis run is not finished.")
    return run.fingerprint


def versions_of(run: AnalysisRun) -> RunVersions:
    """The stored versions of a run."""
    return RunVersions.model_validate(run.versions)


def summarise(analysis: Analysis, ratings: StudyRatings, protocol: Protocol) -> RunSummary:
    """The summary of an analysis of these ratings."""
    matrix, rejected = ratings.matrix, set(analysis.rejected)
    ratings_kept = sum(
        int(n)
        for rater_id, n in zip(matrix.rater_ids, matrix.ratings_by_rater, strict=True)
        if rater_id not in rejected
    )
    labels = {d.key: d.label for d in protocol.dimensions} | {OVERALL: "Overall"}
    return RunSummary(
        raters=len(matrix.rater_ids),
        kept=len(matrix.rater_ids) - len(rejected),
        rejected=len(rejected),
        ratings=matrix.ratings,
        ratings_kept=ratings_kept,
        stimuli=len(matrix.stimulus_ids),
        rated_stimuli=int((analysis.mos.n[:, -1] > 0).sum()),
        simulated_raters=ratings.simulated_raters,
        **vars(ratings.left_out),
        dimensions=tuple(
            _dimension(analysis, c, column, labels[column])
            for c, column in enumerate(analysis.columns)
        ),
        correlations=tuple(
            DimensionCorrelation(
                first=matrix.dimensions[a],
                second=matrix.dimensions[b],
                srcc=defined(srcc(analysis.mos.mean[:, a], analysis.mos.mean[:, b])),
            )
            for a, b in combinations(range(len(matrix.dimensions)), 2)
        ),
    )


def current_versions(analysis: Analysis, more_methods: Iterable[str] = ()) -> RunVersions:
    """The versions of the methods used, each once, and of what computed them."""
    return RunVersions(
        methods=tuple(dict.fromkeys((*analysis.methods, *more_methods))),
        beholder=__version__,
        numpy=numpy.__version__,
        scipy=scipy.__version__,
        python=platform.python_version(),
    )


def _dimension(analysis: Analysis, c: int, key: str, label: str) -> DimensionSummary:
    mos = analysis.mos.mean[:, c]
    rated = mos[analysis.mos.n[:, c] > 0]
    spread: dict[str, Any] = {"mos_low": None, "mos_mean": None, "mos_high": None}
    if rated.size:
        spread = {
            "mos_low": float(rated.min()),
            "mos_mean": float(rated.mean()),
            "mos_high": float(rated.max()),
        }
    return DimensionSummary(
        key=key,
        label=label,
        alpha=defined(analysis.alpha[c]),
        alpha_before_screening=defined(analysis.alpha_before_screening[c]),
        sos_a=defined(analysis.sos_a[c]),
        raters_without_z=len(analysis.z_mos.left_out[key]),
        **spread,
    )
