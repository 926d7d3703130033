"""Whole pictures: what was asked for is in the pixels, and the provenance tells the truth."""

import json
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy import ndimage

from app.pool.catalogue import get_generator, load_catalogue
from app.pool.composition import Colour, Shape
from app.pool.grammar import compose_prompts
from worker.generators.base import GenerationError, Rendering, RenderRequest, RenderSettings
from worker.generators.procedural.generator import ProceduralGenerator, understanding_of

REFERENCE = "procedural-reference"
PROMPT = "a red circle above two blue squares"
Mask = npt.NDArray[np.bool_]


def _render(
    prompt: str = PROMPT, generator: str = REFERENCE, seed: int = 0, **settings: Any
) -> Rendering:
    request = RenderRequest(prompt, generator, seed, RenderSettings(**settings))
    (outcome,) = ProceduralGenerator().render([request])
    assert isinstance(outcome, Rendering), outcome
    return outcome


def _pixels(rendering: Rendering) -> npt.NDArray[np.float64]:
    return np.asarray(rendering.image, dtype=np.float64)


def _mask(rendering: Rendering, channel: int) -> Mask:
    """Where one channel (red 0, green 1, blue 2) outweighs both others by far."""
    pixels = _pixels(rendering)
    others = np.delete(pixels, channel, axis=-1).max(axis=-1)
    mask: Mask = pixels[..., channel] > 1.6 * others + 12
    return mask


def _blobs(mask: Mask) -> list[tuple[slice, ...]]:
    """Connected regions more than 8 px high and wide, as slices of rows and columns."""
    labels, _ = ndimage.label(ndimage.binary_opening(mask, iterations=2))
    places = ndimage.find_objects(labels)
    return [place for place in places if min(side.stop - side.start for side in place) > 8]


def _mean_losses(generator: str, **settings: Any) -> tuple[float, float]:
    """Return the mean quality and alignment loss over twelve prompts."""
    settings = {"width": 128, "height": 128} | settings
    truths = [
        _render(prompt, generator, seed, **settings).provenance["truth"]
        for seed, prompt in enumerate(compose_prompts(12, seed=8))
    ]
    quality = [truth["quality_loss"] for truth in truths]
    return float(np.mean(quality)), float(np.mean([truth["alignment_loss"] for truth in truths]))


@pytest.mark.parametrize("seed", range(4))
def test_the_prompt_is_in_the_pixels(seed: int) -> None:
    rendering = _render(f"{PROMPT} on a light background", seed=seed, width=256, height=256)
    (red,), blues = _blobs(_mask(rendering, 0)), _blobs(_mask(rendering, 2))
    assert len(blues) == 2
    assert all(red[0].stop <= blue[0].start for blue in blues)


@pytest.mark.parametrize("count", range(1, 6))
def test_counts_are_in_the_pixels(count: int) -> None:
    number = ("a", "two", "three", "four", "five")[count - 1]
    noun = "heart" if count == 1 else "hearts"
    rendering = _render(f"{number} green {noun} on a white background", seed=count)
    assert len(_blobs(_mask(rendering, 1))) == count


def test_left_and_size_are_in_the_pixels() -> None:
    rendering = _render("a small green triangle left of a large red star on a dark background")
    (green,), (red,) = _blobs(_mask(rendering, 1)), _blobs(_mask(rendering, 0))
    assert green[1].stop <= red[1].start
    assert green[0].stop - green[0].start < 0.6 * (red[0].stop - red[0].start)


@pytest.mark.parametrize("shape", Shape)
def test_boxes_in_the_provenance_are_those_of_the_pixels(shape: Shape) -> None:
    rendering = _render(f"a large matte red {shape} on a white background", seed=3)
    rows, columns = np.nonzero(_mask(rendering, 0))
    left, top, right, bottom = rendering.provenance["objects"][0]["box_px"]
    measured = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    assert measured == pytest.approx((left, top, right, bottom), abs=26)  # it is turned a little


@pytest.mark.parametrize("background", ["a white background", "a dark background"])
def test_colours_can_be_told_apart(background: str) -> None:
    means = {}
    for colour in Colour:
        rendering = _render(f"a matte {colour} circle on {background}", width=128, height=128)
        left, top, right, bottom = rendering.provenance["objects"][0]["box_px"]
        x, y = int(left + right) // 2, int(top + bottom) // 2
        means[colour] = _pixels(rendering)[y - 8 : y + 8, x - 8 : x + 8].mean(axis=(0, 1))
    for one in Colour:
        for other in set(Colour) - {one}:
            assert np.linalg.norm(means[one] - means[other]) > 38, (one, other)


def test_the_same_request_gives_the_same_bytes() -> None:
    for generator in load_catalogue():
        first, second = (_render(generator=generator, seed=4, width=128, height=128) for _ in "ab")
        assert first.image.tobytes() == second.image.tobytes()
        assert first.provenance == second.provenance


def test_seeds_and_generators_differ() -> None:
    pictures = {
        _render(generator=name, seed=seed, width=64, height=64).image.tobytes()
        for name in load_catalogue()
        for seed in (0, 1, 2)
    }
    assert len(pictures) == 3 * len(load_catalogue())


