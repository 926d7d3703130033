"""The form of planning: what can be asked for, in words."""

from collections.abc import Mapping
from typing import Any

from app.results.planning.study import Goals, question_labels

QUESTIONS = question_labels()
INTERVALS = {
    "student-t": "Student t",
    "sos-jeffreys": "SOS-calibrated Jeffreys",
    "normal": "Normal (also for pooled t and bootstrap)",
}
# Fields of the form; those in per cent are shares in the goals.
FIELDS = (
    "half_width",
    "reliability",
    "level",
    "interval",
    "question",
    "seconds_each",
    "pay_per_hour",
    "overhead",
)
_PER_CENT = ("overhead",)


def goals_document(typed: Mapping[str, str]) -> dict[str, Any]:
    """What was typed, as a document that is not yet validated; a decimal comma is understood."""
    document: dict[str, Any] = {
        name: value.strip().replace(",", ".") for name, value in typed.items() if value.strip()
    }
    for name in _PER_CENT:
        if name in document:
            document[name] = _share(document[name])
    return document


def typed_of(goals: Goals, half_width: float) -> dict[str, str]:
    """What the form shows for goals; the half-width in use stands in for an absent one."""
    shown = goals.model_dump(mode="json") | {"half_width": half_width}
    texts = {name: _text(shown[name]) for name in FIELDS}
    return texts | {name: _text(100 * shown[name]) for name in _PER_CENT}


def _share(text: str) -> float | str:
    """Per cent as a share; what is no number is left to the validation."""
    try:
        return float(text) / 100
    except ValueError:
        return text


def _text(value: float | str | None) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else f"{value:g}"
