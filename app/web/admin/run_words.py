"""What a run is at and what it was asked for, in words."""

from typing import Any

from app.results.runs.configuration import AnalysisConfiguration
from app.results.runs.configuration_words import configuration_words
from app.results.runs.progress import STEP_WORDS, Step
from app.study.protocol import Protocol

WAITING = "Waiting for its turn"


def step_words(progress: dict[str, Any]) -> dict[str, Any]:
    """What a run is at: a sentence, steps behind it, and steps in all (0 while it waits)."""
    step = progress.get("step")
    return {
        "words": STEP_WORDS[Step(step)] if step else WAITING,
        "done": progress.get("done", 0),
        "of": progress.get("of", 0),
    }


def labels_of(protocol: Protocol) -> dict[str, str]:
    """What people call the dimensions, and the score that stands for all of them."""
    return {dimension.key: dimension.label for dimension in protocol.dimensions} | {
        "overall": "Overall"
    }


def run_words(configuration: dict[str, Any], labels: dict[str, str]) -> dict[str, str]:
    """What a stored configuration chose, by heading."""
    return configuration_words(AnalysisConfiguration.model_validate(configuration), labels)
