"""What the objects lie on: twelve surfaces with grain, as linear light of shape (h, w, 3)."""

from collections.abc import Callable

import numpy as np

from app.pool.composition import Background
from worker.generators.procedural.fields import (
    Field,
    Picture,
    coordinates,
    smooth_noise,
    stretched_noise,
)
from worker.generators.procedural.palette import linear

Shape2 = tuple[int, int]
Texture = Callable[[np.random.Generator, Shape2], Field]

BACKGROUND_COLOURS = {
    Background.LIGHT: linear("e2ddd4"),
    Background.DARK: linear("34363d"),
    Background.WHITE: linear("f4f3f0"),
    Background.GREY: linear("9b9da1"),
    Background.YELLOW: linear("eec94a"),
    Background.GREEN: linear("6fae78"),
    Background.BLUE: linear("6d9bd8"),
    Background.PINK: linear("efa9bd"),
    Background.WOOD: linear("ae7c4c"),
    Background.PAPER: linear("ece4d2"),
    Background.LINEN: linear("d3c6ae"),
    Background.STONE: linear("a5a39d"),
}


def surface(
    rng: np.random.Generator, background: Background, shape: Shape2, relief: float = 1.0
) -> Picture:
    """Return the unlit surface: its colour, modulated by the grain of its material.

    `relief` in [0, 1] scales the grain.
    """
    grain = _TEXTURES.get(background, _plaster)(rng, shape)
    return BACKGROUND_COLOURS[background] * (1 + np.float32(relief) * grain[..., None])


def pool_of_light(shape: Shape2) -> Field:
    """Return how much light reaches each point: a soft lamp at the upper left, a vignette."""
    height, width = shape
    x, y = coordinates(height, width)
    reach = np.float32(0.5 * (height + width))
    from_lamp = ((x - 0.32 * width) / reach) ** 2 + ((y - 0.24 * height) / reach) ** 2
    from_middle = ((x - 0.5 * width) / width) ** 2 + ((y - 0.5 * height) / height) ** 2
    return (1.22 * np.exp(-0.95 * from_lamp) + 0.16) * (1 - 0.42 * from_middle)


def _unit(shape: Shape2) -> float:
    """One hundredth of the shorter side, in px, so that grain scales with the picture."""
    return min(shape) / 100


def _plaster(rng: np.random.Generator, shape: Shape2) -> Field:
    unit = _unit(shape)
    return 0.02 * smooth_noise(rng, shape, 14 * unit) + 0.022 * smooth_noise(rng, shape, 0.5 * unit)


def _paper(rng: np.random.Generator, shape: Shape2) -> Field:
    unit = _unit(shape)
    fibres = stretched_noise(rng, shape, 0.5 * unit, 3 * unit)
    fibres = fibres + stretched_noise(rng, shape, 3 * unit, 0.5 * unit)
    return 0.02 * fibres + 0.02 * smooth_noise(rng, shape, 9 * unit)


def _linen(rng: np.random.Generator, shape: Shape2) -> Field:
    unit = max(_unit(shape), 1.0)
    x, y = coordinates(*shape)
    pitch = np.float32(2 * np.pi / (2.2 * unit))
    weave: Field = np.cos(x * pitch) * np.cos(y * pitch)
    threads = stretched_noise(rng, shape, 1.1 * unit, 14 * unit)
    threads = threads + stretched_noise(rng, shape, 14 * unit, 1.1 * unit)
    return 0.09 * weave + 0.05 * threads


def _stone(rng: np.random.Generator, shape: Shape2) -> Field:
    unit = _unit(shape)
    clouds = smooth_noise(rng, shape, 18 * unit) + 0.7 * smooth_noise(rng, shape, 6 * unit)
    speckle = smooth_noise(rng, shape, 0.8 * unit)
    veins = np.exp(-14 * np.abs(smooth_noise(rng, shape, 24 * unit)))
    grain: Field = 0.07 * clouds + 0.05 * speckle + 0.16 * veins
    return grain


def _wood(rng: np.random.Generator, shape: Shape2) -> Field:
    """Planks along x: rings bent by slow noise, pores along the grain, dark joints."""
    unit = _unit(shape)
    _, y = coordinates(*shape)
    plank_px = np.float32(25 * unit)
    plank = np.floor(y / plank_px).astype(int)
    tone = rng.uniform(-0.14, 0.14, size=int(plank.max()) + 1).astype(np.float32)
    bend = stretched_noise(rng, shape, 9 * unit, 60 * unit)
    rings = np.sin(y / unit * 0.9 + 3.2 * bend + 60 * tone[plank])
    pores = stretched_noise(rng, shape, 0.6 * unit, 16 * unit)
    from_joint = np.minimum(y % plank_px, plank_px - y % plank_px)
    joint = np.exp(-((from_joint / (0.35 * unit)) ** 2))
    grain: Field = tone[plank] + 0.10 * rings + 0.09 * pores - 0.5 * joint
    return grain


_TEXTURES: dict[Background, Texture] = {
    Background.WOOD: _wood,
    Background.PAPER: _paper,
    Background.LINEN: _linen,
    Background.STONE: _stone,
}
