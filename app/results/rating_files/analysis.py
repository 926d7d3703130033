"""The analysis of what a file held: the same as a study's, one for each set of dimensions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from app.analysis.estimates import ESTIMATE_METHODS, Estimate, EstimateMethod, estimate
from app.analysis.intervals import IntervalMethod
from app.analysis.matrix import RatingMatrix
from app.analysis.recovery import (
    Recovery,
    alternating_projection,
    expectation_maximisation,
    zrec,
)
from app.analysis.reliability import PanelReliability, panel_reliability
from app.analysis.run import Analysis, Configuration, analyse, before_screening
from app.analysis.screening.evidence import Status
from app.analysis.screening.pace import Pace
from app.analysis.screening.verdict import EveryoneRejectedError
from app.analysis.sensitivity import Sensitivity, sensitivity
from app.errors import AnalysisImpossible, InvalidInput, Problem
from app.results.rating_files.groups import Group
from app.results.rating_files.reading import FileRatings
from app.results.runs.configuration import AnalysisConfiguration, Part

_MODELS: dict[EstimateMethod, Callable[..., Recovery]] = {
    EstimateMethod.EM: expectation_maximisation,
    EstimateMethod.AP: alternating_projection,
    EstimateMethod.ZREC: zrec,
}


@dataclass(frozen=True, eq=False)
class GroupAnalysis:
    """One set of dimensions with everything that was computed.

    kept : the ratings of the raters kept; arrays of all results follow its stimuli.
    recoveries : what models say of the raters and how certain they are of the scores: the
    recommended one, and those chosen; none if it is not known who rated. reliability, sensitivity :
    None if not asked for, or if it is not known who rated.
    """

    group: Group
    setup: AnalysisConfiguration
    matrix: RatingMatrix
    kept: RatingMatrix
    analysis: Analysis
    estimates: tuple[Estimate, ...]
    recoveries: Mapping[EstimateMethod, Recovery]
    reliability: PanelReliability | None
    sensitivity: Sensitivity | None


def analyse_file(
    ratings: FileRatings, configuration: AnalysisConfiguration
) -> tuple[GroupAnalysis, ...]:
    """Analyse each set of dimensions that can be analysed together.

    Raises InvalidInput if the configuration does not fit the file, and AnalysisImpossible if
    screening leaves nobody.
    """
    keys = [key for group in ratings.groups for key in group.matrix.dimensions]
    if configuration.weights is not None and set(configuration.weights) != set(keys):
        raise InvalidInput(f"Weights must name exactly the dimensions {', '.join(keys)}.")
    _require_known_raters(ratings.groups, configuration)
    return tuple(_analyse(group, completed(configuration, group)) for group in ratings.groups)


def completed(configuration: AnalysisConfiguration, group: Group) -> AnalysisConfiguration:
    """The configuration without gaps, as it applies to these dimensions."""
    keys = group.matrix.dimensions
    weights = configuration.weights or dict.fromkeys(keys, 1.0)
    own = {key: weights[key] for key in keys}
    if not sum(own.values()) > 0:
        own = dict.fromkeys(keys, 1.0)
    rejecting = tuple(sorted(set(configuration.rejecting))) if group.has_raters else ()
    fast_ms = Pace().fast_ms if configuration.pace.fast_ms is None else configuration.pace.fast_ms
    chosen = set(configuration.estimates) if group.has_raters else {EstimateMethod.MOS}
    return configuration.model_copy(
        update={
            "rejecting": rejecting,
            "confirmed": tuple(sorted(set(configuration.confirmed or ()))),
            "overruled": tuple(sorted(set(configuration.overruled or ()))),
            "weights": own,
            "estimates": tuple(method for method in EstimateMethod if method in chosen),
            "parts": tuple(part for part in configuration.parts if part is not Part.FACTORS),
            "pace": configuration.pace.model_copy(update={"fast_ms": fast_ms}),
        }
    )


def _analyse(group: Group, setup: AnalysisConfiguration) -> GroupAnalysis:
    matrix = group.matrix.canonical()
    numerics = setup.for_analysis() if group.has_raters else _without_raters(setup)
    try:
        analysis = analyse(matrix, numerics)
    except EveryoneRejectedError as error:
        raise _nobody_left(error) from None
    kept = matrix.of_raters(set(matrix.rater_ids).difference(analysis.rejected)).canonical()
    estimates = _estimates(kept, setup, before_screening(matrix, numerics))
    return GroupAnalysis(
        group=group,
        setup=setup,
        matrix=matrix,
        kept=kept,
        analysis=analysis,
        estimates=estimates,
        recoveries=_recoveries(kept, setup) if group.has_raters else {},
        reliability=_reliability(kept, setup) if group.has_raters else None,
        sensitivity=_sensitivity(matrix, numerics, estimates, setup) if group.has_raters else None,
    )


def _without_raters(setup: AnalysisConfiguration) -> Configuration:
    """No check of raters can be made, and no interval that draws raters."""
    if setup.interval is IntervalMethod.BOOTSTRAP_RATERS:
        raise InvalidInput(
            "The interval bootstrap-raters draws raters, but the file does not say who rated;"
            " choose another, such as sos-jeffreys or student-t."
        )
    return Configuration(
        checks=(),
        rejecting=frozenset(),
        interval=setup.interval,
        level=setup.level,
        weights=setup.weights,
    )


def _estimates(
    kept: RatingMatrix, setup: AnalysisConfiguration, unscreened: RatingMatrix
) -> tuple[Estimate, ...]:
    return tuple(
        estimate(
            kept,
            about.method,
            level=setup.level,
            weights=setup.weights,
            interval=setup.interval,
            before_screening=unscreened,
        )
        for about in ESTIMATE_METHODS
        if about.method in setup.estimates
    )


def _recoveries(kept: RatingMatrix, setup: AnalysisConfiguration) -> dict[EstimateMethod, Recovery]:
    return {
        method: model(kept, weights=setup.weights)
        for method, model in _MODELS.items()
        if method is EstimateMethod.EM or method in setup.estimates
    }


def _reliability(kept: RatingMatrix, setup: AnalysisConfiguration) -> PanelReliability | None:
    if Part.RELIABILITY not in setup.parts:
        return None
    return panel_reliability(kept, weights=setup.weights, level=setup.level)


def _sensitivity(
    matrix: RatingMatrix,
    numerics: Configuration,
    estimates: Sequence[Estimate],
    setup: AnalysisConfiguration,
) -> Sensitivity | None:
    if Part.SENSITIVITY not in setup.parts:
        return None
    return sensitivity(matrix, numerics, estimates=estimates)


def _require_known_raters(groups: Sequence[Group], configuration: AnalysisConfiguration) -> None:
    """A decision about somebody who is not in the file is a slip of the pen."""
    decided = {*(configuration.confirmed or ()), *(configuration.overruled or ())}
    known = {rater for group in groups if group.has_raters for rater in group.matrix.rater_ids}
    if unknown := decided - known:
        raise InvalidInput(
            f"The configuration decides on raters who are not in the file:"
            f" {', '.join(sorted(unknown)[:5])}."
        )


def _nobody_left(error: EveryoneRejectedError) -> AnalysisImpossible:
    failed: Mapping[str, str] = {
        item.rater_id: f"{item.check}: {item.reason}"
        for item in reversed(error.evidence)
        if item.status is Status.FAILED
    }
    return AnalysisImpossible(
        "Screening rejects every rater, so nobody is left to average. Look at the reasons, and"
        ' choose what rejects with --configuration FILE, for example {"rejecting": []}.',
        problems=[Problem(rater, failed[rater]) for rater in sorted(failed)[:20]],
    )
