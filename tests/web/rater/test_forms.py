"""Raters' forms as values."""

import uuid

import pytest

from app.errors import InvalidInput, PresentationNotFound
from app.web.rater.forms import parse_answer, parse_environment

PRESENTATION = uuid.UUID(int=5)


def test_a_form_becomes_an_answer() -> None:
    answer = parse_answer(
        {
            "presentation": str(PRESENTATION),
            "revision": "2",
            "score_quality": " 3.4 ",
            "score_alignment": "",
            "dwell_ms": "900",
            "shown_width_px": "640",
            "shown_height_px": "480",
        }
    )
    assert answer.presentation_id == PRESENTATION
    assert answer.scores == {"quality": "3.4", "alignment": ""}
    assert (answer.revision, answer.dwell_ms, answer.shown_px) == (2, 900, (640, 480))


@pytest.mark.parametrize("text", ["", "-1", "1.5", "banana", "9" * 12, "²"])
def test_a_measurement_that_cannot_be_is_none(text: str) -> None:
    form = {"presentation": str(PRESENTATION), "revision": "1", "dwell_ms": text}
    answer = parse_answer(form | {"shown_width_px": "640", "shown_height_px": text})
    assert (answer.dwell_ms, answer.shown_px) == (None, None)


def test_a_form_without_a_presentation_is_refused() -> None:
    with pytest.raises(PresentationNotFound):
        parse_answer({"revision": "1"})


def test_a_form_without_a_revision_is_refused() -> None:
    with pytest.raises(InvalidInput):
        parse_answer({"presentation": str(PRESENTATION)})


def test_an_environment_keeps_what_is_believable() -> None:
    form = {"pixel_ratio": "2", "zoom": "inf", "colour_depth": "24", "viewport_width_px": "0"}
    assert parse_environment(form) == {"pixel_ratio": 2.0, "colour_depth": 24.0}
