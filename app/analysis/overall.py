"""The overall score: one number per act of rating, the weighted mean of its dimensions.

Averaged over raters it equals the weighted mean of the dimensions' MOS (of raw scores), but its
spread is that of the raters' own overall opinions: dimensions of one act go up and down together,
so an interval cannot be had from the dimensions' SOS.
"""

from collections.abc import Mapping

import numpy as np

from app.analysis.matrix import OVERALL, FloatArray, RatingMatrix

METHOD = "scores/overall-weighted-mean@1"


def column_names(matrix: RatingMatrix) -> tuple[str, ...]:
    """The dimensions in protocol order, then "overall"."""
    return (*matrix.dimensions, OVERALL)


def normalised_weights(
    dimensions: tuple[str, ...], weights: Mapping[str, float] | None
) -> FloatArray:
    """Weights in the order of the dimensions, summing to one; None means equal weights.

    Raises
    ------
    ValueError
        A dimension is missing or unknown; a weight is negative or not finite; all are zero.
    """
    weights = dict.fromkeys(dimensions, 1.0) if weights is None else weights
    if set(weights) != set(dimensions):
        raise ValueError(f"Weights must name exactly the dimensions {', '.join(dimensions)}.")
    given = np.array([weights[dimension] for dimension in dimensions], dtype=np.float64)
    if not np.isfinite(given).all() or (given < 0).any() or given.max() == 0:
        raise ValueError("Weights must be finite, none below zero, and at least one above it.")
    # Scaled by a power of two, which changes no digit: the sum of very large weights is infinite.
    given = np.ldexp(given, -int(np.frexp(given.max())[1]))
    shares: FloatArray = given / given.sum()
    return shares


def with_overall(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Append the weighted mean to values of shape (ratings, dimensions).

    A dimension of weight zero is ignored; NaN in any other makes the overall value NaN.
    """
    # Each column in one piece, as they are averaged.
    columns = np.empty((len(values), len(weights) + 1), order="F")
    columns[:, :-1] = values
    weighed = [(w, column) for w, column in zip(weights, values.T, strict=True) if w > 0]
    (first_weight, first), *others = weighed
    overall = np.multiply(first, first_weight, out=columns[:, -1])
    for weight, column in others:
        overall += weight * column
    return columns
