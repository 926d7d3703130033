"""What each screening rule would do if it alone decided: whom it would reject, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from app.analysis.matrix import FloatArray, RatingMatrix
from app.analysis.opinion_scores import mean_opinion_scores
from app.analysis.overall import column_names
from app.analysis.screening import (
    BT500,
    BT1788,
    P913,
    VQEG,
    Agreement,
    AgreementRule,
    BT500OnZ,
    Check,
    Controls,
    Deviation,
    Evidence,
    Pace,
    Status,
    Variation,
    proposed_raters,
)
from app.analysis.screening.evidence import method_id
from app.analysis.sensitivity.comparison import Comparison, comparison, in_figures

RULES_METHOD = "sensitivity/screening-rules@1"


@dataclass(frozen=True, slots=True)
class Rule:
    """A check with its parameters, and what it looks for in one sentence."""

    check: Check
    title: str
    explanation: str


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a rule would reject a rater: one entry for each dimension in which it fails them."""

    rater_id: str
    dimension: str
    reason: str


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """What would follow if this rule alone decided.

    rejected : ids, sorted. reasons : of the rejected, by rater and dimension.
    judged : raters of whom the rule could say something, in any dimension; of : all with ratings.
    comparisons : for each column, the MOS without the rejected against the MOS of everybody;
        empty if the rule rejects nobody, or everybody.
    """

    method_id: str
    title: str
    explanation: str
    rejected: tuple[str, ...]
    reasons: tuple[Reason, ...]
    judged: int
    of: int
    comparisons: tuple[Comparison, ...]
    sentence: str


RULES: tuple[Rule, ...] = (
    Rule(
        Agreement(),
        "Agreement with the other raters",
        "Rejects raters whose scores hardly go up and down with those of the others.",
    ),
    Rule(
        Variation(),
        "Use of the scale",
        "Rejects raters who gave nearly always the same answer.",
    ),
    Rule(
        Controls(),
        "Control pictures and repeats",
        "Rejects raters who missed known answers or contradict themselves.",
    ),
    Rule(Pace(), "Pace", "Rejects raters who answered too fast to have looked."),
    Rule(
        BT500(),
        "ITU-R BT.500",
        "Rejects raters whose scores are often far from the others', on both sides.",
    ),
    Rule(
        BT500(deviation=Deviation.SAMPLE),
        "ITU-R BT.500 with the sample standard deviation",
        "As BT.500, dividing by one less when spread is computed: a little milder.",
    ),
    Rule(
        BT500OnZ(),
        "ITU-R BT.500 on z-scores",
        "As BT.500, after bringing every rater's scores to one mean and one spread.",
    ),
    Rule(
        P913(),
        "ITU-T P.913",
        "As BT.500, after taking from each rater how strict or lenient they are.",
    ),
    Rule(
        VQEG(),
        "VQEG",
        "Rejects raters whose correlation with the mean is below 0.75, whatever the question.",
    ),
    Rule(
        BT1788(),
        "ITU-R BT.1788",
        "Rejects raters whose correlation with the mean is low for this panel.",
    ),
    Rule(
        Agreement(rule=AgreementRule.MEAN_MINUS_SD),
        "Agreement, one standard deviation below the mean",
        "Rejects raters who agree less than most; in a good panel this is still every sixth.",
    ),
)
"""In the order in which to show them; each with its usual parameters."""


def rule_outcomes(
    matrix: RatingMatrix,
    *,
    configured: Sequence[Check] = (),
    weights: Mapping[str, float] | None = None,
) -> tuple[RuleOutcome, ...]:
    """What each rule would do by itself, on the ratings of everybody.

    `configured` checks whose parameters differ from the usual ones are added at the end.
    """
    usual = [rule.check for rule in RULES]
    added = [_as_configured(check) for check in configured if check not in usual]
    everybody = mean_opinion_scores(matrix, weights=weights).mean
    return tuple(_outcome(matrix, rule, everybody, weights) for rule in (*RULES, *added))


def _as_configured(check: Check) -> Rule:
    title = next((rule.title for rule in RULES if rule.check.name == check.name), check.name)
    return Rule(check, f"{title}, as set for this analysis", "With the parameters chosen here.")


def _outcome(
    matrix: RatingMatrix, rule: Rule, everybody: FloatArray, weights: Mapping[str, float] | None
) -> RuleOutcome:
    evidence = rule.check.evidence(matrix)
    active = {
        rater_id
        for rater_id, count in zip(matrix.rater_ids, matrix.ratings_by_rater, strict=True)
        if count > 0
    }
    rejected = proposed_raters(evidence, rejecting={rule.check.name}, raters=active)
    judged = {item.rater_id for item in evidence if item.status is not Status.NOT_APPLICABLE}
    comparisons: tuple[Comparison, ...] = ()
    if rejected and len(rejected) < len(active):
        kept = matrix.of_raters(set(matrix.rater_ids).difference(rejected))
        without = mean_opinion_scores(kept, weights=weights).mean
        comparisons = tuple(
            comparison(column, everybody[:, c], without[:, c], matrix.stimulus_ids)
            for c, column in enumerate(column_names(matrix))
        )
    return RuleOutcome(
        method_id=method_id(rule.check),
        title=rule.title,
        explanation=rule.explanation,
        rejected=rejected,
        reasons=_reasons(evidence, rejected),
        judged=len(judged & active),
        of=len(active),
        comparisons=comparisons,
        sentence=_sentence(rejected, len(judged & active), len(active), comparisons),
    )


def _reasons(evidence: Sequence[Evidence], rejected: tuple[str, ...]) -> tuple[Reason, ...]:
    failed = [
        Reason(item.rater_id, item.dimension, item.reason)
        for item in evidence
        if item.status is Status.FAILED and item.rater_id in rejected
    ]
    return tuple(sorted(failed, key=lambda item: item.rater_id))


def _sentence(
    rejected: tuple[str, ...], judged: int, of: int, comparisons: tuple[Comparison, ...]
) -> str:
    if judged == 0:
        return "Cannot judge anybody here: what it looks at was not recorded or is too little."
    some = "" if judged == of else f" It could judge {judged} of {of} raters."
    if not rejected:
        return f"Would reject nobody.{some}"
    if not comparisons:
        return f"Would reject all {of} raters, which says more about the rule than about them."
    overall = comparisons[-1]
    change = abs(overall.value_change)
    parts = [f"Would reject {len(rejected)} of {of} raters"]
    if not np.isnan(change):
        parts.append(f"no picture's score would then change by more than {change:.2f}")
    if not np.isnan(overall.srcc):
        r = in_figures(overall.srcc)
        parts.append(f"rank correlation with the scores of everybody: {r}")
    return "; ".join(parts) + f".{some}"
