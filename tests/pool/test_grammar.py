"""The grammar reads what it writes, understands loose writing and refuses the rest clearly."""

from contextlib import suppress
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.pool.composition import (
    MAX_COUNT,
    MAX_OBJECTS,
    Background,
    Category,
    Colour,
    Composition,
    GrammarError,
    Group,
    Material,
    Relation,
    Shape,
    Size,
)
from app.pool.grammar import CLASHES, compose, compose_prompts, parse

groups = st.builds(
    Group,
    count=st.integers(1, MAX_COUNT),
    shape=st.sampled_from(Shape),
    colour=st.none() | st.sampled_from(Colour),
    size=st.none() | st.sampled_from(Size),
    material=st.none() | st.sampled_from(Material),
)


@st.composite
def compositions(draw: st.DrawFn) -> Composition:
    """Anything that the grammar can say; what it refuses to hold is drawn again."""
    chosen = draw(st.lists(groups, min_size=1, max_size=4))
    relations = [draw(st.sampled_from(Relation)) for _ in chosen[1:]]
    background = draw(st.none() | st.sampled_from(Background))
    try:
        return Composition(tuple(chosen), tuple(relations), background)
    except GrammarError:
        plain = [Group(1, g.shape, g.colour, g.size, g.material) for g in chosen]
        return Composition(tuple(plain), (Relation.AND,) * len(relations), background)


@given(compositions())
def test_what_is_written_is_read_back(composition: Composition) -> None:
    assert parse(composition.phrase()) == composition
    assert str(composition) == composition.phrase()


@given(compositions(), st.randoms(use_true_random=False))
def test_case_spaces_and_a_full_stop_do_not_matter(
    composition: Composition, random: Random
) -> None:
    letters = [random.choice((c.upper(), c)) for c in composition.phrase().replace(" ", "  ")]
    assert parse(f"  {''.join(letters)}. ") == composition


@given(st.text())
def test_any_text_is_either_read_or_refused(text: str) -> None:
    with suppress(GrammarError):
        assert parse(parse(text).phrase()) == parse(text)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("a red circle above two blue squares", "a red circle above two blue squares"),
        ("An Orange Star", "an orange star"),
        ("1 big blue circle", "a large blue circle"),
        ("a red small striped circle", "a small striped red circle"),
        ("3 crosses next to an heart", "three crosses beside a heart"),
        ("a gray drop to the left of a flower", "a grey drop left of a flower"),
        ("a ring, a star, and a heart", "a ring, a star and a heart"),
        ("a ring and a star and a heart", "a ring, a star and a heart"),
        ("a ring under a star and a heart", "a ring below a star and a heart"),
        ("a tiny ring against a dark backdrop", "a small ring on a dark background"),
        ("a spotted ring on wooden table.", "a dotted ring on a wooden table"),
        ("a star within a frame", "a star inside a frame"),
    ],
)
def test_canonical_english(text: str, canonical: str) -> None:
    assert parse(text).phrase() == canonical


def test_a_relation_binds_its_neighbours() -> None:
    composition = parse("a red circle above a blue square left of a star on a stone floor")
    assert [g.shape for g in composition.groups] == [Shape.CIRCLE, Shape.SQUARE, Shape.STAR]
    assert composition.relations == (Relation.ABOVE, Relation.LEFT_OF)
    assert composition.background is Background.STONE


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "The prompt ends where a group of objects was expected."),
        ("a red", "The prompt ends where a shape was expected."),
        ("a red circle above", "The prompt ends where a group of objects was expected."),
        ("red circle", "A group begins with 'a', 'an' or a number, not with 'red'."),
        ("6 red circles", "Counts go from one to five, not 6."),
        ("a mauve circle", "'mauve' is not a word of the grammar."),
        ("a red blue circle", "A group has one colour, not 'red' and 'blue'."),
        ("two circle", "'circle' should be plural where the count is two."),
        ("a circles", "'circles' should be singular where the count is one."),
        ("a circle near a star", "'near' is not a relation of the grammar."),
        ("a circle on fire", "'fire' is not a background of the grammar."),
        ("five stars and five hearts", "A prompt names up to nine objects, not 10."),
        (
            "a star, a star, a star, a star and a star",
            "A prompt names one to four groups, not 5.",
        ),
        (
            "two stars behind a heart",
            "Only a single object stands behind a single object.",
        ),
        (
            "a star inside a heart",
            "Only a single ring or a single frame can hold something inside.",
        ),
        ("four stars inside a ring", "Up to three objects fit inside, not 4."),
        (
            "a large star inside a ring",
            "Nothing large fits inside, and nothing small holds something.",
        ),
        (
            "a star inside a ring behind a heart",
            "A prompt has one relation in depth at most.",
        ),
    ],
)
def test_what_is_outside_is_refused_in_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(GrammarError) as refusal:
        parse(text)
    assert refusal.value.message == sentence
    assert refusal.value.status == 422


def test_an_error_does_not_repeat_a_long_text() -> None:
    with pytest.raises(GrammarError) as refusal:
        parse("x" * 5000)
    assert len(refusal.value.message) < 120


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("a star", Category.SINGLE_OBJECT),
        ("two stars", Category.COUNTING),
        ("a red star and a blue ring", Category.COLOUR_BINDING),
        ("a star above a ring", Category.SPATIAL_RELATION),
        ("a star above a ring and a heart", Category.COMPLEX),
    ],
)
def test_category(text: str, category: Category) -> None:
    assert parse(text).category is category


@pytest.mark.parametrize("category", Category)
def test_composing_keeps_to_the_category_and_to_what_can_be_seen(category: Category) -> None:
    rng = Random(7)
    for _ in range(60):
        composition = compose(rng, category)
        colours = [group.colour for group in composition.groups]
        assert composition.category is category
        assert len(set(colours)) == len(colours)
        assert composition.object_count <= MAX_OBJECTS
        if composition.background:
            assert CLASHES[composition.background].isdisjoint(colours)


def test_composed_prompts_differ_and_take_turns() -> None:
    prompts = compose_prompts(200, seed=1)
    categories = [parse(prompt).category for prompt in prompts]
    assert len(set(prompts)) == 200
    assert all(categories.count(category) == 40 for category in Category)


def test_every_relation_is_composed() -> None:
    composed = {
        relation for prompt in compose_prompts(300, seed=2) for relation in parse(prompt).relations
    }
    assert composed == set(Relation)


def test_composing_is_seeded() -> None:
    assert compose_prompts(30, seed=3) == compose_prompts(30, seed=3)
    assert compose_prompts(30, seed=3) != compose_prompts(30, seed=4)
    assert compose_prompts(0, seed=3) == []
