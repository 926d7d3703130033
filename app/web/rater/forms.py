"""What raters' forms hold, as values; nothing in a form is trusted, only understood."""

import math
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.errors import InvalidInput, PresentationNotFound

SCORE_PREFIX = "score_"

# Measured by the page's script: field, smallest and largest believable value.
ENVIRONMENT_FIELDS = {
    "viewport_width_px": (1, 100_000),
    "viewport_height_px": (1, 100_000),
    "screen_width_px": (1, 100_000),
    "screen_height_px": (1, 100_000),
    "pixel_ratio": (0.05, 20),
    "colour_depth": (1, 64),
    "zoom": (0.05, 20),
}

Form = Mapping[str, Any]


@dataclass(frozen=True)
class Answer:
    """A rating as it arrives: scores as typed, by dimension."""

    presentation_id: uuid.UUID
    scores: dict[str, str]
    revision: int
    dwell_ms: int | None
    shown_px: tuple[int, int] | None


def text_of(form: Form, field: str) -> str:
    """A field's text without surrounding spaces; empty when missing or a file."""
    value = form.get(field)
    return value.strip() if isinstance(value, str) else ""


def parse_answer(form: Form) -> Answer:
    """The rating in this form; raises PresentationNotFound or InvalidInput for a forged one."""
    try:
        presentation_id = uuid.UUID(text_of(form, "presentation"))
    except ValueError:
        raise PresentationNotFound from None
    revision = _whole_number(text_of(form, "revision"))
    if revision is None:
        raise InvalidInput("This form is damaged; please reload the page. Nothing was stored.")
    return Answer(
        presentation_id=presentation_id,
        scores={
            field.removeprefix(SCORE_PREFIX): text_of(form, field)
            for field in form
            if field.startswith(SCORE_PREFIX)
        },
        revision=revision,
        dwell_ms=_whole_number(text_of(form, "dwell_ms")),
        shown_px=_size(form),
    )


def parse_environment(form: Form) -> dict[str, float]:
    """What the script measured of the window; a value that cannot be is left out."""
    found = {}
    for field, (least, most) in ENVIRONMENT_FIELDS.items():
        try:
            value = float(text_of(form, field))
        except ValueError:
            continue
        if math.isfinite(value) and least <= value <= most:
            found[field] = value
    return found


def _size(form: Form) -> tuple[int, int] | None:
    width = _whole_number(text_of(form, "shown_width_px"))
    height = _whole_number(text_of(form, "shown_height_px"))
    return None if width is None or height is None else (width, height)


def _whole_number(text: str) -> int | None:
    """The number, or None when the text is not a whole one of at most nine digits."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None
