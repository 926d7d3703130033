"""What is expected of gold stimuli, as rows of a table."""

import pytest
from factories import make_protocol

from app.errors import InvalidInput
from app.study.expectation import expected_levels
from app.study.protocol import ACR_5


@pytest.mark.parametrize(
    ("expectation", "low", "high"),
    [
        ({"quality": [0, 1]}, (0, 1), (10, 0)),
        ({"quality": [4.5, 5], "alignment": ["4", "4.25"]}, (45, 40), (50, 42)),
        ({"alignment": [-3, 99]}, (1, 0), (0, 50)),
        ({}, (1, 1), (0, 0)),
    ],
)
def test_bounds_become_levels_in_the_order_of_the_protocol(expectation, low, high):
    found = expected_levels(expectation, make_protocol())
    assert (found.low, found.high) == (low, high)


def test_bounds_between_two_scores_leave_those_within():
    protocol = make_protocol().model_copy(update={"scale": ACR_5})
    found = expected_levels({"quality": [3.5, 5], "alignment": [1, 1]}, protocol)
    assert (found.low, found.high) == ((3, 0), (4, 0))


@pytest.mark.parametrize(
    ("expectation", "message"),
    [
        ({"beauty": [1, 2]}, "unknown dimensions: beauty"),
        ({"quality": [2, 1]}, "No score of the scale lies between 2 and 1"),
        ({"quality": [1.01, 1.02]}, "No score of the scale lies between"),
        ({"quality": [6, 7]}, "No score of the scale lies between"),
        ({"quality": 3}, "lowest and highest accepted score"),
        ({"quality": [1]}, "lowest and highest accepted score"),
        ({"quality": ["low", "high"]}, "lowest and highest accepted score"),
        ({"quality": ["NaN", 3]}, "lowest and highest accepted score"),
    ],
)
def test_what_makes_no_sense_is_refused(expectation, message):
    with pytest.raises(InvalidInput, match=message):
        expected_levels(expectation, make_protocol())
