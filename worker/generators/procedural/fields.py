"""Scalar fields over the picture: coordinates, noise, interpolation, blur.

A field is a float32 array of shape (height, width); a picture (height, width, 3), linear light.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

Field = npt.NDArray[np.floating[Any]]
Picture = npt.NDArray[np.floating[Any]]


def coordinates(height: int, width: int) -> tuple[Field, Field]:
    """Pixel centres in px: x of shape (1, width), y of shape (height, 1)."""
    x = np.arange(width, dtype=np.float32)[None, :] + np.float32(0.5)
    y = np.arange(height, dtype=np.float32)[:, None] + np.float32(0.5)
    return x, y


def smoothstep(low: float, high: float, value: Field) -> Field:
    """Rise from 0 at `low` to 1 at `high` without corners; `low` > `high` falls instead."""
    t: Field = np.clip((value - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def resized(field: Field, height: int, width: int) -> Field:
    """Interpolate a field to another size, smoothly when growing, averaging when shrinking."""
    image = Image.fromarray(np.ascontiguousarray(field, dtype=np.float32))
    return np.asarray(image.resize((width, height), Image.Resampling.BICUBIC), dtype=np.float32)


def smooth_noise(rng: np.random.Generator, shape: tuple[int, int], cell_px: float) -> Field:
    """Noise of mean 0 and deviation about 1 whose blobs are about `cell_px` wide."""
    return stretched_noise(rng, shape, cell_px, cell_px)


def stretched_noise(
    rng: np.random.Generator, shape: tuple[int, int], cell_height_px: float, cell_width_px: float
) -> Field:
    """Noise whose blobs differ in height and width: grain, fibres, weave."""
    height, width = shape
    rows, columns = int(height / cell_height_px) + 3, int(width / cell_width_px) + 3
    coarse = rng.standard_normal((rows, columns), dtype=np.float32)
    return resized(coarse, height, width) * np.float32(1.3)


def blurred(picture: Picture, sigma_px: float) -> Picture:
    """Blur a field or picture by a Gaussian, repeating the border; exact enough below 1e-3."""
    if sigma_px < 0.15:
        return picture
    taps = _taps(sigma_px)
    return _convolved(_convolved(picture, taps, axis=0), taps, axis=1)


def _taps(sigma_px: float) -> Field:
    reach = max(1, int(np.ceil(2.7 * sigma_px)))
    offsets = np.arange(-reach, reach + 1, dtype=np.float32)
    weights: Field = np.exp(-0.5 * (offsets / np.float32(sigma_px)) ** 2)
    return weights / np.float32(weights.sum())


def _convolved(picture: Picture, taps: Field, axis: int) -> Picture:
    reach = len(taps) // 2
    margins = [(reach, reach) if dimension == axis else (0, 0) for dimension in range(picture.ndim)]
    padded = np.pad(picture, margins, mode="edge")
    length = picture.shape[axis]
    total = np.zeros_like(picture)
    for tap, window in zip(taps, _windows(padded, axis, length), strict=False):
        total += tap * window
    return total


def _windows(padded: Picture, axis: int, length: int) -> Iterator[Picture]:
    for start in range(padded.shape[axis] - length + 1):
        yield padded[start : start + length] if axis == 0 else padded[:, start : start + length]
