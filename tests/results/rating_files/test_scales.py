"""Scales: given, assumed, rounded, refused."""

from decimal import Decimal

import pytest

from app.errors import InvalidInput
from app.results.rating_files.scales import assumed_scale, parse_scale


def assumed(*numbers):
    return assumed_scale([Decimal(str(number)) for number in numbers], column="score")


@pytest.mark.parametrize(
    ("text", "ends"), [("1:5", (1, 5, 1)), ("0:5:0.1", (0, 5, 0.1)), ("-3:3:0.5", (-3, 3, 0.5))]
)
def test_a_scale_is_written_with_colons(text, ends):
    scale = parse_scale(text)
    assert (float(scale.low), float(scale.high), float(scale.step)) == ends
    assert scale.is_given


@pytest.mark.parametrize(
    "text", ["", "5", "1-5", "a:b", "5:1", "1:5:0", "1:5:-1", "1:5:3", "1:2:3:4", "0:nan", "0:1e9"]
)
def test_what_is_no_scale_is_refused(text):
    with pytest.raises(InvalidInput):
        parse_scale(text)


@pytest.mark.parametrize(
    ("numbers", "text", "warns"),
    [
        ((1, 2, 3, 4, 5), "1:5:1", False),
        ((2, 3, 4, 5), "1:5:1", True),
        ((2, 3), "1:5:1", True),
        ((1, 2, 3, 4), "1:4:1", True),
        ((0, 1), "0:1:1", False),
        ((1, 2, 3, 5, 7), "1:7:1", False),
        ((0, 3, 10), "0:10:1", False),
        ((-2, 0, 1, 2), "-2:2:1", False),
        ((1, 1.5, 4, 5), "1:5:0.5", False),
        ((0, 1.3, 5), "0:5:0.1", False),
        ((0.2, 1.3, 4.7), "0:5:0.1", True),
        ((0, 10, 50, 100), "0:100:10", False),
        ((3, 17, 44, 96), "0:100:1", True),
        ((20, 30, 50, 90), "0:100:10", True),
        ((3,), "1:5:1", True),
        ((0.05, 0.4, 0.93), "0:1:0.01", True),
        ((12, 13, 40, 41), "12:41:1", False),
    ],
)
def test_the_scale_that_scores_suggest(numbers, text, warns):
    scale = assumed(*numbers)
    assert scale.text == text
    assert bool(scale.warnings) == warns
    assert scale.notes
    levels = scale.levels_of([Decimal(str(number)) for number in numbers], column="score")
    assert list(scale.as_analysed().scores(levels)) == pytest.approx(numbers, abs=1e-9)


def test_a_slider_is_rounded_to_a_thousand_levels_and_it_is_said():
    scale = assumed(0.123456789, 12.3, 55.55555, 99.87654321)
    assert scale.text == "0:100:0.1"
    assert "rounded to steps of 0.1, which moves no score by more than 0.05" in scale.warnings[-1]
    assert scale.levels_of([Decimal("12.34"), None], column="score").tolist() == [123, -1]


@pytest.mark.parametrize("stray", [99, -1, -9, 999])
def test_a_code_for_no_answer_is_not_taken_for_a_score(stray):
    with pytest.raises(InvalidInput, match=f"--missing {stray}"):
        assumed(1, 2, 3, 4, 5, stray)


def test_a_score_off_the_scale_is_refused_by_name():
    with pytest.raises(InvalidInput, match=r"quality has scores .* 1:5:1: 0, 2.5, 6"):
        parse_scale("1:5").levels_of([Decimal(x) for x in ("0", "2.5", "6", "3")], column="quality")
