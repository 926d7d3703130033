"""Paint a scene: soft shadows, bevelled and lit objects, all from signed distances.

Light is linear until `developed` turns it into a display picture; a `Brush` says how much of the
craft a generator commands.
"""

from dataclasses import dataclass
from math import cos, sin

import numpy as np

from worker.generators.procedural.fields import (
    Field,
    Picture,
    coordinates,
    smooth_noise,
    smoothstep,
)
from worker.generators.procedural.lighting import WARM, lit, slab_normals
from worker.generators.procedural.materials import albedo, finish
from worker.generators.procedural.scene import PlacedObject, Scene
from worker.generators.procedural.shapes import distance
from worker.generators.procedural.surfaces import pool_of_light, surface

SHADOW_REACH = (0.30, 0.40)  # of a full cast shadow, in radii, to the right and downwards
SHADOW_STEPS = (0.12, 0.26, 0.40, 0.54, 0.68, 0.84, 1.0)
FLAT_LIGHT = np.float32(0.92)
SHADE = np.array([1.0, 0.97, 0.92], dtype=np.float32)  # what is left is bluish
MOST_SERIALS = 32


@dataclass(frozen=True)
class Brush:
    """`flatness` in [0, 1] takes away light, shadow and grain; `warp` in [0, 1] bends outlines."""

    flatness: float = 0.0
    warp: float = 0.0


FINE_BRUSH = Brush()


@dataclass(frozen=True)
class Patch:
    """The window of the canvas that an object and its shadow touch.

    `x` and `y` are the object's own coordinates in radii, `distance` that to its outline.
    """

    rows: slice
    columns: slice
    x: Field
    y: Field
    distance: Field
    radius: float


def painted(scene: Scene, rng: np.random.Generator, brush: Brush = FINE_BRUSH) -> Picture:
    """Return the scene as linear light of shape (height, width, 3)."""
    shape = (scene.height, scene.width)
    relief = 1 - brush.flatness
    light = FLAT_LIGHT + relief * (pool_of_light(shape) - FLAT_LIGHT)
    canvas = surface(rng, scene.background, shape, relief)
    canvas *= light[..., None] * WARM
    streams = rng.spawn(MOST_SERIALS)
    for item in sorted(scene.objects, key=lambda item: item.depth):
        stream = streams[item.serial % MOST_SERIALS]
        patch = _patch(scene, item, stream, brush.warp)
        _cast_shadow(canvas, patch, relief)
        _lay_down(canvas, patch, item, light, stream, relief)
    return canvas


def developed(light: Picture) -> Picture:
    """Turn linear light into display values in [0, 1], rolling off the highlights."""
    rolled = np.where(light > 0.7, 1 - 0.3 * np.exp((0.7 - light) / 0.3), light)
    return np.sqrt(np.maximum(rolled, 0))


def _patch(scene: Scene, item: PlacedObject, rng: np.random.Generator, warp: float) -> Patch:
    reach = 1.75 * item.radius + 2
    rows = slice(max(0, int(item.y - reach)), min(scene.height, int(item.y + reach) + 1))
    columns = slice(max(0, int(item.x - reach)), min(scene.width, int(item.x + reach) + 1))
    x, y = coordinates(scene.height, scene.width)
    across, down = (x[:, columns] - item.x) / item.radius, (y[rows] - item.y) / item.radius
    cosine, sine = cos(item.angle_rad), sin(item.angle_rad)
    own_x, own_y = cosine * across + sine * down, cosine * down - sine * across
    if warp:
        own_x = own_x + _wobble(own_x, item.radius, warp, rng)
        own_y = own_y + _wobble(own_y, item.radius, warp, rng)
    field = distance(item.look.shape, own_x, own_y).astype(np.float32)
    return Patch(rows, columns, own_x, own_y, field, item.radius)


def _wobble(like: Field, radius: float, warp: float, rng: np.random.Generator) -> Field:
    return 0.14 * warp * smooth_noise(rng, (like.shape[0], like.shape[1]), 0.62 * radius)


def _cast_shadow(canvas: Picture, patch: Patch, relief: float) -> None:
    """Darken the canvas: contact shadow all around, cast shadow growing softer with length."""
    cast = np.zeros_like(patch.distance)
    for share in SHADOW_STEPS:
        right, down = (round(share * reach * patch.radius) for reach in SHADOW_REACH)
        softness = 0.06 + 0.30 * share
        cast += smoothstep(softness, -softness, _shifted(patch.distance, down, right))
    contact: Field = np.exp(-np.maximum(patch.distance, 0) / 0.10)
    shade = 1 - (1 - 0.72 / len(SHADOW_STEPS) * cast) * (1 - 0.42 * contact)
    canvas[patch.rows, patch.columns] *= 1 - relief * shade[..., None] * SHADE


def _shifted(field: Field, down: int, right: int) -> Field:
    padded = np.pad(field, ((down, 0), (right, 0)), mode="edge")
    return padded[: field.shape[0], : field.shape[1]]


def _lay_down(
    canvas: Picture,
    patch: Patch,
    item: PlacedObject,
    light: Field,
    rng: np.random.Generator,
    relief: float,
) -> None:
    """Paint the object's lit body over the canvas, its edge anti-aliased."""
    coverage = np.clip(0.5 - patch.distance * patch.radius, 0, 1)[..., None]
    colour = albedo(rng, item.look, patch.x, patch.y, patch.radius)
    normals = slab_normals(patch.distance, patch.x, patch.y, patch.radius, item.angle_rad)
    body = lit(colour, normals, finish(item.look.material), patch.radius, rng)
    body *= (0.35 + 0.65 * light[patch.rows, patch.columns])[..., None]
    body += (1 - relief) * (colour - body)
    window = canvas[patch.rows, patch.columns]
    window += (body - window) * coverage
