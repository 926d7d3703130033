"""Flaws put on a finished display picture, and what they cost: the true quality loss.

Pictures are float32 display values in [0, 1] of shape (height, width, 3).  Each effect leaves the
picture alone at strength 0 and lengths scale with the picture, so that a flaw looks as bad at
every size.  Warp and flatness are the painter's: see `painting.Brush`.
"""

from dataclasses import asdict

import numpy as np
from PIL import Image

from worker.generators.procedural.fields import Picture, blurred, smooth_noise
from worker.generators.procedural.variants import Flaws

GREY = np.array([0.30, 0.59, 0.11], dtype=np.float32)
HAZE = np.array([0.66, 0.65, 0.63], dtype=np.float32)
COSTS = Flaws(
    noise=0.85,
    blur=0.75,
    blotches=0.55,
    warp=0.6,
    flatness=0.30,
    banding=0.45,
    jaggedness=0.7,
    washout=0.75,
    oversaturation=0.6,
    halo=0.35,
)


def quality_loss(flaws: Flaws) -> float:
    """Return the true quality loss in [0, 1]: 1 - Π(1 - cost · strength), 0 for no flaw."""
    costs = asdict(COSTS)
    return 1 - float(np.prod([1 - costs[name] * value for name, value in asdict(flaws).items()]))


def degraded(picture: Picture, flaws: Flaws, rng: np.random.Generator) -> Picture:
    """Put every flaw on a picture, in the order in which they would arise."""
    noise_rng, blotch_rng = rng.spawn(2)
    picture = _coarsened(picture, flaws.jaggedness)
    picture = blurred(picture, _hundredths(picture, 1.6 * flaws.blur))
    picture = _blotched(picture, flaws.blotches, blotch_rng)
    picture = _washed_out(picture, flaws.washout)
    picture = _haloed(picture, flaws.halo)
    picture = _oversaturated(picture, flaws.oversaturation)
    picture = _noisy(picture, flaws.noise, noise_rng)
    return _banded(picture, flaws.banding)


def _hundredths(picture: Picture, share: float) -> float:
    """Turn hundredths of the shorter side into px."""
    height, width = picture.shape[:2]
    return share * float(min(height, width)) / 100


def _coarsened(picture: Picture, strength: float) -> Picture:
    """Draw with square pixels, at full strength over two hundredths of the side wide."""
    if strength < 0.01:
        return picture
    height, width = picture.shape[:2]
    factor = 1 + _hundredths(picture, 2.2 * strength)
    image = Image.fromarray((np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8))
    small = image.resize((round(width / factor), round(height / factor)), Image.Resampling.BOX)
    coarse = small.resize((width, height), Image.Resampling.NEAREST)
    return np.asarray(coarse, dtype=np.float32) / 255


def _blotched(picture: Picture, strength: float, rng: np.random.Generator) -> Picture:
    """Stain the picture with slow clouds of colour."""
    if strength < 0.01:
        return picture
    shape = (picture.shape[0], picture.shape[1])
    cell = _hundredths(picture, 11)
    stains = np.stack([smooth_noise(rng, shape, cell) for _ in range(3)], axis=-1)
    stains += smooth_noise(rng, shape, cell / 2.5)[..., None]
    return picture * (1 + 0.12 * strength * stains)


def _washed_out(picture: Picture, strength: float) -> Picture:
    """Fade towards a pale haze."""
    if strength < 0.01:
        return picture
    grey = (picture @ GREY)[..., None]
    pale = picture + 0.55 * strength * (grey - picture)
    return pale + 0.68 * strength * (HAZE - pale)


def _haloed(picture: Picture, strength: float) -> Picture:
    """Sharpen far too much, which draws bright and dark rims."""
    if strength < 0.01:
        return picture
    return picture + 1.7 * strength * (picture - blurred(picture, _hundredths(picture, 0.7)))


def _oversaturated(picture: Picture, strength: float) -> Picture:
    """Push colours and contrast until they clip."""
    if strength < 0.01:
        return picture
    grey = (picture @ GREY)[..., None]
    vivid = grey + (1 + 1.5 * strength) * (picture - grey)
    return np.clip(0.5 + (1 + 1.3 * strength) * (vivid - 0.5) + 0.03 * strength, 0, 1)


def _noisy(picture: Picture, strength: float, rng: np.random.Generator) -> Picture:
    """Leave coloured speckle, fine and coarse; at full strength little else is left."""
    if strength < 0.01:
        return picture
    shape = (picture.shape[0], picture.shape[1])
    fine = rng.standard_normal(picture.shape, dtype=np.float32)
    cell = max(2.0, _hundredths(picture, 1.4))
    coarse = np.stack([smooth_noise(rng, shape, cell) for _ in range(3)], axis=-1)
    speckle: Picture = 0.16 * fine + 0.20 * coarse
    kept = 1 - 0.75 * strength**2
    return 0.5 + kept * (picture - 0.5) + float(strength**1.4) * speckle


def _banded(picture: Picture, strength: float) -> Picture:
    """Allow few tones only, from 40 down to 4 per channel."""
    if strength < 0.01:
        return picture
    steps = np.float32(4 * 10 ** (1 - strength) - 1)
    return np.round(np.clip(picture, 0, 1) * steps) / steps
