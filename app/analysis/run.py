"""One analysis from ratings to results: screen, reject, average, put bounds around it."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.analysis import opinion_scores, overall, reliability
from app.analysis.bootstrap import interval_bounds
from app.analysis.intervals import (
    SOS_METHOD,
    Bounds,
    IntervalMethod,
    confidence_bounds,
    sos_parameter,
)
from app.analysis.matrix import FINGERPRINT_METHOD, FloatArray, RatingMatrix
from app.analysis.opinion_scores import OpinionScores
from app.analysis.screening.agreement import Agreement
from app.analysis.screening.bt500 import BT500
from app.analysis.screening.controls import Controls
from app.analysis.screening.evidence import Check, Evidence, method_id
from app.analysis.screening.pace import Pace
from app.analysis.screening.variation import Variation
from app.analysis.screening.verdict import proposed_raters, rejected_raters

# The checks that propose raters for rejection unless something else is said.
REJECTING = frozenset({"agreement", "variation", "controls", "pace"})


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything that may change the numbers of an analysis, apart from the ratings.

    checks : made and reported for every rater, each with its parameters.
    rejecting : names of those checks whose failure proposes a rater for rejection.
    confirmed, overruled : ids of raters for whom the experimenter has decided: the former are
        rejected, the latter kept, whatever the checks say. Ids without ratings are ignored.
    interval : method for the raw MOS. z-score MOS have no ends of scale and always get the
        Student t interval.
    level : confidence level of all intervals.
    weights : of the dimensions in the overall score; None means equal.

    Raises ValueError if a rejecting check is not among the checks, two checks share a name, or a
    rater is both confirmed and overruled.
    """

    checks: tuple[Check, ...] = (BT500(), Agreement(), Variation(), Controls(), Pace())
    rejecting: frozenset[str] = REJECTING
    confirmed: frozenset[str] = frozenset()
    overruled: frozenset[str] = frozenset()
    interval: IntervalMethod = IntervalMethod.SOS_JEFFREYS
    level: float = 0.95
    weights: Mapping[str, float] | None = None

    def __post_init__(self) -> None:
        names = [check.name for check in self.checks]
        if len(set(names)) < len(names):
            raise ValueError("Each check can be made once.")
        if unknown := self.rejecting.difference(names):
            raise ValueError(f"Rejecting checks that are not made: {', '.join(sorted(unknown))}.")
        if both := self.confirmed & self.overruled:
            raise ValueError(f"Both confirmed and overruled: {', '.join(sorted(both))}.")


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """Results of one analysis; arrays per stimulus follow `stimulus_ids`, columns `columns`.

    columns : the dimensions in protocol order, then "overall".
    evidence : by check, then dimension, then rater.
    proposed : ids of the raters whom the checks propose to reject, sorted. rejected : ids of
        those who were left out, sorted: the proposed who are not overruled, and the confirmed.
    mos, z_mos : with bounds of the same shape, (stimuli, columns), over the raters kept.
    sos_a : SOS parameter of the raw MOS per column. alpha, alpha_before_screening :
        Krippendorff's alpha per column, of the raters kept and of all.
    methods : name and version of every method used.
    fingerprint : of all ratings given, before screening.
    """

    fingerprint: str
    configuration: Configuration
    methods: tuple[str, ...]
    columns: tuple[str, ...]
    stimulus_ids: tuple[str, ...]
    rater_ids: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    proposed: tuple[str, ...]
    rejected: tuple[str, ...]
    mos: OpinionScores
    mos_bounds: Bounds
    z_mos: OpinionScores
    z_mos_bounds: Bounds
    sos_a: FloatArray
    alpha: FloatArray
    alpha_before_screening: FloatArray


def analyse(matrix: RatingMatrix, configuration: Configuration | None = None) -> Analysis:
    """Analyse the ratings of one study.

    1. Sort ids and rows, so that nothing depends on the order they came in.
    2. Make every check on all raters, in every dimension.
    3. Propose raters who failed a rejecting check in any dimension; reject those of them who are
       not overruled, and those who are confirmed.
    4. Average the others' ratings: MOS and z-score MOS, per dimension and overall.
    5. Put bounds around them; describe the agreement of the panel.

    Screening is made on raw levels, in one pass.

    Identical input gives identical bits, whatever the order of rows and ids.

    Raises
    ------
    EveryoneRejectedError
        Nobody is left; the error carries the evidence.
    ValueError
        The configuration does not fit the matrix.
    """
    setup = Configuration() if configuration is None else configuration
    matrix = matrix.canonical()
    evidence = tuple(item for check in setup.checks for item in check.evidence(matrix))
    active = _active_raters(matrix)
    proposed = proposed_raters(evidence, rejecting=setup.rejecting, raters=active)
    rejected = rejected_raters(
        evidence,
        rejecting=setup.rejecting,
        raters=active,
        confirmed=setup.confirmed,
        overruled=setup.overruled,
    )
    kept = matrix.of_raters(set(matrix.rater_ids).difference(rejected))
    mos = opinion_scores.mean_opinion_scores(kept, weights=setup.weights)
    z_mos = opinion_scores.z_mean_opinion_scores(kept, weights=setup.weights)
    return Analysis(
        fingerprint=matrix.fingerprint(),
        configuration=setup,
        methods=_methods(setup),
        columns=mos.columns,
        stimulus_ids=matrix.stimulus_ids,
        rater_ids=matrix.rater_ids,
        evidence=evidence,
        proposed=proposed,
        rejected=rejected,
        mos=mos,
        mos_bounds=interval_bounds(
            kept, mos, method=setup.interval, level=setup.level, weights=setup.weights
        ),
        z_mos=z_mos,
        z_mos_bounds=confidence_bounds(
            z_mos, None, method=IntervalMethod.STUDENT_T, level=setup.level
        ),
        sos_a=sos_parameter(mos, matrix.scale),
        alpha=reliability.krippendorff_alpha(kept, weights=setup.weights),
        alpha_before_screening=reliability.krippendorff_alpha(matrix, weights=setup.weights),
    )


def before_screening(matrix: RatingMatrix, configuration: Configuration) -> RatingMatrix:
    """The ratings from which a method that screens by itself starts.

    All but those of raters whose rejection the experimenter has confirmed; what the checks
    propose, and whom the experimenter keeps against them, is nothing to such a method.
    """
    return matrix.of_raters(set(matrix.rater_ids).difference(configuration.confirmed))


def _active_raters(matrix: RatingMatrix) -> set[str]:
    counts = zip(matrix.rater_ids, matrix.ratings_by_rater, strict=True)
    return {rater_id for rater_id, count in counts if count > 0}


def _methods(setup: Configuration) -> tuple[str, ...]:
    intervals = {setup.interval.method_id, IntervalMethod.STUDENT_T.method_id}
    return (
        FINGERPRINT_METHOD,
        *(method_id(check) for check in setup.checks),
        opinion_scores.MOS_METHOD,
        opinion_scores.Z_MOS_METHOD,
        overall.METHOD,
        *sorted(intervals),
        SOS_METHOD,
        reliability.ALPHA_METHOD,
    )
