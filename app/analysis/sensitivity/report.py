"""How much the scores depend on choices: of the method, of each rater, of the screening rule."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.analysis.estimates import Estimate
from app.analysis.matrix import RatingMatrix
from app.analysis.run import Configuration, before_screening
from app.analysis.screening import EveryoneRejectedError, rejected_raters
from app.analysis.sensitivity.advice import advice
from app.analysis.sensitivity.methods import METHODS_METHOD, MethodComparison, method_comparisons
from app.analysis.sensitivity.raters import (
    LEAVE_ONE_OUT_METHOD,
    RaterInfluence,
    rater_influence,
)
from app.analysis.sensitivity.rules import RULES_METHOD, RuleOutcome, rule_outcomes

_NOBODY_LEFT = (
    "The checks and decisions of this analysis reject every rater, so there are no scores; the"
    " methods are compared here on the ratings of everybody."
)


@dataclass(frozen=True, slots=True, eq=False)
class Sensitivity:
    """What would be different if one had chosen otherwise.

    kept, rejected : ids of raters with ratings, sorted, as the configuration decides.
    methods : every estimate against the MOS, of the raters kept; of everybody if none is kept.
    raters : the MOS of everybody with and without each rater, screened or not.
    rules : what each screening rule alone would do to everybody.
    advice : plain sentences. method_ids : how all this was computed.
    """

    kept: tuple[str, ...]
    rejected: tuple[str, ...]
    methods: tuple[MethodComparison, ...]
    raters: RaterInfluence
    rules: tuple[RuleOutcome, ...]
    advice: tuple[str, ...]
    method_ids: tuple[str, ...] = (METHODS_METHOD, LEAVE_ONE_OUT_METHOD, RULES_METHOD)


def sensitivity(
    matrix: RatingMatrix,
    configuration: Configuration | None = None,
    *,
    estimates: Sequence[Estimate] = (),
) -> Sensitivity:
    """Compare methods, raters and screening rules on the ratings that count before screening.

    Parameters
    ----------
    matrix : RatingMatrix
        Ratings of all raters who are neither excluded nor withdrawn. Ids and rows are sorted
        first, so their order does not matter.
    configuration : Configuration
        Decides who is kept for the comparison of methods, and the weights of dimensions.
    estimates : sequence of Estimate
        Those already computed for the raters kept, with stimuli in sorted order; they are not
        computed again.

    Notes
    -----
    Edge case: where the configuration rejects every rater, nobody is left to average and `analyse`
    raises. Here `kept` is empty, the methods are compared on the ratings of everybody, and the
    first sentence of `advice` says so.
    """
    setup = Configuration() if configuration is None else configuration
    matrix = matrix.canonical()
    active = matrix.of_raters(
        [
            rater_id
            for rater_id, count in zip(matrix.rater_ids, matrix.ratings_by_rater, strict=True)
            if count > 0
        ]
    )
    rejected = _rejected(matrix, active.rater_ids, setup)
    kept_ids = set(active.rater_ids).difference(rejected)
    is_nobody_left = bool(rejected) and not kept_ids
    kept = active if is_nobody_left else active.of_raters(kept_ids)
    return Sensitivity(
        kept=() if is_nobody_left else kept.rater_ids,
        rejected=rejected,
        methods=method_comparisons(
            kept,
            estimates=estimates,
            level=setup.level,
            weights=setup.weights,
            before_screening=before_screening(matrix, setup),
        ),
        raters=rater_influence(active, weights=setup.weights),
        rules=rule_outcomes(active, configured=setup.checks, weights=setup.weights),
        advice=(_NOBODY_LEFT, *advice(kept))
        if is_nobody_left
        else advice(kept, rejected=len(rejected)),
    )


def _rejected(matrix: RatingMatrix, active: Sequence[str], setup: Configuration) -> tuple[str, ...]:
    evidence = [
        item
        for check in setup.checks
        if check.name in setup.rejecting
        for item in check.evidence(matrix)
    ]
    try:
        return rejected_raters(
            evidence,
            rejecting=setup.rejecting,
            raters=active,
            confirmed=setup.confirmed,
            overruled=setup.overruled,
        )
    except EveryoneRejectedError:
        return tuple(sorted(active))
