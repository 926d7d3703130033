"""What objects are made of: how they reflect, and the pattern on them."""

from dataclasses import dataclass

import numpy as np

from app.pool.composition import Material
from worker.generators.procedural.fields import Field, Picture, smoothstep, stretched_noise
from worker.generators.procedural.palette import PALETTE, second_tone
from worker.generators.procedural.scene import Look


@dataclass(frozen=True)
class Finish:
    """`gloss` scales highlights, `sharpness` is their exponent; metal mirrors its surroundings."""

    gloss: float
    sharpness: float
    metal: bool = False


PLAIN = Finish(gloss=0.22, sharpness=26)
FINISHES = {
    Material.MATTE: Finish(gloss=0.03, sharpness=6),
    Material.GLOSSY: Finish(gloss=1.0, sharpness=90),
    Material.METALLIC: Finish(gloss=0.9, sharpness=40, metal=True),
    Material.WOODEN: Finish(gloss=0.10, sharpness=14),
}


def finish(material: Material | None) -> Finish:
    return FINISHES.get(material, PLAIN) if material else PLAIN


def albedo(rng: np.random.Generator, look: Look, x: Field, y: Field, radius: float) -> Picture:
    """Return the unlit colour of every point (x, y), given in radii; `radius` is in px."""
    base = PALETTE[look.colour]
    if look.material is Material.WOODEN:
        return base * _grain(rng, x, y, radius)[..., None]
    share = _pattern(look.material, x, y, edge=1.5 / radius + 0.015)
    if share is None:
        return np.broadcast_to(base, (*x.shape, 3))
    return base + (second_tone(look.colour) - base) * share[..., None]


def _pattern(material: Material | None, x: Field, y: Field, edge: float) -> Field | None:
    """Return the share of the second tone in [0, 1], or None where there is no pattern.

    `edge` is half the width of the soft border between the tones, in radii.
    """
    if material is Material.STRIPED:
        phase = np.abs((0.8 * x + 0.6 * y) / 0.40 % 1 - 0.5)
        return smoothstep(0.29 - edge, 0.29 + edge, phase)
    if material is Material.DOTTED:
        row = np.round(y / 0.36)
        across = (x / 0.40 + 0.5 * (row % 2) + 0.5) % 1 - 0.5
        return smoothstep(0.125 + edge, 0.125 - edge, np.hypot(0.40 * across, y - 0.36 * row))
    if material is Material.CHECKERED:
        wave = np.sin(x * np.float32(np.pi / 0.32)) * np.sin(y * np.float32(np.pi / 0.32))
        return smoothstep(-6 * edge, 6 * edge, wave)
    return None


def _grain(rng: np.random.Generator, x: Field, y: Field, radius: float) -> Field:
    """Grain that darkens and lightens the colour along the object's own x axis."""
    shape = (x.shape[0], x.shape[1])
    bend = stretched_noise(rng, shape, 0.5 * radius, 1.6 * radius)
    pores = stretched_noise(rng, shape, max(0.03 * radius, 0.7), 0.7 * radius)
    rings = np.sin(15 * y + 2.6 * bend)
    return np.clip(0.86 + 0.26 * rings + 0.16 * pores, 0.2, 1.5)
