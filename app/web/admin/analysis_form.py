"""The form of an analysis: what can be chosen, in words, and what was chosen as a document."""

from typing import Any

from starlette.datastructures import FormData

from app.results.runs.configuration import AnalysisConfiguration
from app.study.protocol import Protocol

# Name of the check, and what its failure means; those that are always made come first.
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
    "controls": (
        "Controls",
        "Misses pictures whose score is known, does not follow hidden instructions, or scores a"
        " picture quite differently the second time. Only in studies with such pictures.",
    ),
    "pace": (
        "Pace",
        "Answers mostly faster than a person can look.",
    ),
    "bt500": (
        "BT.500",
        "The observer screening of ITU-R BT.500, for comparability. It is blind to constant,"
        " reversed and shifted raters.",
    ),
    "p913": (
        "P.913",
        "Takes off how much higher or lower each rater scores than the others, as ITU-T P.913"
        " does, and then screens as BT.500 does.",
    ),
    "bt500-on-z": (
        "BT.500 on z-scores",
        "Puts every rater on one mean and one spread, and then screens as BT.500 does. Some"
        " databases were released that way.",
    ),
    "vqeg": (
        "VQEG",
        "Agrees with the mean scores by less than a fixed 0.75, as in the VQEG HDTV test. Drops"
        " most honest raters of generated pictures.",
    ),
    "bt1788": (
        "BT.1788",
        "Agrees with the mean scores clearly less than the average rater, after ITU-R BT.1788."
        " Drops about every sixth rater of a good panel.",
    ),
}
INTERVALS = {
    "sos-jeffreys": (
        "SOS-calibrated Jeffreys",
        "Stays on the scale, and has no zero width when all agree. For most studies.",
    ),
    "student-t": ("Student t", "The classical interval, from each picture’s own spread."),
    "pooled-t": ("Pooled t", "From the spread over all pictures; steady with few ratings."),
    "bootstrap-raters": (
        "Bootstrap over raters",
        "Draws the raters anew a thousand times. Assumes little, but is too narrow below about"
        " ten ratings for each picture.",
    ),
    "normal": (
        "Normal",
        "Mean ± 1.96 standard errors, as much of the literature has it. Too narrow below about"
        " thirty ratings; for comparison only.",
    ),
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
        "also": [str(name) for name in form.getlist("also")],
        "interval": str(form.get("interval", "")),
        "level": str(form.get("level", "")),
        "weights": weights or None,
    }


def default_document(protocol: Protocol) -> dict[str, Any]:
    """What the form shows first."""
    configuration = AnalysisConfiguration().completed_by(protocol)
    return configuration.model_dump(
        mode="json", include={"rejecting", "also", "interval", "level", "weights"}
    )
