"""The observer screening of the VQEG HDTV test: correlation with the MOS below a fixed limit."""

import math
from dataclasses import dataclass
from typing import ClassVar

from app.analysis.matrix import RatingMatrix
from app.analysis.screening.evidence import Evidence, Status, defined
from app.analysis.screening.panel_mean import Yardstick, lowest_at, panel_correlation


@dataclass(frozen=True, slots=True)
class VQEG:
    """Reject raters whose scores correlate with the MOS by less than a fixed limit.

    In words: over the stimuli a rater rated, take Pearson's correlation between the rater's
    scores and the mean scores of the panel; below `threshold` the rater fails [1]_. One pass.

    It is here for comparability. The limit was set for video with visible coding errors, where
    raters agree strongly; of honest raters of generated images it would drop most.

    Parameters
    ----------
    threshold : float
        0.75 in the test plan.
    yardstick : Yardstick
        ``all`` (default) is the mean of all raters, as published; ``others`` leaves the rater out.
    min_stimuli : int
        Below this many shared stimuli the check is not applicable. The test plan has no such
        limit; everyone rated everything there.

    Notes
    -----
    Edge cases:

    - one rater alone, or no stimulus shared with another: not applicable;
    - constant rater, or a panel whose means never differ: no correlation, not applicable;
    - exactly at the limit: passed;
    - bias and compression of the scale do not change the correlation.

    References
    ----------
    .. [1] After Video Quality Experts Group, "Report on the validation of video quality models
       for high definition video content", 2010, annex on post-experiment screening of subjects.
    """

    name: ClassVar[str] = "vqeg"
    version: ClassVar[int] = 1

    threshold: float = 0.75
    yardstick: Yardstick = Yardstick.ALL
    min_stimuli: int = 10

    def evidence(self, matrix: RatingMatrix) -> tuple[Evidence, ...]:
        """Evidence for every rater, dimension by dimension, in the order of the matrix."""
        return tuple(
            self._judge(dimension, rater_id, float(r), int(n))
            for d, dimension in enumerate(matrix.dimensions)
            for found in [panel_correlation(matrix, d, self.yardstick)]
            for rater_id, r, n in zip(matrix.rater_ids, found.pearson, found.stimuli, strict=True)
        )

    def _judge(self, dimension: str, rater_id: str, r: float, n: int) -> Evidence:
        numbers = {"pearson": defined(r), "threshold": self.threshold, "stimuli": n}
        status, reason = self._verdict(r, n)
        return Evidence(self.name, dimension, rater_id, status, reason, numbers)

    def _verdict(self, r: float, n: int) -> tuple[Status, str]:
        if n < self.min_stimuli:
            reason = f"Shares {n} stimuli with other raters; this check needs {self.min_stimuli}."
            return Status.NOT_APPLICABLE, reason
        if math.isnan(r):
            reason = "Nothing to compare: these ratings, or the panel's means, never differ."
            return Status.NOT_APPLICABLE, reason
        seen = f"Correlation {r:.3f} with the mean scores of the panel over {n} stimuli"
        asked = f"this rule always asks for at least {self.threshold:.3f}"
        if r < lowest_at(self.threshold):
            return Status.FAILED, f"{seen}; {asked}, however hard the question is."
        return Status.PASSED, f"{seen}; {asked}."
