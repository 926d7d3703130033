"""PIQE on real photographs and rendered pictures, against the values that ``pypiqe`` 1.2 gave.

The photographs are those that scikit-learn ships; the values were computed once from their grey
versions (Pillow's ``convert("L")``), the others from the arrays that ``_noise`` describes.
"""

import io

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageFilter
from sklearn.datasets import load_sample_image

from worker.generators.base import Rendering, RenderRequest, RenderSettings
from worker.generators.procedural.generator import ProceduralGenerator
from worker.metrics.piqe import piqe

Pixels = npt.NDArray[np.uint8]

PYPIQE_GREY = {"china": 50.01599874585446, "flower": 28.330922343927085}
PYPIQE_COLOUR = {"china": 50.015988713972156, "flower": 28.330915991598864}
ROUNDING_TO_GREY = 0.001


def photograph(name: str) -> Pixels:
    return np.asarray(load_sample_image(f"{name}.jpg"))


def rendered() -> Pixels:
    request = RenderRequest(
        prompt="a red circle on a blue table",
        generator="procedural-reference",
        seed=4,
        settings=RenderSettings(
            guidance=7.0, steps=30, width=256, height=256, scheduler="linear", extra={}
        ),
    )
    (outcome,) = ProceduralGenerator().render([request])
    assert isinstance(outcome, Rendering)
    return np.asarray(outcome.image.convert("RGB"))


def with_noise(picture: Pixels, spread: float) -> Pixels:
    noise = np.random.default_rng(7).normal(0, spread, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def blurred(picture: Pixels, radius: float) -> Pixels:
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(radius)))


def compressed(picture: Pixels, quality: int) -> Pixels:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))


@pytest.mark.parametrize("name", PYPIQE_GREY)
def test_photographs_have_the_scores_of_the_reference(name: str) -> None:
    colour = photograph(name)
    grey = np.asarray(Image.fromarray(colour).convert("L"))
    assert piqe(grey) == pytest.approx(PYPIQE_GREY[name], abs=1e-9)
    assert piqe(colour) == pytest.approx(PYPIQE_COLOUR[name], abs=ROUNDING_TO_GREY)


@pytest.mark.parametrize("name", PYPIQE_GREY)
def test_every_distortion_raises_the_score_of_a_photograph(name: str) -> None:
    picture = photograph(name)
    score = piqe(picture)
    assert piqe(with_noise(picture, 20)) > score
    assert piqe(blurred(picture, 2)) > score
    assert piqe(compressed(picture, 8)) > score


def test_distortions_raise_the_score_of_a_rendered_picture() -> None:
    picture = rendered()
    score = piqe(picture)
    assert 0 < score < 100
    assert piqe(blurred(picture, 3)) > score
    assert piqe(compressed(picture, 5)) > score


@pytest.mark.parametrize("value", [0, 1, 128, 255])
def test_a_picture_of_one_colour_gets_the_worst_score(value: int) -> None:
    assert piqe(np.full((48, 64, 3), value, dtype=np.uint8)) == 100.0


@pytest.mark.parametrize("shape", [(16, 16), (17, 31), (16, 200), (5, 7), (1, 1)])
def test_sides_of_any_length_have_a_score(shape: tuple[int, int]) -> None:
    picture = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    assert np.isfinite(piqe(picture))


def test_a_picture_is_continued_by_its_mirror_image() -> None:
    picture = photograph("flower")[:40, :50]
    whole = np.pad(picture, ((0, 8), (0, 14), (0, 0)), mode="symmetric")
    assert piqe(picture) == piqe(whole)


def test_brightness_as_a_whole_does_not_count() -> None:
    picture = photograph("china")[:256, :256, 0] // 2
    assert piqe(picture * 2) == pytest.approx(piqe(picture), abs=1e-9)
