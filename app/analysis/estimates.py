"""Every way to put one number on a stimulus, under one roof: value, bounds, n and effective n."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from scipy import special

from app.analysis import standardised
from app.analysis.bootstrap import interval_bounds
from app.analysis.estimate_methods import (
    ESTIMATE_METHODS,
    EstimateDescription,
    EstimateMethod,
    Unit,
    description,
)
from app.analysis.intervals import Bounds, IntervalMethod, confidence_bounds
from app.analysis.matrix import FloatArray, IntArray, RatingMatrix
from app.analysis.opinion_scores import (
    OpinionScores,
    mean_opinion_scores,
    z_mean_opinion_scores,
)
from app.analysis.overall import column_names
from app.analysis.recovery import (
    Recovery,
    alternating_projection,
    bias_removed_scores,
    expectation_maximisation,
    p913_scores,
    zrec,
)

__all__ = [
    "ESTIMATE_METHODS",
    "Estimate",
    "EstimateDescription",
    "EstimateMethod",
    "Unit",
    "description",
    "estimate",
]

STANDARD_ERROR_INTERVAL = "interval/standard-error@1"


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """One number per stimulus and column by one method; arrays of shape (stimuli, columns).

    value, low, high : in `unit`; NaN where the method says nothing. n : ratings behind a value.
    effective_n : how many equally weighted ratings they amount to, (Σw)² / Σw²; n where all
        weights are equal; NaN without ratings.
    level : confidence level of the bounds. interval : method of the bounds, "" without any.
    left_out : per column, who has ratings that the method cannot use, or rejects by a screening of
        its own (raters, or sittings).
    refused : a sentence, and all values are NaN, where the method does not apply.
    warnings : sentences to be shown beside the numbers.
    """

    method: EstimateMethod
    method_id: str
    unit: Unit
    columns: tuple[str, ...]
    value: FloatArray
    low: FloatArray
    high: FloatArray
    n: IntArray
    effective_n: FloatArray
    level: float
    refused: str | None = None
    warnings: tuple[str, ...] = ()
    interval: str = ""
    left_out: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def estimate(
    matrix: RatingMatrix,
    method: EstimateMethod,
    *,
    level: float = 0.95,
    weights: Mapping[str, float] | None = None,
    interval: IntervalMethod = IntervalMethod.SOS_JEFFREYS,
    before_screening: RatingMatrix | None = None,
) -> Estimate:
    """Estimate the quality of every stimulus by one method, from the ratings given.

    Identical ratings give identical bits, whatever the order of rows and ids.

    Parameters
    ----------
    matrix : RatingMatrix
        The ratings of the raters kept: `matrix.of_raters(kept)`.
    method : EstimateMethod
        What `ESTIMATE_METHODS` explains.
    level : float
        Of the bounds, between 0 and 1.
    weights : mapping of dimension to weight, optional
        Of the dimensions in "overall", which is taken per act of rating; equal when absent.
    interval : IntervalMethod
        For the raw MOS alone. Bounds of z variants and after bias removal are Student's t (see
        `intervals`); those of AP, EM and ZREC are value ± normal quantile · standard error.
    before_screening : RatingMatrix, optional
        The ratings of all raters who may count, of the same stimuli; `matrix` when absent. For
        P913 alone, which screens by itself: it takes these in place of `matrix`, says in
        `warnings` how many it rejects, and names them in `left_out`.

    Notes
    -----
    Edge cases: a method that does not apply (no sittings known; too few raters) is `refused` with
    a sentence instead of raising, so that one method's refusal never costs a whole report.

    Raises ValueError if the level is not between 0 and 1, the weights do not fit, or the ratings
    before screening are of other stimuli.
    """
    if not 0 < level < 1:
        raise ValueError("A confidence level lies between 0 and 1.")
    ratings = matrix
    if method is EstimateMethod.P913 and before_screening is not None:
        if set(before_screening.stimulus_ids) != set(matrix.stimulus_ids):
            raise ValueError("The ratings before screening must be of the same stimuli.")
        ratings = before_screening
    found = _estimate(ratings.canonical(), method, level, weights, interval)
    return _in_order_of(matrix.stimulus_ids, found)


def _estimate(
    matrix: RatingMatrix,
    method: EstimateMethod,
    level: float,
    weights: Mapping[str, float] | None,
    interval: IntervalMethod,
) -> Estimate:
    """The same from a canonical matrix, in the order of its stimuli."""
    if method is EstimateMethod.MOS:
        scores = mean_opinion_scores(matrix, weights=weights)
        bounds = interval_bounds(matrix, scores, method=interval, level=level, weights=weights)
        return _of_scores(method, scores, bounds)
    if method in _CORRECTED_MEANS:
        found = _CORRECTED_MEANS[method](matrix, weights=weights)
        if found.refused is not None:
            return _refused(matrix, method, level, found.refused)
        return _of_corrected_means(method, found, matrix.scale.step, level)
    if method in _RECOVERIES:
        found = _RECOVERIES[method](matrix, weights=weights)
        return _of_recovery(method, found, matrix.scale.step, level)
    if method is EstimateMethod.Z_SITTING and matrix.sitting is None:
        reason = "It is not known in which sitting each rating was given."
        return _refused(matrix, method, level, reason)
    return _of_z_scores(method, _Z_VARIANTS[method](matrix, weights=weights), level)


def _in_order_of(stimulus_ids: tuple[str, ...], found: Estimate) -> Estimate:
    """An estimate of the sorted stimuli, its rows brought into another order."""
    in_order = sorted(stimulus_ids)
    if list(stimulus_ids) == in_order:
        return found
    row = {stimulus: number for number, stimulus in enumerate(in_order)}
    rows = [row[stimulus] for stimulus in stimulus_ids]
    return replace(
        found,
        value=found.value[rows],
        low=found.low[rows],
        high=found.high[rows],
        n=found.n[rows],
        effective_n=found.effective_n[rows],
    )


def _of_scores(method: EstimateMethod, scores: OpinionScores, bounds: Bounds) -> Estimate:
    about = description(method)
    return Estimate(
        method=method,
        method_id=about.method_id,
        unit=about.unit,
        columns=scores.columns,
        value=scores.mean,
        low=bounds.low,
        high=bounds.high,
        n=scores.n,
        effective_n=np.where(scores.n > 0, scores.n.astype(np.float64), np.nan),
        level=bounds.level,
        warnings=_of_left_out(scores.left_out),
        interval=bounds.method.method_id,
        left_out=scores.left_out,
    )


def _of_corrected_means(
    method: EstimateMethod, found: Recovery, step: float, level: float
) -> Estimate:
    """Bias removal is a mean again, so its bounds are those of a mean."""
    sos = found.standard_error * np.sqrt(np.maximum(found.n, 1))
    scores = OpinionScores(
        found.columns, found.quality, _without_rounding(sos, step), found.n, found.left_out
    )
    bounds = confidence_bounds(scores, None, method=IntervalMethod.STUDENT_T, level=level)
    return replace(_of_scores(method, scores, bounds), warnings=found.warnings)


def _of_z_scores(method: EstimateMethod, scores: OpinionScores, level: float) -> Estimate:
    bounds = confidence_bounds(scores, None, method=IntervalMethod.STUDENT_T, level=level)
    found = _of_scores(method, scores, bounds)
    if method is not EstimateMethod.Z_AGIQA1K:
        return found
    low, high = (np.clip(side, 0.0, standardised.AGIQA_HIGHEST) for side in (found.low, found.high))
    return replace(found, low=low, high=high)


def _without_rounding(sos: FloatArray, unit: float) -> FloatArray:
    """A spread that is nothing but rounding is none: equal values reached by different sums."""
    return np.where(sos <= 1e-9 * unit, 0.0, sos)


def _of_recovery(method: EstimateMethod, found: Recovery, step: float, level: float) -> Estimate:
    """A model that believes one rater to be free of error knows no interval, not one of zero."""
    about = description(method)
    error = np.where(found.standard_error > 1e-4 * step, found.standard_error, np.nan)
    half = special.ndtri((1 + level) / 2) * error
    return Estimate(
        method=method,
        method_id=about.method_id,
        unit=about.unit,
        columns=found.columns,
        value=found.quality,
        low=found.quality - half,
        high=found.quality + half,
        n=found.n,
        effective_n=found.effective_n,
        level=level,
        refused=found.refused,
        warnings=found.warnings,
        interval="" if found.refused else STANDARD_ERROR_INTERVAL,
        left_out=found.left_out,
    )


def _refused(matrix: RatingMatrix, method: EstimateMethod, level: float, reason: str) -> Estimate:
    about, columns = description(method), column_names(matrix)
    shape = (len(matrix.stimulus_ids), len(columns))
    nothing = np.full(shape, np.nan)
    n = np.zeros(shape, dtype=np.int64)
    return Estimate(
        method, about.method_id, about.unit, columns, nothing, nothing, nothing, n, nothing, level,
        refused=reason,
    )  # fmt: skip


def _of_left_out(left_out: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    most = max(map(len, left_out.values()), default=0)
    if most == 0:
        return ()
    return (
        f"Left out {most} of the raters or sittings, as they have one rating only or never vary"
        " their answer, and so nothing to standardise by.",
    )


_CORRECTED_MEANS: dict[EstimateMethod, Callable[..., Recovery]] = {
    EstimateMethod.BIAS_REMOVED: bias_removed_scores,
    EstimateMethod.P913: p913_scores,
}
_RECOVERIES: dict[EstimateMethod, Callable[..., Recovery]] = {
    EstimateMethod.AP: alternating_projection,
    EstimateMethod.EM: expectation_maximisation,
    EstimateMethod.ZREC: zrec,
}
_Z_VARIANTS: dict[EstimateMethod, Callable[..., OpinionScores]] = {
    EstimateMethod.Z: z_mean_opinion_scores,
    EstimateMethod.Z_SITTING: standardised.z_mos_by_sitting,
    EstimateMethod.Z_ON_SCALE: standardised.z_mos_on_scale,
    EstimateMethod.Z_AGIQA1K: standardised.agiqa_1k_scores,
    EstimateMethod.Z_AGIQA3K: standardised.agiqa_3k_scores,
}
