"""The protocol: scales in exact steps, documents that say what is wrong with them."""

from decimal import Decimal

import pytest

from app.errors import ProtocolRefused, RatingIncomplete, ScoreOutOfScale
from app.study.protocol import Scale, ScaleKind, parse_protocol
from app.study.templates import ACR_5, CONTINUOUS_0_5, quality_and_alignment


@pytest.mark.parametrize("scale", [CONTINUOUS_0_5, ACR_5])
def test_levels_and_scores_are_one_to_one(scale: Scale) -> None:
    scores = [str(scale.score_of(level)) for level in range(scale.level_max + 1)]
    assert [scale.level_of(score) for score in scores] == list(range(scale.level_max + 1))
    assert Decimal(scores[0]) == scale.low
    assert Decimal(scores[-1]) == scale.high


def test_the_two_scales_have_51_and_5_points() -> None:
    assert (CONTINUOUS_0_5.level_max, CONTINUOUS_0_5.decimals) == (50, 1)
    assert (ACR_5.level_max, ACR_5.decimals) == (4, 0)


@pytest.mark.parametrize("typed", ["3.4", "3,4", " 3.40 ", "+3.4", "03.4"])
def test_a_score_is_understood_as_people_type_it(typed: str) -> None:
    assert CONTINUOUS_0_5.level_of(typed) == 34


@pytest.mark.parametrize(
    "typed",
    [
        "5.05",
        "3.45",
        "-1",
        "banana",
        "",
        "NaN",
        "٣",
        "4_",
        "0x10",
        "1e0",
        "1e-999999999",
        "2.0000000000000000000000000001",
        "4.99999999999999999999999999999",
    ],
)
def test_what_is_not_on_the_scale_is_refused_in_a_sentence(typed: str) -> None:
    with pytest.raises(ScoreOutOfScale, match=r"nothing was stored\.$"):
        CONTINUOUS_0_5.level_of(typed)


def test_missing_dimensions_are_named() -> None:
    protocol = quality_and_alignment()
    with pytest.raises(RatingIncomplete, match="alignment"):
        protocol.levels_of({"quality": "1"})


def test_a_document_survives_the_way_through_json() -> None:
    protocol = quality_and_alignment(scale=ACR_5, target_ratings=7)
    assert parse_protocol(protocol.model_dump(mode="json")) == protocol


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"dimensions": []}, "dimensions"),
        ({"target_ratings": 0}, "target_ratings"),
        ({"colour": "red"}, "colour"),
        ({"scale": {"kind": "continuous", "low": 0, "high": 5, "step": "0.3"}}, "scale"),
        ({"scale": {"kind": "acr-5", "low": 1, "high": 5, "step": 1, "words": ["Bad"]}}, "scale"),
        ({"sitting": {"lease_minutes": 0}}, "sitting.lease_minutes"),
    ],
)
def test_each_mistake_is_named_with_its_place(change: dict[str, object], where: str) -> None:
    document = quality_and_alignment().model_dump(mode="json") | change
    with pytest.raises(ProtocolRefused) as refused:
        parse_protocol(document)
    assert refused.value.problems[0].where == where


def test_two_dimensions_of_one_name_or_without_weight_are_refused() -> None:
    document = quality_and_alignment().model_dump(mode="json")
    same = [document["dimensions"][0]] * 2
    weightless = [dimension | {"weight": 0} for dimension in document["dimensions"]]
    for dimensions in (same, weightless):
        with pytest.raises(ProtocolRefused):
            parse_protocol(document | {"dimensions": dimensions})


def test_a_scale_of_many_points_is_refused() -> None:
    with pytest.raises(ValueError, match="1,001"):
        Scale(kind=ScaleKind.CONTINUOUS, low=Decimal(0), high=Decimal(100), step=Decimal("0.01"))
