"""Version and settings of imported metrics: what can be stored, and sentences for the rest."""

import pytest

from app.errors import InvalidInput
from app.pool.metric_options import check_settings, parse_names, parse_settings, parse_version


def test_settings_are_a_json_object_or_nothing() -> None:
    assert parse_settings(' {"weights": "koniq10k", "crop": 224} ') == {
        "weights": "koniq10k",
        "crop": 224,
    }
    assert parse_settings("  ") == {}


@pytest.mark.parametrize(
    "text",
    [
        *("[]", "1", "{", '{"a": NaN}', "[" * 100_000),
        *(r'{"a": "\u0000"}', r'{"a": "\ud800"}', '{"a": "' + "x" * 1000 + '"}'),
    ],
)
def test_what_cannot_be_stored_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_settings(text)
    assert refused.value.problems[0].where == "settings"


def test_settings_that_came_as_a_document_are_checked_alike() -> None:
    assert check_settings({"a": [1, 2]}) == {"a": [1, 2]}
    with pytest.raises(InvalidInput):
        check_settings({"a": float("nan")})


@pytest.mark.parametrize("text", ["x" * 101, "a\0b", "\ud800"])
def test_a_version_is_a_short_text(text: str) -> None:
    assert parse_version("  1.0   beta ") == "1.0 beta"
    with pytest.raises(InvalidInput):
        parse_version(text)


def test_names_stand_on_lines_or_between_commas() -> None:
    assert parse_names("NIQE, my metric\r\n\nPIQE,") == ("NIQE", "my metric", "PIQE")
    assert parse_names("") == ()