def test_steps_and_guidance_keep_the_layout() -> None:
    plain = _render(seed=2).provenance
    for settings in ({"steps": 15}, {"guidance": 14.0}):
        changed = _render(seed=2, **settings).provenance
        assert changed["objects"] == plain["objects"]
        assert changed["background"] == plain["background"]


def test_loosely_written_prompts_give_the_same_picture() -> None:
    one, other = _render("a red star, a ring"), _render("A  red star and a ring.")
    assert one.image.tobytes() == other.image.tobytes()


@pytest.mark.parametrize(("width", "height"), [(512, 256), (256, 512), (64, 64), (64, 512)])
def test_sizes(width: int, height: int) -> None:
    rendering = _render(generator="procedural-draft", width=width, height=height)
    assert rendering.image.size == (width, height)
    assert rendering.image.mode == "RGB"


def test_native_size_is_the_default() -> None:
    assert _render(generator="procedural-sketch").image.size == (384, 384)


def test_the_reference_is_flawless_at_its_defaults() -> None:
    for seed, prompt in enumerate(compose_prompts(15, seed=5)):
        truth = _render(prompt, seed=seed).provenance["truth"]
        assert truth["quality_loss"] == 0
        assert truth["alignment_loss"] == 0
        assert truth["faults"] == []
        assert set(truth["quality"].values()) == {0}


def test_provenance_is_honest_and_complete() -> None:
    provenance = _render("an orange drop", "procedural-studio", seed=9, steps=12).provenance
    assert json.loads(json.dumps(provenance)) == provenance
    assert provenance["generator"] == "procedural-studio"
    assert provenance["procedural"] is True
    assert provenance["revision"] == get_generator("procedural-studio").revision
    assert provenance["understood"] is True
    assert provenance["composition"] == "an orange drop"
    assert provenance["seed"] == 9
    assert provenance["settings"] == {
        "steps": 12,
        "guidance": 7.5,
        "width": 512,
        "height": 512,
        "scheduler": "linear",
    }


def test_a_prompt_outside_the_grammar_gets_a_picture_that_says_so() -> None:
    prompt = "portrait of a cyberpunk cat, octane render, 8k"
    first, second = _render(prompt), _render(prompt)
    assert first.image.tobytes() == second.image.tobytes()
    assert first.provenance["understood"] is False
    assert first.provenance["composition"]
    assert first.provenance["truth"]["alignment_loss"] == 1
    assert first.provenance["truth"]["faults"] == [
        "The prompt is outside the grammar, so the picture shows something else."
    ]
    assert _render(prompt + "!").image.tobytes() != first.image.tobytes()


def test_understanding_is_fixed_by_the_prompt() -> None:
    assert understanding_of("a cat") == understanding_of("a cat")
    assert understanding_of("a cat")[0] != understanding_of("a dog")[0]
    assert understanding_of("A STAR")[1]


def test_a_refused_request_fails_itself_alone() -> None:
    settings = RenderSettings(width=64, height=64)
    requests = [
        RenderRequest(PROMPT, REFERENCE, 0, settings),
        RenderRequest(PROMPT, REFERENCE, 0, RenderSettings(steps=0)),
        RenderRequest(PROMPT, "stable-dream", 0, settings),
        RenderRequest(PROMPT, REFERENCE, 1, settings),
    ]
    outcomes = list(ProceduralGenerator().render(requests))
    assert [type(o) for o in outcomes] == [Rendering, GenerationError, GenerationError, Rendering]
    assert str(outcomes[1]) == "Steps must lie between 1 and 150, not 0."
    assert str(outcomes[2]).startswith("The catalogue has no generator 'stable-dream'")


@pytest.mark.parametrize("generator", ["procedural-reference", "procedural-studio"])
def test_fewer_steps_look_worse_and_show_less(generator: str) -> None:
    losses = [_mean_losses(generator, steps=steps) for steps in (30, 12, 5, 1)]
    for series in zip(*losses, strict=True):
        assert all(more <= less for more, less in pairwise(series))
        assert series[-1] > series[0] + 0.3


def test_guidance_has_a_best_value() -> None:
    guidances = (1.0, 3.0, 7.5, 14.0, 28.0)
    losses = [_mean_losses("procedural-studio", guidance=guidance) for guidance in guidances]
    quality, alignment = zip(*losses, strict=True)
    assert quality[0] > quality[1] > quality[2] < quality[3] < quality[4]
    assert alignment[0] > alignment[1] > alignment[2] + 0.1


def test_generators_rank_differently_in_quality_and_alignment() -> None:
    names = [f"procedural-{name}" for name in ("atelier", "studio", "sketch", "draft")]
    losses = [_mean_losses(name, width=None, height=None) for name in names]
    quality, alignment = zip(*losses, strict=True)
    assert list(quality) == sorted(quality)
    assert quality[0] < 0.1 < 0.45 < quality[-1]
    assert alignment[0] > max(alignment[1:3]) + 0.05  # the best painter is not the most obedient
