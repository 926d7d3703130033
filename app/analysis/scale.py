"""The scale of a study: equally spaced scores, each with its level."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.analysis.arrays import FloatArray


@dataclass(frozen=True, slots=True)
class Scale:
    """An equally spaced scale: score = low + step * level, level in 0..level_max.

    ACR-5 is ``Scale(low=1, step=1, level_max=4)``; 0 to 5 in tenths is
    ``Scale(low=0, step=0.1, level_max=50)``.
    """

    low: float
    step: float
    level_max: int

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.step) and self.step > 0):
            raise ValueError("A scale needs a finite lowest score and a step above zero.")
        if self.level_max < 1:
            raise ValueError("A scale needs at least two levels.")

    @property
    def high(self) -> float:
        """The highest score."""
        return self.low + self.step * self.level_max

    def scores(self, levels: npt.ArrayLike) -> FloatArray:
        """Scores of levels, or of means of levels; NaN stays NaN."""
        return self.low + self.step * np.asarray(levels, dtype=np.float64)
