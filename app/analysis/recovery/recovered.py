"""What the recovery models have in common: what goes into one, and what comes out."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from app.analysis.grouping import centred_within, sum_within
from app.analysis.matrix import BoolArray, FloatArray, IntArray, RatingMatrix
from app.analysis.overall import column_names, normalised_weights, with_overall
from app.analysis.recovery.connection import connected_groups
from app.analysis.recovery.ratings import Ratings
from app.analysis.recovery.weighting import dominance, weighting


@dataclass(frozen=True, slots=True, eq=False)
class Recovery:
    """What a model of raters makes of the ratings.

    Arrays per stimulus have the shape (stimuli, columns), arrays per rater (raters, columns);
    both follow the ids of the matrix, columns are the dimensions, then "overall".

    quality : recovered MOS in scores of the scale; NaN for a stimulus without (usable) ratings.
    standard_error : of `quality`, as the model sees it; NaN where it does not know.
    stimulus_error : the same from the residuals at each stimulus alone: their standard deviation
        (ddof 0) over √n; NaN below two ratings. P.910 gives this one.
    n : number of ratings used. effective_n : (Σw)² / Σw² of their weights, see `weighting`.
    bias : how much higher than the panel a rater scores; NaN for raters without (usable) ratings.
    inconsistency : standard deviation of what bias does not explain.
    bias_error, inconsistency_error : their standard errors as P.910's model gives them, as if the
        quality of the stimuli were known: inconsistency over √n and √(2n), n being the rater's
        ratings used; NaN below two of them.
    weight : what one rating of this rater counts; free of units up to a common factor.
    iterations, converged : per column; 0 and true for models in closed form.
    left_out : per column, ids of raters with ratings that the model cannot use.
    groups : separate groups of raters and stimuli; more than one means that biases of different
        groups cannot be compared.
    refused : why there are no numbers, if there are none. warnings : sentences for everybody.
    """

    method_id: str
    columns: tuple[str, ...]
    quality: FloatArray
    standard_error: FloatArray
    stimulus_error: FloatArray
    n: IntArray
    effective_n: FloatArray
    bias: FloatArray
    inconsistency: FloatArray
    bias_error: FloatArray
    inconsistency_error: FloatArray
    weight: FloatArray
    iterations: IntArray
    converged: BoolArray
    left_out: Mapping[str, tuple[str, ...]]
    groups: int
    refused: str | None
    warnings: tuple[str, ...]


class Column(NamedTuple):
    """What a model makes of one column; arrays as in `Recovery`.

    used : whether each rating was used. residual : what quality and bias leave of those used.
    """

    quality: FloatArray
    standard_error: FloatArray
    bias: FloatArray
    inconsistency: FloatArray
    weight: FloatArray
    iterations: int
    converged: bool
    used: BoolArray
    residual: FloatArray


def recovery(
    matrix: RatingMatrix,
    solve: Callable[[Ratings], Column],
    *,
    method_id: str,
    weights: Mapping[str, float] | None,
    warnings: tuple[str, ...] = (),
    rejected: Collection[str] = (),
) -> Recovery:
    """Apply a model to every column of a matrix, the overall value of each rating included.

    `rejected` are the ids of raters whom the model leaves out on purpose and says so itself.

    The model sees scores less the lowest of the scale, so that adding a constant to a scale
    changes no digit of what it computes.
    """
    shares = normalised_weights(matrix.dimensions, weights)
    values = matrix.scale.step * with_overall(matrix.levels.astype(np.float64), shares)
    found = connected_groups(matrix)
    distinct = len(shares) + 1 if len(shares) > 1 else 1
    solved = [solve(_ratings(matrix, column, found.rater)) for column in values.T[:distinct]]
    columns = solved if len(shares) > 1 else solved * 2
    names = column_names(matrix)
    left_out = {
        name: _ids(matrix, np.unique(matrix.rater[~column.used]))
        for name, column in zip(names, columns, strict=True)
    }
    n, effective_n = zip(*(weighting(matrix, c.weight, c.used) for c in columns), strict=True)
    converged = np.array([column.converged for column in columns])
    inconsistency = _side_by_side(column.inconsistency for column in columns)
    root_n = _side_by_side(_root_n(matrix, column) for column in columns)
    return Recovery(
        method_id=method_id,
        columns=names,
        quality=matrix.scale.low + _side_by_side(column.quality for column in columns),
        standard_error=_side_by_side(column.standard_error for column in columns),
        stimulus_error=_side_by_side(_stimulus_error(matrix, column) for column in columns),
        n=np.column_stack(n),
        effective_n=np.column_stack(effective_n),
        bias=_side_by_side(column.bias for column in columns),
        inconsistency=inconsistency,
        bias_error=inconsistency / root_n,
        inconsistency_error=inconsistency / (np.sqrt(2) * root_n),
        weight=_side_by_side(column.weight for column in columns),
        iterations=np.array([column.iterations for column in columns]),
        converged=converged,
        left_out=left_out,
        groups=found.groups,
        refused=None,
        warnings=(
            *warnings,
            *_remarks(found.groups, left_out, converged, rejected),
            *dominance(np.column_stack(n), np.column_stack(effective_n)),
        ),
    )


def refusal(matrix: RatingMatrix, *, method_id: str, refused: str) -> Recovery:
    """The answer of a model that does not apply: a sentence, and NaN everywhere."""
    names = column_names(matrix)
    by_stimulus = np.full((len(matrix.stimulus_ids), len(names)), np.nan)
    by_rater = np.full((len(matrix.rater_ids), len(names)), np.nan)
    return Recovery(
        method_id=method_id,
        columns=names,
        quality=by_stimulus,
        standard_error=by_stimulus,
        stimulus_error=by_stimulus,
        n=np.zeros(by_stimulus.shape, dtype=np.int64),
        effective_n=by_stimulus,
        bias=by_rater,
        inconsistency=by_rater,
        bias_error=by_rater,
        inconsistency_error=by_rater,
        weight=by_rater,
        iterations=np.zeros(len(names), dtype=np.int64),
        converged=np.ones(len(names), dtype=np.bool_),
        left_out=dict.fromkeys(names, ()),
        groups=connected_groups(matrix).groups,
        refused=refused,
        warnings=(),
    )


def _ratings(matrix: RatingMatrix, values: FloatArray, group: IntArray) -> Ratings:
    return Ratings(
        rater=matrix.rater,
        stimulus=matrix.stimulus,
        value=values,
        raters=len(matrix.rater_ids),
        stimuli=len(matrix.stimulus_ids),
        group=group,
    )


def _remarks(
    groups: int,
    left_out: Mapping[str, tuple[str, ...]],
    converged: BoolArray,
    rejected: Collection[str],
) -> tuple[str, ...]:
    remarks = []
    if groups > 1:
        remarks.append(
            f"Raters and stimuli fall into {groups} separate groups that share no rating. Whether"
            " a group was strict or its stimuli were poor cannot be known; each group's raters"
            " are taken to be right on average."
        )
    unusable = (set(raters).difference(rejected) for raters in left_out.values())
    if most := max(map(len, unusable), default=0):
        remarks.append(
            f"Left out {most} rater{'s' if most > 1 else ''} of whom this model cannot tell how"
            " they differ from the others: one rating, or none that can be compared."
        )
    if not converged.all():
        remarks.append("The computation was stopped before its numbers had settled.")
    return tuple(remarks)


def _stimulus_error(matrix: RatingMatrix, column: Column) -> FloatArray:
    stimulus, stimuli = matrix.stimulus[column.used], len(matrix.stimulus_ids)
    n, _, left = centred_within(column.residual, stimulus, stimuli)
    squares = sum_within(left * left, stimulus, stimuli)
    return np.where(n >= 2, np.sqrt(squares) / np.maximum(n, 1), np.nan)


def _root_n(matrix: RatingMatrix, column: Column) -> FloatArray:
    """Root of the number of each rater's ratings used; NaN below two."""
    n = np.bincount(matrix.rater[column.used], minlength=len(matrix.rater_ids))
    return np.where(n >= 2, np.sqrt(n), np.nan)


def _ids(matrix: RatingMatrix, raters: IntArray) -> tuple[str, ...]:
    return tuple(sorted(matrix.rater_ids[rater] for rater in raters))


def _side_by_side(columns: Iterable[FloatArray]) -> FloatArray:
    return np.column_stack(list(columns))
