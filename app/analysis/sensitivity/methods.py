"""Every way of scoring side by side with the plain MOS of the same ratings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.analysis.estimates import (
    ESTIMATE_METHODS,
    Estimate,
    EstimateMethod,
    Unit,
    description,
    estimate,
)
from app.analysis.matrix import RatingMatrix
from app.analysis.sensitivity.comparison import Comparison, comparison, in_figures

METHODS_METHOD = "sensitivity/methods@1"

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class MethodComparison:
    """One method against the MOS; `comparisons` has one entry for each column.

    Values are compared only where the method speaks in scores of the scale; the others are
    compared by order alone. refused, warnings : the method's own, see `Estimate`.
    sentence : of the overall score, for people who are no statisticians.
    """

    method: EstimateMethod
    method_id: str
    title: str
    unit: Unit
    refused: str | None
    warnings: tuple[str, ...]
    comparisons: tuple[Comparison, ...]
    sentence: str


def method_comparisons(
    kept: RatingMatrix,
    *,
    estimates: Sequence[Estimate] = (),
    level: float = 0.95,
    weights: Mapping[str, float] | None = None,
    before_screening: RatingMatrix | None = None,
) -> tuple[MethodComparison, ...]:
    """Every method of `ESTIMATE_METHODS` but the MOS, in that order.

    `estimates` of the same ratings are used where given; the others are computed.
    `before_screening` is for methods that screen by themselves, see `estimate`.
    """
    known = {found.method: found for found in estimates}
    for about in ESTIMATE_METHODS:
        if about.method not in known:
            known[about.method] = estimate(
                kept,
                about.method,
                level=level,
                weights=weights,
                before_screening=before_screening,
            )
    mos = known[EstimateMethod.MOS]
    return tuple(
        _compared(known[about.method], mos, kept.stimulus_ids)
        for about in ESTIMATE_METHODS
        if about.method is not EstimateMethod.MOS
    )


def _compared(found: Estimate, mos: Estimate, stimulus_ids: tuple[str, ...]) -> MethodComparison:
    about = description(found.method)
    comparisons = tuple(
        comparison(
            column,
            mos.value[:, c],
            found.value[:, c],
            stimulus_ids,
            same_unit=found.unit is Unit.SCORE,
        )
        for c, column in enumerate(mos.columns)
    )
    return MethodComparison(
        method=found.method,
        method_id=found.method_id,
        title=about.title,
        unit=found.unit,
        refused=found.refused,
        warnings=found.warnings,
        comparisons=comparisons if found.refused is None else (),
        sentence=found.refused or method_sentence(comparisons[-1]),
    )


def method_sentence(found: Comparison) -> str:
    """How far another way of scoring departs from the MOS, in words."""
    if found.stimuli < 2 or found.srcc != found.srcc:
        return "There is too little to compare with the MOS."
    words = [f"{order_in_words(found)} as the MOS (rank correlation {in_figures(found.srcc)})"]
    if found.rank_change == 0:
        words.append("no picture changes its place")
    else:
        places = f"{abs(found.rank_change):g} of {found.stimuli}"
        words.append(f"the picture whose place changes most moves by {places}")
    if found.value_change == found.value_change:
        words.append(_largest_change(abs(found.value_change)))
    return "; ".join(words) + "."


def _largest_change(change: float) -> str:
    if change < _ROUNDING:
        return "no score changes"
    if change < 0.005:
        return "no score changes by as much as 0.01"
    return f"no score changes by more than {change:.2f}"


def order_in_words(found: Comparison) -> str:
    """How much of the order of pictures is kept, without a number."""
    if found.reversed_pairs == 0:
        return "Puts the pictures in the same order"
    if found.srcc >= 0.99:
        return "Puts the pictures in nearly the same order"
    if found.srcc >= 0.95:
        return "Puts the pictures in much the same order"
    return "Puts the pictures in a noticeably different order"
