"""The second half of an analysis' form: methods of estimation, and parts of the report."""

from typing import Any

from starlette.datastructures import FormData

from app.results.runs.configuration import AnalysisConfiguration
from app.results.runs.estimates import METHOD_WORDS

METHODS = METHOD_WORDS
PARTS = {
    "reliability": (
        "Reliability",
        "How far the raters agree, and how far another panel would give the same scores.",
    ),
    "sensitivity": (
        "Sensitivity",
        "What another method, or leaving out one rater, would change.",
    ),
    "factors": (
        "Factors",
        "What generators, settings and prompts have to do with the scores.",
    ),
}


def parts_document(form: FormData) -> dict[str, Any]:
    """What was chosen, not yet validated."""
    return {name: [str(chosen) for chosen in form.getlist(name)] for name in ("estimates", "parts")}


def default_parts() -> dict[str, Any]:
    """What the form shows first: everything."""
    return AnalysisConfiguration().model_dump(mode="json", include={"estimates", "parts"})
