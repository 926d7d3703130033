"""The search behind `logistic`: least squares over centre and width of an S-shape.

`logistic_model` leaves two numbers to search for, the centre and the width.

Left to itself, least squares ends in a step between two neighbouring images whenever there are
few images: it follows these images and says nothing of others. So curves of at least
`SMOOTH_WIDTH` are searched first, and again if the search without that limit ends in a step.
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import least_squares

from app.analysis.matrix import FloatArray
from app.analysis.metric_evaluation.logistic_descent import descend
from app.analysis.metric_evaluation.logistic_model import Model
from app.analysis.metric_evaluation.logistic_starts import (
    rough_values,
    smooth_grid,
    step_starts,
)

# In standard deviations of the metric, or of its middle half where outliers inflate that.
SMOOTH_WIDTH, STEEPEST_WIDTH = 0.1, 0.001
# Flatter ones are straight lines to all the digits that count.
_FLATTEST = {False: 30.0, True: 3.0}
_CENTRE_MARGIN = 100.0
_MOST_STEPS = 100

# A curve that rises from 10 % to 90 % within fewer images than this share is called a step.
_STEP_SHARE = 0.02
_RISE = 2 * float(np.log(9.0))  # from 10 % to 90 %, in widths
# In log widths: closer to a limit than this is at the limit.
_AT_LIMIT = 0.01
# Twice the log-likelihood by which a step must beat a smooth optimum to be taken instead: the
# best of many steps seldom gains more by chance (Andrews, Econometrica 61(4), 1993 and 71(1), 2003:
# about the 1 % point of the largest statistic over the places of one break).
_CHANCE_GAIN = 12.2


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

    def is_step(self, z: FloatArray) -> bool:
        """Whether nearly all of the rise lies within very few of these images, in order."""
        if not z[0] <= self.centre <= z[-1]:
            return False
        inside = int((np.abs(z - self.centre) <= _RISE / 2 * self.width).sum())
        return inside < max(2, _STEP_SHARE * len(z))


class Search:
    """Least squares on one metric, standardised, in ascending order.

    z : shape (images,), mean 0, standard deviation 1. deviation : MOS less its mean.
    sign : 1 or -1, the direction that b must have; 0 leaves it free. has_line : five parameters.
    """

    def __init__(
        self, z: FloatArray, deviation: FloatArray, *, sign: float, has_line: bool
    ) -> None:
        self.all = Model(z, deviation, sign, has_line)
        self._rough = Model(*rough_values(z, deviation), sign, has_line)
        low, high = np.quantile(z, (0.25, 0.75))
        spread = float(high - low) / 1.349
        self._unit = min(1.0, spread) if spread > 0 else 1.0
        self._widest = float(np.log(_FLATTEST[has_line]))
        self._smooth = float(np.log(SMOOTH_WIDTH * self._unit))

    def best(self) -> Place | None:
        """The best curve; None if a flat line is as good.

        A smooth optimum is preferred to any steeper curve. Steeper ones are looked at if the best
        smooth one lies at the limit. If the best is a step, the best local optimum among smooth
        curves is taken instead, unless the step is better beyond chance.
        """
        grid = smooth_grid(self._rough, self._smooth, self._widest)
        best = self._optimum(grid.lowest(), self._smooth)
        if best.log_width < self._smooth + _AT_LIMIT:
            best = min(best, self._steeper(best), key=lambda place: place.cost)
        if best.is_step(self.all.z):
            smooth = self._local_optimum(grid.valleys())
            worst = best.cost * float(np.exp(_CHANCE_GAIN / len(self.all.z)))
            best = smooth if smooth and smooth.cost <= worst else best
        flat = float(self.all.y @ self.all.y)
        return best if best.cost < flat * (1 - 1e-12) else None

    def _steeper(self, smooth: Place) -> Place:
        """The best of all curves, from the best smooth one and from steps."""
        steps = step_starts(self._rough, self._unit)
        starts = np.vstack([[smooth.centre, smooth.log_width], steps])
        return self._optimum(starts, float(np.log(STEEPEST_WIDTH * self._unit)))

    def _optimum(self, starts: FloatArray, steepest: float) -> Place:
        """The best of what the starts lead to with the rough values, polished with all values."""
        low, high = self._bounds(steepest)
        places = descend(self._rough, starts, low, high)
        return self._polished(places[self.all.solved(places).cost.argmin()], low, high)

    def _local_optimum(self, starts: FloatArray) -> Place | None:
        """The best smooth curve that is better than its neighbours; None if there is none."""
        if not len(starts):
            return None
        low, high = self._bounds(self._smooth)
        places = descend(self._rough, starts, low, high)
        ended = [self._polished(place, low, high) for place in places if self._is_inner(*place)]
        smooth = [place for place in ended if self._is_smooth_optimum(place)]
        return min(smooth, key=lambda place: place.cost, default=None)

    def _is_smooth_optimum(self, place: Place) -> bool:
        has_shape = self.all.solved(np.array([place[:2]])).b[0] != 0
        is_inner = self._is_inner(place.centre, place.log_width)
        return bool(has_shape and is_inner and place.converged) and not place.is_step(self.all.z)

    def _is_inner(self, centre: float, log_width: float) -> bool:
        """Whether the centre lies among the images, and the width at no limit."""
        z, limit = self.all.z, _AT_LIMIT
        narrow, wide = self._smooth + limit, self._widest - limit
        return bool(z[0] <= centre <= z[-1] and narrow < log_width < wide)

    def _bounds(self, steepest: float) -> tuple[FloatArray, FloatArray]:
        z = self.all.z
        return (
            np.array([z[0] - _CENTRE_MARGIN, steepest]),
            np.array([z[-1] + _CENTRE_MARGIN, self._widest]),
        )

    def _polished(self, place: FloatArray, low: FloatArray, high: FloatArray) -> Place:
        model = self.all

        def residual(place: FloatArray) -> FloatArray:
            left: FloatArray = model.solved(place[None]).residual[0]
            return left

        def jacobian(place: FloatArray) -> FloatArray:
            columns: FloatArray = model.jacobian(place[None], model.solved(place[None]))[0].T
            return columns

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
