"""Which points of a scale have keys, and which."""

from decimal import Decimal

import pytest

from app.study.protocol import ACR_5, CONTINUOUS_0_5, Dimension, Scale, ScaleKind
from app.web.rater.scales import key_scores, lay_out_scale

QUALITY = Dimension(key="quality", label="Quality", question="How good?")


def _continuous(low: str, high: str, step: str) -> Scale:
    return Scale(
        kind=ScaleKind.CONTINUOUS, low=Decimal(low), high=Decimal(high), step=Decimal(step)
    )


@pytest.mark.parametrize(
    ("scale", "scores"),
    [
        (CONTINUOUS_0_5, ["0", "1", "2", "3", "4", "5"]),
        (_continuous("1", "5", "0.1"), ["1", "2", "3", "4", "5"]),
        (_continuous("0", "100", "1"), ["0", "20", "40", "60", "80", "100"]),
        (_continuous("0", "10", "1"), ["0", "2", "4", "6", "8", "10"]),
        (_continuous("-1", "1", "0.5"), ["-1", "-0.5", "0", "0", "0.5", "1"]),
    ],
)
def test_key_scores_are_on_the_scale_from_end_to_end(scale: Scale, scores: list[str]) -> None:
    assert [f"{score.normalize():f}" for score in key_scores(scale)] == scores


def test_digits_serve_the_first_scale_and_the_row_below_the_second() -> None:
    first = lay_out_scale(QUALITY, CONTINUOUS_0_5, row=0)
    second = lay_out_scale(QUALITY, CONTINUOUS_0_5, row=1)
    assert [(p.code, p.cap, p.score) for p in first.points][:2] == [
        ("Digit0", "0", "0"),
        ("Digit1", "1", "1"),
    ]
    assert [p.cap for p in second.points] == ["P", "Q", "W", "E", "R", "T"]


def test_the_five_choices_have_words_and_the_keys_of_their_numbers() -> None:
    layout = lay_out_scale(QUALITY, ACR_5, row=0)
    assert [(p.score, p.word, p.cap) for p in layout.points] == [
        ("1", "Bad", "1"),
        ("2", "Poor", "2"),
        ("3", "Fair", "3"),
        ("4", "Good", "4"),
        ("5", "Excellent", "5"),
    ]
