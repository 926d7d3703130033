"""What a metric that can be computed looks like, and the two ways in which it can fail."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]


class MetricUnavailable(Exception):
    """This metric cannot be computed on this machine; carries the sentence that says why."""


class PictureUnscorable(Exception):
    """This picture has no score by this metric; carries the sentence that says why."""


class Predictor(Protocol):
    """A metric, ready to judge pictures.

    ``version`` and ``settings`` are stored with what it predicts: together they say how to get the
    same numbers again.
    """

    version: str
    settings: Mapping[str, Any]

    def predict(self, picture: Pixels, prompt: str) -> float:
        """The prediction for a picture of shape (height, width, 3); raises PictureUnscorable."""
