"""Scores in cells: numbers, words and nothing."""

from decimal import Decimal

import pytest

from app.errors import InvalidInput
from app.results.rating_files.cells import parse_scores


def parsed(*cells, **options):
    numbers = parse_scores(cells, column="score", **options).numbers
    return [None if number is None else float(number) for number in numbers]


def test_numbers_as_people_write_them():
    assert parsed("3", "+4", "2.50", "1e0", ".5", "3,5", "-1") == [3, 4, 2.5, 1, 0.5, 3.5, -1]


def test_numbers_are_exact():
    (number,) = parse_scores(["0.30000000000000004"], column="score").numbers
    assert number == Decimal("0.3")


@pytest.mark.parametrize("cell", ["", "nan", "NaN", "N/A", "null", "None", "-", ".", "#N/A"])
def test_cells_that_hold_nothing(cell):
    assert parsed(cell, "3") == [None, 3]


def test_further_cells_that_hold_nothing():
    assert parsed("99", "x", "3", missing=("99", "X")) == [None, None, 3]


def test_the_words_of_known_scales():
    assert parsed("Bad", "good", "EXCELLENT", "") == [1, 4, 5, None]
    assert parsed("Strongly agree", "disagree") == [5, 2]
    assert "bad = 1" in parse_scores(["bad", "poor"], column="score").notes[0]


def test_words_that_are_given():
    assert parsed("no", "Yes", "maybe", words=("no", "maybe", "yes")) == [1, 3, 2]


def test_a_number_with_its_word():
    assert parsed("5 - Excellent", "4: good", "1 (bad)", "3 Fair") == [5, 4, 1, 3]


@pytest.mark.parametrize("cell", ["soso", "3/5", "1,000.5", "inf", "0x10", "3;4", "١٢"])
def test_anything_else_is_refused(cell):
    with pytest.raises(InvalidInput, match="no scores"):
        parsed(cell, "3")
