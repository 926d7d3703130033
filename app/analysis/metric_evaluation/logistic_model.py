"""The S-shape of `logistic` at given centres and widths, with its linear part solved for.

With z the standardised metric and s = 1/(1+e^(-(z-c)/w)), the model is a + b·s, with five
parameters a + b·s + d·z. Given c and w the others follow by linear regression, so that two
numbers are searched for, whatever the scale of the metric (variable projection [1]_).

References
----------
.. [1] G. H. Golub, V. Pereyra, "The differentiation of pseudo-inverses and nonlinear least
   squares problems whose variables separate", SIAM J. Numer. Anal. 10(2), 1973; the derivative
   is L. Kaufman's, BIT 15, 1975.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import expit

from app.analysis.matrix import FloatArray

# Standard deviation of the S-shape over the images, as a share of its height.
_LEAST_RISE = 1e-10


class Solved(NamedTuple):
    """The model at several places: arrays of shape (places,) or (places, images).

    s : the S-shape, or the S-shape less 1. own : its deviations, less what the straight line
        explains of them.
    b, d : the coefficients of S-shape and line. residual, cost : what is left, and its square.
    """

    s: FloatArray
    own: FloatArray
    b: FloatArray
    d: FloatArray
    residual: FloatArray
    cost: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """Least squares on one metric, standardised; a place is (centre, log width).

    z : shape (images,), mean 0. y : MOS less its mean. sign : 1 or -1, the direction that b must
    have; 0 leaves it free. has_line : five parameters.
    """

    z: FloatArray
    y: FloatArray
    sign: float
    has_line: bool

    def solved(self, places: FloatArray) -> Solved:
        """The linear part at each place, places of shape (places, 2)."""
        distance = (self.z - places[:, :1]) / np.exp(places[:, 1:])
        # s and s - 1 = -1/(1+e^((z-c)/w)) have the same deviations; take the one that is small
        # among the images, or rounding errors would drown them.
        side = np.where(places[:, :1] < 0, -1.0, 1.0)
        s = side * expit(side * distance)
        shape = s - s.mean(axis=1, keepdims=True)
        own = self._without_line(shape) if self.has_line else shape
        # Where an S-shape hardly rises among the images, or is as good as straight beside the
        # line, its coefficient would be a huge number made of rounding errors.
        least = np.full(len(places), _LEAST_RISE**2 * len(self.z))
        if self.has_line:
            least = np.maximum(least, 1e-10 * np.einsum("ij,ij->i", shape, shape))
        b = _slopes(own @ self.y, np.einsum("ij,ij->i", own, own), least)
        b = np.where(b * self.sign >= 0, b, 0.0)
        residual = self.y - b[:, None] * shape
        d = np.zeros(len(places))
        if self.has_line:
            d = (residual @ self.z) / float(self.z @ self.z)
            residual -= d[:, None] * self.z
        return Solved(s, own, b, d, residual, np.einsum("ij,ij->i", residual, residual))

    def jacobian(self, places: FloatArray, at: Solved) -> FloatArray:
        """Derivatives of the residual by centre and log width, the linear part following.

        Shape (places, 2, images).
        """
        distance = (self.z - places[:, :1]) / np.exp(places[:, 1:])
        by_centre = at.b[:, None] * (expit(distance) * expit(-distance)) / np.exp(places[:, 1:])
        by_width = by_centre * (self.z - places[:, :1])
        square = np.einsum("ij,ij->i", at.own, at.own)
        columns = []
        for moved in (by_centre, by_width):
            rest = moved - moved.mean(axis=1, keepdims=True)
            if self.has_line:
                rest = self._without_line(rest)
            explained = _slopes(np.einsum("ij,ij->i", at.own, rest), square, 0.0)
            columns.append(rest - explained[:, None] * at.own)
        return np.stack(columns, axis=1)

    def _without_line(self, rows: FloatArray) -> FloatArray:
        """What is left of centred rows after regression on z."""
        slopes = (rows @ self.z) / float(self.z @ self.z)
        left: FloatArray = rows - slopes[:, None] * self.z
        return left


def _slopes(product: FloatArray, square: FloatArray, least: FloatArray | float) -> FloatArray:
    """Regression coefficients; 0 where the predictor hardly differs."""
    found = np.zeros(product.shape)
    np.divide(product, square, out=found, where=square > least)
    return found
