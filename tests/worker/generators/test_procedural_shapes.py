"""Outlines: right inside and out, true to distance, centred, and no larger than they claim."""

import numpy as np
import pytest

from app.pool.composition import HOLLOW_SHAPES, Shape
from worker.generators.procedural.fields import Field
from worker.generators.procedural.shapes import HOLE_RADIUS, distance, extent

AXIS = np.linspace(-1.4, 1.4, 281, dtype=np.float32)
STEP = float(AXIS[1] - AXIS[0])


def _field(shape: Shape) -> Field:
    return distance(shape, *np.meshgrid(AXIS, AXIS))


@pytest.mark.parametrize("shape", Shape)
def test_negative_inside_positive_outside(shape: Shape) -> None:
    field = _field(shape)
    border = np.concatenate([field[0], field[-1], field[:, 0], field[:, -1]])
    assert border.min() > 0
    assert (field < 0).sum() * STEP**2 > 0.5  # every shape has some body
    assert (field[140, 140] > 0) == (shape in HOLLOW_SHAPES or shape is Shape.CRESCENT)


@pytest.mark.parametrize("shape", Shape)
def test_never_steeper_than_a_distance(shape: Shape) -> None:
    field = _field(shape)
    assert max(np.abs(np.diff(field, axis=axis)).max() for axis in (0, 1)) < 1.001 * STEP


@pytest.mark.parametrize("shape", set(Shape) - {Shape.FLOWER})
def test_as_steep_as_a_distance_near_the_outline(shape: Shape) -> None:
    field = _field(shape)
    slopes = np.hypot(*np.gradient(field, STEP))[np.abs(field) < 0.03]
    assert np.median(slopes) == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("shape", Shape)
def test_about_centred_and_of_radius_one(shape: Shape) -> None:
    box = extent(shape)
    assert abs(box.left + box.right) < 0.25
    assert abs(box.top + box.bottom) < 0.25
    assert 0.75 < max(box.right - box.left, box.bottom - box.top) / 2 < 1.05


@pytest.mark.parametrize("shape", sorted(HOLLOW_SHAPES))
def test_the_hole_is_empty(shape: Shape) -> None:
    x, y = np.meshgrid(AXIS, AXIS)
    hole = np.hypot(x, y) < HOLE_RADIUS[shape] - STEP
    assert (distance(shape, x, y)[hole] > 0).all()


def test_shapes_look_different() -> None:
    bodies = {shape: _field(shape) < 0 for shape in Shape}
    for one in Shape:
        for other in set(Shape) - {one}:
            differing = (bodies[one] ^ bodies[other]).sum()
            assert differing / (bodies[one] | bodies[other]).sum() > 0.08, (one, other)
