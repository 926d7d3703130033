"""The form of an analysis: what can be chosen, in words, and what was chosen as a document."""

from typing import Any

from starlette.datastructures import FormData

from app.results.configuration import AnalysisConfiguration
from app.study.protocol import Protocol

# Name of the check, and what its failure means.
CHECKS = {
    "agreement": (
        "Agreement",
        "Agrees much less with the other raters than is usual in this panel: finds people who"
        " answer at random or the wrong way round.",
    ),
    "variation": (
        "Variation",
        "Hardly uses the scale: always the same score, or long runs of it.",
    ),
    "pace": (
        "Pace",
        "Answers mostly faster than a person can look. Shown by default, and not rejecting,"
        " because a slow connection can be mistaken for looking.",
    ),
    "bt500": (
        "BT.500",
        "The observer screening of ITU-R BT.500, for comparability. It is blind to constant,"
        " reversed and shifted raters.",
    ),
}
INTERVALS = {
    "sos-jeffreys": (
        "SOS-calibrated Jeffreys",
        "Stays on the scale, and has no zero width when all agree. For most studies.",
    ),
    "student-t": ("Student t", "The classical interval, from each picture’s own spread."),
    "pooled-t": ("Pooled t", "From the spread over all pictures; steady with few ratings."),
}
LEVELS = ("0.9", "0.95", "0.99")


def configuration_document(form: FormData) -> dict[str, Any]:
    """What was chosen, not yet validated; weights that were left empty are the protocol's."""
    weights = {
        name.removeprefix("weight."): str(value).strip()
        for name, value in form.items()
        if name.startswith("weight.") and str(value).strip()
    }
    return {
        "rejecting": [str(name) for name in form.getlist("rejecting")],
        "interval": str(form.get("interval", "")),
        "level": str(form.get("level", "")),
        "weights": weights or None,
    }


def default_document(protocol: Protocol) -> dict[str, Any]:
    """What the form shows first."""
    configuration = AnalysisConfiguration().completed_by(protocol)
    return configuration.model_dump(
        mode="json", include={"rejecting", "interval", "level", "weights"}
    )
