"""The check of pace: does a rater answer faster than a person can look?

It reads the time of each rating and not its levels, so it is made here and handed to the analysis
as one more check.  Shown in every run; it rejects only where the configuration says so, because
a time is measured in the rater's browser and covers what the network does to it.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from app.analysis.matrix import OVERALL, FloatArray, IntArray, RatingMatrix
from app.analysis.screening.evidence import Evidence, Status

MAX_SHARE = 0.5
MIN_RATINGS = 10


@dataclass(frozen=True, slots=True, eq=False)
class Pace:
    """Fail raters of whose timed ratings more than ``max_share`` took less than ``fast_ms``.

    ``dwell_ms`` has the time of each row of the matrix in canonical order, -1 where unknown.
    Edge cases: ratings without a time count neither way; below ``min_ratings`` timed ratings the
    check is not applicable.
    """

    name: ClassVar[str] = "pace"
    version: ClassVar[int] = 1

    dwell_ms: IntArray
    fast_ms: int
    max_share: float = MAX_SHARE
    min_ratings: int = MIN_RATINGS

    def evidence(self, matrix: RatingMatrix) -> tuple[Evidence, ...]:
        """Evidence for every rater, in the order of the matrix."""
        raters = len(matrix.rater_ids)
        is_timed = self.dwell_ms >= 0
        timed = np.bincount(matrix.rater[is_timed], minlength=raters)
        is_fast = is_timed & (self.dwell_ms < self.fast_ms)
        fast = np.bincount(matrix.rater[is_fast], minlength=raters)
        return tuple(
            self._judge(rater_id, int(fast[i]), int(timed[i]))
            for i, rater_id in enumerate(matrix.rater_ids)
        )

    def _judge(self, rater_id: str, fast: int, timed: int) -> Evidence:
        share = fast / timed if timed else None
        numbers = {"fast": fast, "timed": timed, "share": share, "fast_ms": self.fast_ms}
        status, reason = self._verdict(fast, timed, share)
        return Evidence(self.name, OVERALL, rater_id, status, reason, numbers)

    def _verdict(self, fast: int, timed: int, share: float | None) -> tuple[Status, str]:
        if share is None or timed < self.min_ratings:
            reason = f"Has {timed} timed ratings; this check needs at least {self.min_ratings}."
            return Status.NOT_APPLICABLE, reason
        seen = f"{fast} of {timed} ratings ({share:.0%}) took less than {self.fast_ms} ms"
        if share > self.max_share:
            return Status.FAILED, f"{seen}: too fast to have looked at the pictures."
        return Status.PASSED, f"{seen}; up to {self.max_share:.0%} is accepted."


def median_by_rater(matrix: RatingMatrix, dwell_ms: IntArray) -> FloatArray:
    """Median time of each rater's timed ratings in ms, shape (raters,); NaN without any."""
    known = dwell_ms >= 0
    rater, dwell = matrix.rater[known], dwell_ms[known]
    order = np.lexsort((dwell, rater))
    dwell = dwell[order]
    count = np.bincount(rater, minlength=len(matrix.rater_ids))
    start = np.cumsum(count) - count
    medians = np.full(len(count), np.nan)
    some = count > 0
    low, high = (start + (count - 1) // 2)[some], (start + count // 2)[some]
    medians[some] = (dwell[low] + dwell[high]) / 2
    return medians
