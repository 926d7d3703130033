"""The document of a plan: what it may say, and where a mistake is."""

import pytest

from app.errors import PlanRefused
from app.pool.plan_document import read_plan, validate_plan

TOML = """
name = "first"
seed = 7
images_per_prompt = 2

[prompts]
source = "PartiPrompts.tsv"
count = 30

[[generators]]
name = "procedural-atelier"
weight = 2

[[generators]]
name = "procedural-draft"

[settings]
steps = [{ factor = 1, weight = 3 }, 0.25]
aspect = ["native", { ratio = "3:2", weight = 0.5 }]
"""
MINIMAL = {"name": "x", "seed": 1, "prompts": {"all": True}, "generators": ["a", "b"]}


def test_toml_and_json_say_the_same() -> None:
    plan = read_plan(TOML, file_name="plan.toml")
    assert [factor.factor for factor in plan.settings.steps] == [1, 0.25]
    assert [share.weight for share in plan.generators] == [2, None]
    assert read_plan(plan.model_dump_json(), file_name="plan.json") == plan


def test_without_a_number_every_prompt_gets_every_generator() -> None:
    assert validate_plan(MINIMAL).pictures_per_prompt == 2
    counted = {**MINIMAL, "generators": [{"name": "a", "count": 3}, {"name": "b", "count": 1}]}
    assert validate_plan(counted).pictures_per_prompt == 4


@pytest.mark.parametrize(
    ("change", "where", "sentence"),
    [
        ({"name": ""}, "name", "match pattern"),
        ({"name": "a\nb"}, "name", "match pattern"),
        ({"seed": -1}, "seed", "greater than or equal to 0"),
        ({"sede": 1}, "sede", "not permitted"),
        ({"prompts": {}}, "prompts", "in one way"),
        ({"prompts": {"all": True, "ids": [1]}}, "prompts", "in one way"),
        ({"prompts": {"texts": ["  "]}}, "prompts", "The prompt is empty."),
        ({"prompts": {"all": True, "count": 0}}, "prompts.count", "greater than"),
        ({"generators": []}, "generators", "at least 1"),
        ({"generators": ["a", "a"]}, "plan", "named twice"),
        ({"generators": [{"name": "a", "weight": 0}]}, "generators.0.weight", "greater than 0"),
        ({"generators": [{"name": "a", "count": 1}, "b"]}, "plan", "every generator a count"),
        (
            {"generators": [{"name": "a", "count": 1}], "images_per_prompt": 2},
            "plan",
            "leave it out",
        ),
        ({"settings": {"steps": []}}, "settings.steps", "at least 1"),
        ({"settings": {"guidance": [float("inf")]}}, "settings.guidance.0.factor", "finite"),
        ({"settings": {"aspect": ["0:1"]}}, "settings.aspect.0.ratio", "match pattern"),
    ],
)
def test_a_mistake_is_named_with_its_place(
    change: dict[str, object], where: str, sentence: str
) -> None:
    with pytest.raises(PlanRefused) as refused:
        validate_plan({**MINIMAL, **change})
    assert refused.value.problems[0].where == where
    assert sentence in refused.value.problems[0].sentence


@pytest.mark.parametrize(
    ("content", "name"),
    [(b"name = ", "x.toml"), (b"{", "x.json"), (b"\xff", "x.toml"), (b"[" * 10_000, "x.json")],
)
def test_a_file_that_cannot_be_read_is_refused(content: bytes, name: str) -> None:
    with pytest.raises(PlanRefused, match=r"cannot be read|UTF-8"):
        read_plan(content, file_name=name)
