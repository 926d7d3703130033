"""How light falls on an object: normals of a bevelled slab, lamp and sky, gloss and metal.

One lamp stands at the upper left, the viewer straight above.  All light is linear.
"""

from math import cos, sin

import numpy as np

from worker.generators.procedural.fields import Field, Picture, smoothstep, stretched_noise
from worker.generators.procedural.materials import Finish

Normals = tuple[Field, Field, Field]

BEVEL = 0.34  # width of the rounded edge, in radii
DOME = 0.16  # how much the top is curved, so that light changes across it
_lamp = np.array([-0.50, -0.62, 0.62], dtype=np.float32)
LAMP = _lamp / np.linalg.norm(_lamp)
_half = LAMP + np.array([0, 0, 1], dtype=np.float32)
HALFWAY = _half / np.linalg.norm(_half)  # between the lamp and the viewer
WARM = np.array([1.06, 1.0, 0.92], dtype=np.float32)
SKY = np.array([0.90, 0.97, 1.10], dtype=np.float32)


def slab_normals(distance: Field, x: Field, y: Field, radius: float, angle_rad: float) -> Normals:
    """Return unit normals (x, y, z) of a slab with quarter-round edges and a slightly domed top.

    `distance` is that to the outline and `x`, `y` are the object's own coordinates, both in radii;
    `radius` is in px; the object is turned clockwise by `angle_rad`.
    """
    slope_y, slope_x = np.gradient(distance * radius)  # of length 1, less on ridges
    bevel = min(BEVEL, max(0.02, -float(distance.min())))
    steepness = 1 - np.clip(-distance / bevel, 0, 1)
    cosine, sine = cos(angle_rad), sin(angle_rad)
    normal_x = slope_x * steepness + DOME * (cosine * x - sine * y)
    normal_y = slope_y * steepness + DOME * (sine * x + cosine * y)
    normal_z = np.sqrt(np.maximum(1 - steepness**2, 0.02))
    norm = np.sqrt(normal_x**2 + normal_y**2 + normal_z**2)
    return normal_x / norm, normal_y / norm, normal_z / norm


def lit(
    colour: Picture, normals: Normals, how: Finish, radius: float, rng: np.random.Generator
) -> Picture:
    """Return the colour under this light; `radius`, in px, scales the brush strokes on metal."""
    if how.metal:
        return _mirroring(colour, normals, radius, rng)
    return _under_lamp(colour, normals, how)


def _under_lamp(colour: Picture, normals: Normals, how: Finish) -> Picture:
    x, y, z = normals
    lamp = np.maximum(x * LAMP[0] + y * LAMP[1] + z * LAMP[2], 0)[..., None]
    sky = (0.55 - 0.45 * y)[..., None]
    halfway = np.maximum(x * HALFWAY[0] + y * HALFWAY[1] + z * HALFWAY[2], 0)
    highlight = how.gloss * (0.75 * halfway**how.sharpness + 0.6 * _window(x, y, z))
    highlight += 0.10 * (1 - z) ** 3 * (0.4 + how.gloss)
    body: Picture = colour * (1.12 * lamp * WARM + 0.34 * sky * SKY) + highlight[..., None]
    return body


def _mirroring(
    colour: Picture, normals: Normals, radius: float, rng: np.random.Generator
) -> Picture:
    """Return brushed metal of a colour, which mirrors a studio."""
    x, y, z = normals
    shape = (x.shape[0], x.shape[1])
    strokes = stretched_noise(rng, shape, max(1.0, 0.012 * radius), 1.2 * radius)
    studio = _studio(2 * z * (y + 0.5 * x)) + 0.035 * strokes
    glint = smoothstep(0.75, 1.35, studio)[..., None]
    return colour * (1.25 * studio)[..., None] * WARM + 0.5 * glint * (0.35 + colour)


def _window(x: Field, y: Field, z: Field) -> Field:
    """A soft window mirrored in the surface."""
    mirrored_x, mirrored_y = 2 * z * x, 2 * z * y
    across = smoothstep(-0.62, -0.50, mirrored_x) * smoothstep(-0.06, -0.16, mirrored_x)
    down = smoothstep(-0.66, -0.54, mirrored_y) * smoothstep(-0.10, -0.20, mirrored_y)
    return across * down


def _studio(height: Field) -> Field:
    """The light of a studio at a mirrored height: sky, a lamp, dark horizon, a glowing floor."""
    sky = smoothstep(0.22, -0.75, height)
    lamp: Field = np.exp(-(((height + 0.13) / 0.075) ** 2)) + np.exp(-(((height + 1.0) / 0.2) ** 2))
    floor = smoothstep(0.12, 0.95, height)
    light: Field = 0.30 + 0.65 * sky + 0.55 * lamp + 0.45 * floor
    return light
