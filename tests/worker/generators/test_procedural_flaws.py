"""Flaws: pushed by settings the right way, visible in the pixels, and priced in the loss."""

from dataclasses import asdict, replace

import numpy as np
import pytest

from app.pool.catalogue import get_generator, load_catalogue
from worker.generators.base import GenerationError, RenderSettings
from worker.generators.procedural.degradations import degraded, quality_loss
from worker.generators.procedural.fields import Picture, blurred
from worker.generators.procedural.settings import settled
from worker.generators.procedural.tendencies import Push, errors_of, flaws_of, push_of
from worker.generators.procedural.variants import STRENGTHS, Flaws

STUDIO = get_generator("procedural-studio")
PAINTERS = {"warp", "flatness"}  # put in while painting, not afterwards
EFFECTS = [name for name in asdict(Flaws()) if name not in PAINTERS]
STRENGTHS_TRIED = (0.0, 0.05, 0.2, 0.5, 1.0)


def _push(settings: RenderSettings) -> Push:
    return push_of(STUDIO, settled(STUDIO, settings))


def _flaws(settings: RenderSettings, seed: int = 0) -> Flaws:
    return flaws_of(STRENGTHS[STUDIO.name], _push(settings), np.random.default_rng(seed))


def _picture() -> Picture:
    """A soft scene with a checked cloth in it: 192 × 256 px, display values."""
    x, y = np.meshgrid(np.linspace(0, 1, 256), np.linspace(0, 1, 192))
    square = (abs(x - 0.5) < 0.4) & (abs(y - 0.5) < 0.4) & ((x // 0.07 + y // 0.09) % 2 == 1)
    return np.stack([0.3 + 0.4 * x, 0.5 + 0.2 * y, 0.7 - 0.5 * square], axis=-1).astype(np.float32)


def test_every_procedural_generator_has_its_strengths() -> None:
    assert set(STRENGTHS) == {name for name in load_catalogue() if name.startswith("procedural-")}


def test_defaults_push_nothing() -> None:
    for entry in load_catalogue().values():
        assert push_of(entry, settled(entry, RenderSettings())) == Push(0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("values", "setting", "pushes"),
    [
        ((60, 30, 20, 10, 4, 1), "steps", {"unfinished"}),
        ((7.5, 5.0, 3.0, 1.0, 0.0), "guidance", {"weak"}),
        ((7.5, 12.0, 20.0, 30.0), "guidance", {"strong"}),
    ],
)
def test_settings_push_the_right_way(
    values: tuple[float, ...], setting: str, pushes: set[str]
) -> None:
    found = [asdict(_push(RenderSettings(**{setting: value}))) for value in values]  # type: ignore[arg-type]
    for name in found[0]:
        series = [push[name] for push in found]
        assert series == sorted(series)
        assert (series[-1] > 0.3) == (name in pushes)


def test_resolution_pushes_both_ways() -> None:
    small, large = (
        _push(RenderSettings(width=128, height=128)),
        _push(RenderSettings(width=1024, height=1024)),
    )
    wide = _push(RenderSettings(width=1024, height=256))
    assert small.coarse > 0.5
    assert small.stretched == 0
    assert large.stretched > 0.3
    assert large.coarse == 0
    assert wide.stretched > 0.3


def test_a_cosine_schedule_needs_fewer_steps() -> None:
    assert (
        _push(RenderSettings(steps=10, scheduler="cosine")).unfinished
        < _push(RenderSettings(steps=10, scheduler="linear")).unfinished
    )


@pytest.mark.parametrize("name", STRENGTHS)
def test_flaws_and_errors_grow_with_every_push(name: str) -> None:
    for what in asdict(Push(0, 0, 0, 0, 0)):
        pushes = [replace(Push(0, 0, 0, 0, 0), **{what: share}) for share in (0.0, 0.4, 0.7, 1.0)]
        flaws = [asdict(flaws_of(STRENGTHS[name], p, np.random.default_rng(1))) for p in pushes]
        errors = [asdict(errors_of(STRENGTHS[name], push)) for push in pushes]
        for series in (flaws, errors):
            for key in series[0]:
                values = [entry[key] for entry in series]
                assert values == sorted(values)
                assert all(0 <= value <= 1 for value in values)
        losses = [quality_loss(Flaws(**entry)) for entry in flaws]
        assert losses[0] < losses[-1]


def test_pictures_of_one_condition_differ() -> None:
    losses = [quality_loss(_flaws(RenderSettings(), seed)) for seed in range(40)]
    assert 0.02 < np.std(losses) < 0.2


def test_quality_loss_ends() -> None:
    assert quality_loss(Flaws()) == 0
    assert 0.95 < quality_loss(Flaws(*[1.0] * len(asdict(Flaws())))) < 1


@pytest.mark.parametrize("name", EFFECTS)
def test_an_effect_changes_the_picture_more_the_stronger_it_is(name: str) -> None:
    picture = _picture()
    changes = []
    for strength in STRENGTHS_TRIED:
        flaws = replace(Flaws(), **{name: strength})
        shown = np.clip(degraded(picture, flaws, np.random.default_rng(0)), 0, 1)
        changes.append(float(np.abs(shown - picture).mean()))
    assert changes[0] == 0
    assert changes == sorted(changes)
    assert changes[-1] > 0.01


def test_flawless_is_left_alone() -> None:
    shown = degraded(_picture(), Flaws(), np.random.default_rng(0))
    np.testing.assert_array_equal(shown, _picture())


def test_blur_keeps_the_mean_and_spreads_a_point() -> None:
    point = np.zeros((41, 41), dtype=np.float32)
    point[20, 20] = 1
    spread = blurred(point, 2.0)
    assert spread.sum() == pytest.approx(1, abs=1e-3)
    x = np.arange(41) - 20
    assert np.sqrt((spread.sum(axis=0) * x**2).sum()) == pytest.approx(2.0, abs=0.08)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (RenderSettings(steps=0), "Steps must lie between 1 and 150, not 0."),
        (RenderSettings(width=100), "Width must be a multiple of 8 px, not 100."),
        (RenderSettings(extra={"eta": 1}), "procedural-studio takes no extra settings, not 'eta'."),
    ],
)
def test_bad_settings_are_refused(settings: RenderSettings, sentence: str) -> None:
    with pytest.raises(GenerationError) as refusal:
        settled(STUDIO, settings)
    assert refusal.value.message == sentence
    assert not refusal.value.retryable
