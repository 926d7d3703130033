"""Where the search behind `logistic` starts: places that are (centre, log width)."""

from typing import NamedTuple

import numpy as np
from scipy.ndimage import minimum_filter

from app.analysis.matrix import FloatArray
from app.analysis.metric_evaluation.logistic_model import Model

_GRID_CENTRES, _GRID_WIDTHS, _STARTS, _STEPS = 17, 10, 4, 3
_STEP_WIDTHS = np.array([0.002, 0.02])
_ROUGH_POINTS = 512


class Grid(NamedTuple):
    """Costs of smooth curves: float, shape (widths, centres), with their centres and log widths."""

    centres: FloatArray
    widths: FloatArray
    cost: FloatArray

    def lowest(self) -> FloatArray:
        """The best places, at most one for each width, shape (places, 2)."""
        rows = np.argsort(self.cost.min(axis=1), kind="stable")[:_STARTS]
        return np.column_stack([self.centres[self.cost.argmin(axis=1)[rows]], self.widths[rows]])

    def valleys(self) -> FloatArray:
        """Places that have no better neighbour, without those of the least width."""
        is_lowest = self.cost <= minimum_filter(self.cost, size=3, mode="nearest")
        is_lowest[0] = False
        row, column = np.nonzero(is_lowest)
        return np.column_stack([self.centres[column], self.widths[row]])


def smooth_grid(model: Model, narrowest: float, widest: float) -> Grid:
    """Curves of all widths with their centres among the images, and a little beyond."""
    z = model.z
    inside = np.quantile(z, np.linspace(0.02, 0.98, _GRID_CENTRES))
    centres = np.concatenate([[z[0] - 1.0], inside, [z[-1] + 1.0]])
    widths = np.linspace(narrowest, widest - 0.1, _GRID_WIDTHS)
    cost = [
        model.solved(np.column_stack([centres, np.full(len(centres), width)])).cost
        for width in widths
    ]
    return Grid(centres, widths, np.array(cost))


def step_starts(model: Model, unit: float) -> FloatArray:
    """Steps between neighbouring values, those that explain most, by cumulative sums.

    unit : of the widths. Returns shape (places, 2).
    """
    z, y = model.z, model.y
    n = len(z)
    above = n - np.arange(1, n, dtype=np.float64)
    between = np.flatnonzero(np.diff(z) > 0)
    y_above = -np.cumsum(y)[:-1]
    square = above * (n - above) / n
    if model.has_line:
        z_above = -np.cumsum(z)[:-1]
        square = square - z_above**2 / float(z @ z)
        y_above = y_above - z_above * float(z @ y) / float(z @ z)
    usable = between[(square[between] > 1e-9 * n) & (model.sign * y_above[between] >= 0)]
    gain = y_above[usable] ** 2 / square[usable]
    best = usable[np.argsort(-gain, kind="stable")[:_STEPS]]
    widths = np.log(_STEP_WIDTHS * unit)
    centres = (z[best] + z[best + 1]) / 2
    return np.column_stack([np.repeat(centres, len(widths)), np.tile(widths, len(centres))])


def rough_values(z: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Means of equal shares of many values, centred: enough to find good starts."""
    if len(z) <= 4 * _ROUGH_POINTS:
        return z, y
    edges = np.linspace(0, len(z), _ROUGH_POINTS + 1).astype(np.int64)
    rough_z, rough_y = (np.add.reduceat(v, edges[:-1]) / np.diff(edges) for v in (z, y))
    return rough_z - rough_z.mean(), rough_y - rough_y.mean()
