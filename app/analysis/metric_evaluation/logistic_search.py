"""The search behind `logistic`: least squares over centre and width of an S-shape.

`logistic_model` leaves two numbers to search for, the centre and the width.

Left to itself, least squares ends in a step between two neighbouring images whenever there are
few images: it follows these images and says nothing of others. So curves of at least
`SMOOTH_WIDTH` are searched first.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import least_squares

from app.analysis.matrix import FloatArray
from app.analysis.metric_evaluation.logistic_descent import descend
from app.analysis.metric_evaluation.logistic_model import Model

# In standard deviations of the metric, or of its middle half where outliers inflate that.
SMOOTH_WIDTH, STEEPEST_WIDTH = 0.1, 0.001
# Flatter ones are straight lines to all the digits that count.
_FLATTEST = {False: 30.0, True: 3.0}
_CENTRE_MARGIN = 100.0
_MOST_STEPS = 100
_GRID_CENTRES, _GRID_WIDTHS, _STARTS, _STEPS = 17, 10, 4, 3
_ROUGH_POINTS = 512


class Place(NamedTuple):
    """Centre and log width of an S-shape, with the sum of squares that its curve leaves."""

    centre: float
    log_width: float
    cost: float
    converged: bool

    @property
    def width(self) -> float:
        """The width, in standard deviations of the metric."""
        return float(np.exp(self.log_width))


class Search:
    """Least squares on one metric, standardised, in ascending order.

    z : shape (images,), mean 0, standard deviation 1. deviation : MOS less its mean.
    sign : 1 or -1, the direction that b must have; 0 leaves it free. has_line : five parameters.
    """

    def __init__(
        self, z: FloatArray, deviation: FloatArray, *, sign: float, has_line: bool
    ) -> None:
        self.all = Model(z, deviation, sign, has_line)
        self._rough = Model(*_rough(z, deviation), sign, has_line)
        low, high = np.quantile(z, (0.25, 0.75))
        spread = float(high - low) / 1.349
        self._unit = min(1.0, spread) if spread > 0 else 1.0
        self._widest = float(np.log(_FLATTEST[has_line]))

    @property
    def _smooth(self) -> float:
        return float(np.log(SMOOTH_WIDTH * self._unit))

    def best(self) -> Place | None:
        """The best curve; None if a flat line is as good.

        Without the straight line, a smooth optimum is preferred to any steeper curve; steeper
        ones are looked at if the best lies at the limit. With it, they are always looked at.
        """
        best = self._optimum(self._smooth_starts(), self._smooth)
        if self.all.has_line or best.log_width < self._smooth + 0.01:
            steepest = float(np.log(STEEPEST_WIDTH * self._unit))
            starts = [(best.centre, best.log_width), *self._step_starts()]
            best = min(best, self._optimum(starts, steepest), key=lambda place: place.cost)
        flat = float(self.all.y @ self.all.y)
        return best if best.cost < flat * (1 - 1e-12) else None

    def _optimum(self, starts: Sequence[tuple[float, float]], steepest: float) -> Place:
        """The best of what the starts lead to with the rough values, polished with all values."""
        z = self.all.z
        low = np.array([z[0] - _CENTRE_MARGIN, steepest])
        high = np.array([z[-1] + _CENTRE_MARGIN, self._widest])
        places = descend(self._rough, np.array(starts), low, high)
        return self._polished(places[self.all.solved(places).cost.argmin()], low, high)

    def _polished(self, place: FloatArray, low: FloatArray, high: FloatArray) -> Place:
        model = self.all

        def residual(place: FloatArray) -> FloatArray:
            return model.solved(place[None]).residual[0]

        def jacobian(place: FloatArray) -> FloatArray:
            return model.jacobian(place[None], model.solved(place[None]))[0].T

        found = least_squares(
            residual,
            place,
            jac=jacobian,
            bounds=(low, high),
            method="dogbox",
            ftol=1e-12,
            xtol=1e-9,
            gtol=1e-12,
            max_nfev=_MOST_STEPS,
        )
        centre, log_width = (float(value) for value in found.x)
        return Place(centre, log_width, 2 * float(found.cost), bool(found.status > 0))

    def _smooth_starts(self) -> list[tuple[float, float]]:
        """The best points of a grid, at most one for each width."""
        z = self.all.z
        inside = np.quantile(z, np.linspace(0.02, 0.98, _GRID_CENTRES))
        centres = np.concatenate([[z[0] - 1.0], inside, [z[-1] + 1.0]])
        widths = np.linspace(self._smooth, self._widest - 0.1, _GRID_WIDTHS)
        cost = np.array(
            [
                self._rough.solved(np.column_stack([centres, np.full(len(centres), w)])).cost
                for w in widths
            ]
        )
        centre = cost.argmin(axis=1)
        rows = np.argsort(cost.min(axis=1), kind="stable")[:_STARTS]
        return [(float(centres[centre[row]]), float(widths[row])) for row in rows]

    def _step_starts(self) -> list[tuple[float, float]]:
        """Steps between neighbouring values, those that explain most, by cumulative sums."""
        z, y = self._rough.z, self._rough.y
        n = len(z)
        above = n - np.arange(1, n, dtype=np.float64)
        between = np.flatnonzero(np.diff(z) > 0)
        y_above = -np.cumsum(y)[:-1]
        square = above * (n - above) / n
        if self._rough.has_line:
            z_above = -np.cumsum(z)[:-1]
            square = square - z_above**2 / float(z @ z)
            y_above = y_above - z_above * float(z @ y) / float(z @ z)
        usable = between[(square[between] > 1e-9 * n) & (self._rough.sign * y_above[between] >= 0)]
        gain = y_above[usable] ** 2 / square[usable]
        best = usable[np.argsort(-gain, kind="stable")[:_STEPS]]
        widths = np.log(np.array([0.002, 0.02]) * self._unit)
        return [(float((z[k] + z[k + 1]) / 2), float(w)) for k in best for w in widths]


def _rough(z: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Means of equal shares of many values, centred: enough to find good starts."""
    if len(z) <= 4 * _ROUGH_POINTS:
        return z, y
    edges = np.linspace(0, len(z), _ROUGH_POINTS + 1).astype(np.int64)
    rough_z, rough_y = (np.add.reduceat(v, edges[:-1]) / np.diff(edges) for v in (z, y))
    return rough_z - rough_z.mean(), rough_y - rough_y.mean()
