"""A composition read without mistakes is laid out as it says, whatever the picture's shape."""

from dataclasses import replace
from itertools import product
from random import Random

import numpy as np
import pytest

from app.pool.composition import Background, Colour, Composition, Group, Relation, Shape, Size
from app.pool.grammar import compose, parse
from worker.generators.procedural.geometry import relation_holds
from worker.generators.procedural.judgement import alignment_of
from worker.generators.procedural.layout import laid_out
from worker.generators.procedural.misreading import ErrorRates, read
from worker.generators.procedural.scene import Look, PlacedObject, Scene

SIZES = ((512, 512), (768, 512), (512, 768), (256, 256), (768, 320), (320, 768))


def _scene(
    composition: Composition,
    seed: int,
    size: tuple[int, int] = (512, 512),
    rates: ErrorRates = ErrorRates(),
) -> Scene:
    reading = read(composition, rates, np.random.default_rng([seed, 1]))
    return laid_out(reading, *size, np.random.default_rng([seed, 2]))


def _placed(x: float, y: float, depth: int = 0, radius: float = 10) -> PlacedObject:
    look = Look(Shape.CIRCLE, Colour.RED, None, None)
    return PlacedObject(0, look, x, y, radius, depth=depth)


@pytest.mark.parametrize("size", SIZES)
def test_faultless_reading_shows_everything(size: tuple[int, int]) -> None:
    rng = Random(str(size))
    for seed in range(60):
        composition = compose(rng)
        scene = _scene(composition, seed, size)
        assert alignment_of(scene, composition).faults == (), composition
        for item in scene.objects:
            assert item.left >= 0
            assert item.top >= 0
            assert item.right <= size[0]
            assert item.bottom <= size[1]


def test_nothing_is_too_small_to_see() -> None:
    rng = Random(1)
    for seed in range(60):
        assert min(item.radius for item in _scene(compose(rng), seed).objects) > 12


def test_every_pair_of_shapes_can_stand_in_front() -> None:
    for seed, (ours, theirs, size) in enumerate(product(Shape, Shape, (None, Size.LARGE))):
        front, back = Group(1, ours, Colour.RED), Group(1, theirs, Colour.BLUE, size)
        composition = Composition((front, back), (Relation.IN_FRONT_OF,))
        assert alignment_of(_scene(composition, seed), composition).loss == 0, composition


def test_unrelated_objects_do_not_touch() -> None:
    rng = Random(2)
    for seed in range(60):
        composition = compose(rng)
        if {Relation.IN_FRONT_OF, Relation.BEHIND, Relation.INSIDE} & set(composition.relations):
            continue
        items = _scene(composition, seed).objects
        for place, one in enumerate(items):
            for other in items[place + 1 :]:
                apart = np.hypot(one.x - other.x, one.y - other.y)
                assert apart > 0.98 * (one.radius + other.radius), composition


def test_sizes_are_visible() -> None:
    scene = _scene(parse("a small star beside a heart above a large ring"), 3)
    small, middle, large = (item.radius for item in scene.objects)
    assert small < 0.7 * middle < 0.7 * 0.7 * large


def test_forgotten_objects_leave_the_others_where_they_were() -> None:
    composition = parse("two red circles above three blue squares")
    whole = _scene(composition, 5)
    partial = _scene(composition, 5, rates=ErrorRates(absent=0.5))
    assert 0 < len(partial.objects) < len(whole.objects)
    assert set(partial.objects) <= set(whole.objects)


@pytest.mark.parametrize("relation", [r for r in Relation if r is not Relation.AND])
def test_a_misread_relation_does_not_hold(relation: Relation) -> None:
    groups = (Group(1, Shape.STAR, Colour.RED), Group(1, Shape.RING, Colour.BLUE))
    composition = Composition(groups, (relation,))
    for seed in range(5):
        scene = _scene(composition, seed, rates=ErrorRates(misplaced=1))
        assert len(alignment_of(scene, composition).faults) == 1


@pytest.mark.parametrize(
    ("relation", "x", "y", "depth", "holds"),
    [
        (Relation.ABOVE, 0, -20, 0, True),
        (Relation.ABOVE, 0, -15, 0, False),  # the boxes overlap
        (Relation.ABOVE, 0, 20, 0, False),
        (Relation.BELOW, 0, 20, 0, True),
        (Relation.LEFT_OF, -20, 0, 0, True),
        (Relation.RIGHT_OF, 20, 5, 0, True),
        (Relation.RIGHT_OF, -20, 0, 0, False),
        (Relation.BESIDE, 20, 8, 0, True),
        (Relation.BESIDE, 20, 40, 0, False),
        (Relation.IN_FRONT_OF, 10, 4, 1, True),
        (Relation.IN_FRONT_OF, 10, 4, -1, False),
        (Relation.IN_FRONT_OF, 30, 4, 1, False),  # hides nothing
        (Relation.IN_FRONT_OF, 0, 0, 1, False),  # hides everything
        (Relation.BEHIND, 10, 4, -1, True),
        (Relation.INSIDE, 0, 0, 1, False),  # a circle has no hole
        (Relation.AND, 90, 90, 0, True),
    ],
)
def test_relation_holds(relation: Relation, x: float, y: float, depth: int, holds: bool) -> None:
    assert relation_holds(relation, [_placed(x, y, depth)], [_placed(0, 0)]) is holds


def test_no_relation_holds_to_nothing() -> None:
    assert not any(relation_holds(r, [], [_placed(0, 0)]) for r in Relation)


def test_inside_asks_for_room() -> None:
    holder = replace(_placed(0, 0, radius=40), look=Look(Shape.RING, Colour.RED, None, None))
    assert relation_holds(Relation.INSIDE, [_placed(5, 5)], [holder])
    assert not relation_holds(Relation.INSIDE, [_placed(20, 5)], [holder])


def test_the_background_asked_for_is_drawn() -> None:
    assert _scene(parse("a star on a wooden table"), 1).background is Background.WOOD
