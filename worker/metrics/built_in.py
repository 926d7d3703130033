"""Metrics that need no weights and no further library."""

from collections.abc import Callable, Mapping
from typing import Any

from worker.metrics.base import MetricUnavailable, Pixels, Predictor
from worker.metrics.piqe import METHOD, piqe

FORMULAS: Mapping[str, tuple[str, Callable[[Pixels], float]]] = {"piqe": (METHOD, piqe)}


class BuiltInMetric:
    """A formula of our own; its version changes when its numbers would."""

    def __init__(self, key: str) -> None:
        method, self._formula = FORMULAS[key]
        self.version = f"beholder {method}"
        self.settings: Mapping[str, Any] = {}

    def predict(self, picture: Pixels, prompt: str) -> float:
        """The formula's value; the prompt plays no part."""
        return self._formula(picture)


def open_built_in(key: str) -> Predictor:
    """The built-in metric of this key; raises MetricUnavailable."""
    if key not in FORMULAS:
        raise MetricUnavailable("Beholder does not contain this metric.")
    return BuiltInMetric(key)
