"""The observer screening of Recommendation ITU-R BT.1788: correlation below a relative limit."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from app.analysis.matrix import FloatArray, RatingMatrix
from app.analysis.screening.evidence import Evidence, Status, defined
from app.analysis.screening.panel_mean import Yardstick, lowest_at, panel_correlation


@dataclass(frozen=True, slots=True)
class BT1788:
    """Reject raters whose correlation with the MOS lies more than one deviation below the mean.

    In words: over the stimuli a rater rated, take Pearson's and Spearman's correlation between
    the rater's scores and the mean scores of the panel; the lower is r. The limit is
    mean(r) - sd(r) over the raters, but never above `ceiling`. Below it a rater fails [1]_. One
    pass. It is here for comparability: see `agreement` for what is wrong with this rule.

    Parameters
    ----------
    ceiling : float
        0.70 where one picture is shown and scored at a time; the Recommendation has 0.85 for
        methods in which raters compare with a reference.
    yardstick : Yardstick
        ``all`` (default) is the mean of all raters, as published; ``others`` leaves the rater out.
    min_stimuli : int
        Below this many shared stimuli the check is not applicable, and the rater's r does not
        take part in the limit.

    Notes
    -----
    Departures from the Recommendation, which gives no edge cases: sd has the divisor I - 1;
    exactly at the limit passes (of two raters, who have the same r, both would fail otherwise);
    stimuli that nobody else rated are left out; `min_stimuli`.

    Edge cases:

    - one rater alone, or no stimulus shared with another: not applicable;
    - constant rater, or a panel whose means never differ: no correlation, not applicable;
    - only one rater with a correlation: sd is 0, passed;
    - in a panel without any bad rater about every sixth fails if agreement is moderate, because
      one sixth of any bell curve lies below; a few bad raters widen sd until the next are missed.

    References
    ----------
    .. [1] After Recommendation ITU-R BT.1788, annex on the rejection of observers.
    """

    name: ClassVar[str] = "bt1788"
    version: ClassVar[int] = 1

    ceiling: float = 0.70
    yardstick: Yardstick = Yardstick.ALL
    min_stimuli: int = 10

    def evidence(self, matrix: RatingMatrix) -> tuple[Evidence, ...]:
        """Evidence for every rater, dimension by dimension, in the order of the matrix."""
        return tuple(
            item
            for d, dimension in enumerate(matrix.dimensions)
            for item in self._of_dimension(matrix, d, dimension)
        )

    def _of_dimension(self, matrix: RatingMatrix, d: int, dimension: str) -> list[Evidence]:
        found = panel_correlation(matrix, d, self.yardstick)
        r = found.lower
        limit = mean_minus_sd(r[(found.stimuli >= self.min_stimuli) & ~np.isnan(r)], self.ceiling)
        evidence = []
        for i, rater_id in enumerate(matrix.rater_ids):
            n = int(found.stimuli[i])
            status, reason = self._verdict(float(r[i]), n, limit)
            numbers = {
                "pearson": defined(found.pearson[i]),
                "spearman": defined(found.spearman[i]),
                "threshold": defined(limit),
                "stimuli": n,
            }
            evidence.append(Evidence(self.name, dimension, rater_id, status, reason, numbers))
        return evidence

    def _verdict(self, r: float, n: int, limit: float) -> tuple[Status, str]:
        if n < self.min_stimuli:
            reason = f"Shares {n} stimuli with other raters; this check needs {self.min_stimuli}."
            return Status.NOT_APPLICABLE, reason
        if math.isnan(r):
            reason = "Nothing to compare: these ratings, or the panel's means, never differ."
            return Status.NOT_APPLICABLE, reason
        seen = f"Correlation {r:.3f} with the mean scores of the panel over {n} stimuli"
        if r < lowest_at(limit):
            reason = f"{seen}; this rule drops whoever lies below {limit:.3f}, the lower edge of"
            return Status.FAILED, f"{reason} what is usual in this panel."
        return Status.PASSED, f"{seen}; at least {limit:.3f} was asked for."


def mean_minus_sd(correlations: FloatArray, ceiling: float) -> float:
    """Mean less one standard deviation (ddof 1; 0 for one rater), at most the ceiling; or NaN.

    The correlations are sorted first, so that their order does not touch the last digit.
    """
    if len(correlations) == 0:
        return math.nan
    ordered = np.sort(correlations)
    sd = float(np.std(ordered, ddof=1)) if len(ordered) > 1 else 0.0
    return min(ceiling, float(np.mean(ordered)) - sd)
