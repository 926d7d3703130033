"""The true alignment loss: 0 exactly for what was asked for, and growing with every fault."""

from random import Random

import numpy as np
import pytest

from app.pool.grammar import compose, parse
from worker.generators.procedural.judgement import Alignment, alignment_of
from worker.generators.procedural.layout import laid_out
from worker.generators.procedural.misreading import ErrorRates, read

PROMPT = "two small glossy red circles above a large blue square on a dark background"


def _judged(rates: ErrorRates, seed: int = 0, prompt: str = PROMPT) -> Alignment:
    composition = parse(prompt)
    reading = read(composition, rates, np.random.default_rng([seed, 1]))
    return alignment_of(laid_out(reading, 512, 512, np.random.default_rng(seed)), composition)


@pytest.mark.parametrize(
    ("rates", "fault"),
    [
        (ErrorRates(recoloured=1), "Two small glossy red circles: the colour of two is"),
        (ErrorRates(reshaped=1), "A large blue square: the shape is"),
        (ErrorRates(extra=1), "A large blue square is asked for, two drawn."),
        (ErrorRates(resized=1), "A large blue square: the size is small instead of large."),
        (ErrorRates(remade=1), "Two small glossy red circles: the material of two is"),
        (
            ErrorRates(misplaced=1),
            "Two small glossy red circles are not above a large blue square.",
        ),
        (ErrorRates(background=1), "instead of a dark background."),
        (ErrorRates(absent=1), "Two small glossy red circles are asked for, none drawn."),
    ],
)
def test_every_mistake_is_a_fault(rates: ErrorRates, fault: str) -> None:
    alignment = _judged(rates)
    assert 0 < alignment.loss <= 1
    assert any(fault in sentence for sentence in alignment.faults), alignment.faults
    assert all(sentence.endswith(".") for sentence in alignment.faults)


def test_no_mistake_no_loss() -> None:
    assert _judged(ErrorRates()) == Alignment(0.0, ())


def test_an_empty_picture_shows_nothing_of_the_prompt() -> None:
    assert _judged(ErrorRates(absent=1), prompt="a red star above a ring").loss == 1


def test_loss_is_zero_exactly_when_nothing_was_changed() -> None:
    rng, rates = Random(3), ErrorRates(absent=0.1, recoloured=0.1, misplaced=0.2, background=0.1)
    unchanged = 0
    for seed in range(150):
        composition = compose(rng)
        as_asked = read(composition, ErrorRates(), np.random.default_rng(seed))
        as_read = read(composition, rates, np.random.default_rng(seed))
        scene = laid_out(as_read, 512, 512, np.random.default_rng(seed))
        is_same = (as_read.groups, as_read.relations) == (as_asked.groups, as_asked.relations)
        if composition.background:
            is_same = is_same and as_read.background is composition.background
        assert (alignment_of(scene, composition).loss == 0) == is_same, composition
        unchanged += is_same
    assert 20 < unchanged < 130


def test_a_higher_rate_keeps_the_mistakes_of_a_lower_one() -> None:
    for seed in range(20):
        losses = [_judged(ErrorRates(recoloured=r), seed).loss for r in (0, 0.3, 0.6, 1)]
        assert losses == sorted(losses)


def test_more_missing_objects_cost_more() -> None:
    losses = [
        np.mean([_judged(ErrorRates(absent=rate), seed).loss for seed in range(30)])
        for rate in (0.0, 0.2, 0.5, 0.9)
    ]
    assert losses == sorted(losses)
    assert losses[-1] > 0.8


def test_mistakes_in_what_was_not_asked_for_are_free() -> None:
    rates = ErrorRates(recoloured=1, resized=1, remade=1, background=1)
    assert _judged(rates, prompt="two stars beside a ring").loss == 0
