"""Drawing a plan's pictures: the same for the same seed, fair to generators, in chunks."""

from collections import Counter
from typing import Any

import pytest

from app.errors import PlanRefused
from app.pool.catalogue import load_catalogue
from app.pool.plan_document import PlanDocument, validate_plan
from app.pool.plan_draw import CHUNK_SIZE, PlannedItem, deal_generators, draw_items, draw_prompts

ATELIER, DRAFT, SKETCH = "procedural-atelier", "procedural-draft", "procedural-sketch"
CATALOGUE = load_catalogue()


def make_plan(**change: Any) -> PlanDocument:
    plan = {"name": "x", "seed": 1, "prompts": {"all": True}, "generators": [ATELIER, DRAFT]}
    return validate_plan({**plan, **change})


def draw(prompt_count: int = 20, /, **change: Any) -> list[PlannedItem]:
    return draw_items(make_plan(**change), prompt_count, CATALOGUE)


def test_the_same_seed_draws_the_same_and_another_does_not() -> None:
    settings = {"steps": [1, 0.5], "guidance": [1, 2]}
    assert draw(settings=settings) == draw(settings=settings)
    assert draw(settings=settings) != draw(settings=settings, seed=2)


def test_one_more_setting_does_not_change_prompts_generators_or_seeds() -> None:
    def drawn(**change: Any) -> set[tuple[int, str, int]]:
        items = draw(50, prompts={"all": True, "count": 10}, **change)
        return {(item.prompt, item.condition.generator, item.seed) for item in items}

    assert drawn() == drawn(settings={"steps": [1, 0.5], "resolution": [1, 0.5]})


def test_with_equal_weights_every_prompt_gets_every_generator_once() -> None:
    dealt = deal_generators(make_plan(generators=[ATELIER, DRAFT, SKETCH]), 30)
    assert all(sorted(names) == sorted([ATELIER, DRAFT, SKETCH]) for names in dealt)


@pytest.mark.parametrize(
    ("change", "prompts", "expected"),
    [
        ({"generators": [{"name": ATELIER, "weight": 3}, DRAFT], "images_per_prompt": 1}, 40,
         {ATELIER: 30, DRAFT: 10}),
        ({"generators": [{"name": ATELIER, "count": 3}, {"name": DRAFT, "count": 1}]}, 10,
         {ATELIER: 30, DRAFT: 10}),
        ({"images_per_prompt": 3}, 7, {ATELIER: 11, DRAFT: 10}),
    ],
)  # fmt: skip
def test_generators_get_their_share_within_one(
    change: dict[str, Any], prompts: int, expected: dict[str, int]
) -> None:
    found = Counter(item.condition.generator for item in draw(prompts, **change))
    assert all(abs(found[name] - number) <= 1 for name, number in expected.items())
    assert sum(found.values()) == sum(expected.values())


def test_prompts_are_sampled_without_repetition() -> None:
    plan = make_plan(prompts={"all": True, "count": 10})
    chosen = draw_prompts(plan, 1000)
    assert len(set(chosen)) == 10
    assert chosen != list(range(10))


def test_settings_are_drawn_by_weight_and_relative_to_the_default() -> None:
    items = draw(
        400,
        generators=[ATELIER],
        settings={
            "steps": [{"factor": 1, "weight": 3}, 0.25],
            "guidance": [1, 0.5],
            "resolution": [0.5],
            "aspect": ["3:2"],
        },
    )
    steps = Counter(item.condition.steps for item in items)
    assert set(steps) == {40, 10}
    assert 70 <= steps[10] <= 130
    assert {item.condition.guidance for item in items} == {5.0, 2.5}
    assert {(item.condition.width, item.condition.height) for item in items} == {(312, 208)}
    assert {item.condition.revision for item in items} == {CATALOGUE[ATELIER].revision}


def test_a_chunk_has_one_generator_and_shape_and_at_most_eight_pictures() -> None:
    items = draw(50, settings={"resolution": [1, 0.5], "steps": [1, 2]})
    assert [item.position for item in items] == list(range(len(items)))
    chunks: dict[int, list[PlannedItem]] = {}
    for item in items:
        chunks.setdefault(item.chunk, []).append(item)
    assert list(chunks) == list(range(len(chunks)))
    for part in chunks.values():
        assert len(part) <= CHUNK_SIZE
        assert len({(i.condition.generator, i.condition.width) for i in part}) == 1
    assert len(chunks) <= 4 + len(items) // CHUNK_SIZE
    generators = [part[0].condition.generator for part in chunks.values()]
    assert generators == sorted(generators, key=[ATELIER, DRAFT].index)


def test_no_two_pictures_share_a_seed() -> None:
    items = draw(2000)
    assert len({item.seed for item in items}) == len(items)


@pytest.mark.parametrize(
    ("change", "prompts", "sentence"),
    [
        ({}, 0, "selection of prompts is empty"),
        ({"prompts": {"all": True, "count": 30}}, 20, "wants 30 prompts, but its selection has 20"),
        ({"images_per_prompt": 1000}, 300, "more than 200,000 pictures"),
        ({"generators": ["midjourney"]}, 5, "cannot be carried out"),
        ({"settings": {"steps": [100]}}, 5, "refused by their generator"),
        ({"settings": {"guidance": [50]}}, 5, "refused by their generator"),
        ({"settings": {"resolution": [0.01]}}, 5, "refused by their generator"),
        ({"settings": {"steps": [0]}}, 5, "refused by their generator"),
    ],
)
def test_a_plan_that_cannot_be_carried_out_is_refused(
    change: dict[str, Any], prompts: int, sentence: str
) -> None:
    with pytest.raises(PlanRefused, match=sentence):
        draw(prompts, **change)


def test_a_refusal_says_what_the_generator_accepts() -> None:
    with pytest.raises(PlanRefused) as refused:
        draw(settings={"steps": [100]})
    (first, *_) = refused.value.problems
    assert str(first) == f"generator {ATELIER}: Steps must lie between 1 and 150, not 4000."
