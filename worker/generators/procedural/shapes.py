"""Outlines as signed distances [1]: negative inside, positive outside, in units of the radius.

Every outline is centred and reaches about 1 from its centre; y points down.  From a distance
follow the anti-aliased edge, the bevel, the soft shadow and the contact shadow alike.

[1] Quilez, I. "2D distance functions", iquilezles.org/articles/distfunctions2d
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from app.pool.composition import Shape
from worker.generators.procedural.fields import Field

Point = tuple[float, float]
HOLE_RADIUS = {Shape.RING: 0.62, Shape.FRAME: 0.55}
CORNER = 0.07


@dataclass(frozen=True)
class Extent:
    """The bounding box of an outline around its centre, in units of the radius."""

    left: float
    top: float
    right: float
    bottom: float


def distance(shape: Shape, x: Field, y: Field) -> Field:
    """Return the signed distance of every point (x, y) to the outline of a shape."""
    return _OUTLINES[shape](x, y)


@cache
def extent(shape: Shape) -> Extent:
    """Measure the bounding box of an outline to within 0.01 radius."""
    axis = np.linspace(-1.3, 1.3, 261, dtype=np.float32)
    inside = distance(shape, axis[None, :], axis[:, None]) <= 0
    columns, rows = axis[inside.any(axis=0)], axis[inside.any(axis=1)]
    return Extent(float(columns[0]), float(rows[0]), float(columns[-1]), float(rows[-1]))


def _circle(x: Field, y: Field) -> Field:
    return np.hypot(x, y) - 0.9


def _ring(x: Field, y: Field) -> Field:
    return np.abs(np.hypot(x, y) - 0.79) - 0.17


def _box(x: Field, y: Field, half_side: float) -> Field:
    beyond_x, beyond_y = np.abs(x) - half_side, np.abs(y) - half_side
    outside = np.hypot(np.maximum(beyond_x, 0), np.maximum(beyond_y, 0))
    return outside + np.minimum(np.maximum(beyond_x, beyond_y), 0)


def _square(x: Field, y: Field) -> Field:
    return _box(x, y, 0.78 - CORNER) - CORNER


def _frame(x: Field, y: Field) -> Field:
    return np.abs(_box(x, y, 0.70)) - 0.15


def _polygon(vertices: Sequence[Point]) -> Callable[[Field, Field], Field]:
    """Return the distance function of a polygon with slightly rounded corners."""

    def distance_to_polygon(x: Field, y: Field) -> Field:
        nearest: Field = np.full(np.broadcast_shapes(x.shape, y.shape), 9.0, np.float32)
        sign: Field = np.ones_like(nearest)
        for (ax, ay), (bx, by) in zip(vertices, (*vertices[1:], vertices[0]), strict=True):
            edge_x, edge_y = bx - ax, by - ay
            from_x, from_y = x - ax, y - ay
            along = (from_x * edge_x + from_y * edge_y) / (edge_x**2 + edge_y**2)
            along = np.clip(along, 0, 1)
            nearest = np.minimum(
                nearest, (from_x - edge_x * along) ** 2 + (from_y - edge_y * along) ** 2
            )
            crosses = (y >= ay) != (y >= by)
            left_of_edge = (edge_x * from_y > edge_y * from_x) == (by > ay)
            sign = np.where(crosses & left_of_edge, -sign, sign)
        return sign * np.sqrt(nearest) - CORNER

    return distance_to_polygon


def _regular(corners: int, radius: float, turn_deg: float = -90) -> list[Point]:
    angles = np.deg2rad(turn_deg) + np.arange(corners) * 2 * np.pi / corners
    return [(float(radius * np.cos(a)), float(radius * np.sin(a))) for a in angles]


def _star_vertices(outer: float, inner: float) -> list[Point]:
    tips, notches = _regular(5, outer), _regular(5, inner, -54)
    return [(x, y + 0.06) for pair in zip(tips, notches, strict=True) for x, y in pair]


def _plus_vertices(reach: float, half_width: float) -> list[Point]:
    r, w = reach, half_width
    quarter = [(w, -w), (r, -w), (r, w), (w, w), (w, r), (-w, r)]
    return quarter + [(-x, -y) for x, y in quarter]


def _heart(x: Field, y: Field) -> Field:
    scale = 1.62
    x, y = np.abs(x) / scale, 0.53 - y / scale
    lobe = np.hypot(x - 0.25, y - 0.75) - np.float32(np.sqrt(2) / 4)
    half = 0.5 * np.maximum(x + y, 0)
    tip = np.sqrt(np.minimum(x**2 + (y - 1) ** 2, (x - half) ** 2 + (y - half) ** 2))
    return scale * np.where(x + y > 1, lobe, tip * np.sign(x - y))


def _crescent(x: Field, y: Field) -> Field:
    outer, inner, apart = 0.93, 0.77, 0.46
    x, y = x - 0.2, np.abs(y)
    tip_x = (outer**2 - inner**2 + apart**2) / (2 * apart)
    tip_y = float(np.sqrt(outer**2 - tip_x**2))
    beyond_tip = x * tip_y - y * tip_x > apart * np.maximum(tip_y - y, 0)
    arcs: Field = np.maximum(np.hypot(x, y) - outer, inner - np.hypot(x - apart, y))
    tip: Field = np.hypot(x - tip_x, y - tip_y)
    return np.where(beyond_tip, tip, arcs)


def _drop(x: Field, y: Field) -> Field:
    radius, height = 0.64, 1.25
    x, y = np.abs(x), 0.34 - y
    sine = radius / height
    cosine = float(np.sqrt(1 - sine**2))
    along = cosine * y - sine * x
    side = cosine * x + sine * y - radius
    point = np.hypot(x, y - height)
    return np.where(
        along < 0, np.hypot(x, y) - radius, np.where(along > cosine * height, point, side)
    )


def _flower(x: Field, y: Field) -> Field:
    petal = np.float32(2 * np.pi / 5)
    angle = np.arctan2(x, -y)
    folded = angle - petal * np.round(angle / petal)
    radius = np.hypot(x, y)
    petals: Field = np.hypot(radius * np.sin(folded), radius * np.cos(folded) - 0.54) - 0.41
    middle: Field = radius - 0.35
    return np.minimum(petals, middle)


_OUTLINES: dict[Shape, Callable[[Field, Field], Field]] = {
    Shape.CIRCLE: _circle,
    Shape.SQUARE: _square,
    Shape.TRIANGLE: _polygon([(0, -0.82), (0.9, 0.7), (-0.9, 0.7)]),
    Shape.DIAMOND: _polygon([(0, -0.95), (0.62, 0), (0, 0.95), (-0.62, 0)]),
    Shape.HEXAGON: _polygon(_regular(6, 0.87, 0)),
    Shape.STAR: _polygon(_star_vertices(0.97, 0.42)),
    Shape.HEART: _heart,
    Shape.CROSS: _polygon(_plus_vertices(0.83, 0.25)),
    Shape.CRESCENT: _crescent,
    Shape.DROP: _drop,
    Shape.FLOWER: _flower,
    Shape.RING: _ring,
    Shape.FRAME: _frame,
}
