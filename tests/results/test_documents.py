"""Documents: what JSON can hold, and nothing it cannot."""

import json
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pytest
from pydantic import BaseModel

from app.results.documents import document_of


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Inner:
    values: np.ndarray


@dataclass(frozen=True)
class Outer:
    inner: Inner
    colour: Colour
    names: tuple[str, ...]
    table: dict[int, float]


class Model(BaseModel):
    number: float


def test_a_dataclass_becomes_an_object_by_field():
    outer = Outer(Inner(np.array([[1.5, np.nan], [np.inf, 2.0]])), Colour.RED, ("a",), {1: 0.5})
    assert document_of(outer) == {
        "inner": {"values": [[1.5, None], [None, 2.0]]},
        "colour": "red",
        "names": ["a"],
        "table": {"1": 0.5},
    }


@pytest.mark.parametrize(
    ("value", "document"),
    [
        (np.float64("nan"), None),
        (float("-inf"), None),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.array([], dtype=float), []),
        (np.array([1, 2]), [1, 2]),
        (np.array(["b", "a"]), ["b", "a"]),
        ({"b", "a"}, ["a", "b"]),
        (Model(number=2.0), {"number": 2.0}),
        (None, None),
    ],
)
def test_single_values(value, document):
    assert document_of(value) == document
    json.dumps(document_of(value), allow_nan=False)


def test_numbers_keep_their_last_bit():
    values = np.random.default_rng(1).normal(size=50)
    read = json.loads(json.dumps(document_of(values)))
    assert [number.hex() for number in read] == [float(number).hex() for number in values]


def test_what_has_no_form_is_refused():
    with pytest.raises(TypeError, match="object has no form"):
        document_of([object()])
