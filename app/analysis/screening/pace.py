"""Does a rater take the time to look? Share of ratings given faster than a person can look."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from app.analysis.matrix import OVERALL, FloatArray, RatingMatrix
from app.analysis.screening.evidence import Evidence, Status


@dataclass(frozen=True, slots=True)
class Pace:
    """Reject raters who give most of their ratings faster than a person can look.

    In words: of a rater's timed ratings, the share that took less than `fast_ms` must not exceed
    `max_share`. Times are measured in the rater's browser, from the picture to the answer.

    Parameters
    ----------
    fast_ms : int
        Reading a scale, looking and answering takes a practised person about a second; less
        than this is implausible. The protocol of a study sets its own value.
    max_share : float
        Up to this share of fast ratings is accepted: a key pressed twice, a picture seen before.
    min_ratings : int
        Below this many timed ratings the check is not applicable.

    Notes
    -----
    Edge cases:

    - no times in the matrix, or none of this rater: not applicable;
    - a rating without a time (-1) counts neither way;
    - exactly `fast_ms` is not fast, exactly `max_share` is not too many;
    - a slow connection can only make times longer, so it hides haste and never fakes it.
    """

    name: ClassVar[str] = "pace"
    version: ClassVar[int] = 1

    fast_ms: int = 800
    max_share: float = 0.5
    min_ratings: int = 10

    def evidence(self, matrix: RatingMatrix) -> tuple[Evidence, ...]:
        """Evidence for every rater, over all dimensions at once, in the order of the matrix."""
        raters = len(matrix.rater_ids)
        timed = fast = np.zeros(raters, dtype=np.int64)
        if matrix.dwell_ms is not None:
            is_timed = matrix.dwell_ms >= 0
            timed = np.bincount(matrix.rater[is_timed], minlength=raters)
            is_fast = is_timed & (matrix.dwell_ms < self.fast_ms)
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


def median_dwell_ms(matrix: RatingMatrix) -> FloatArray:
    """Median time of each rater's timed ratings in ms, shape (raters,); NaN without any."""
    raters = len(matrix.rater_ids)
    medians = np.full(raters, np.nan)
    if matrix.dwell_ms is None:
        return medians
    known = matrix.dwell_ms >= 0
    rater, dwell = matrix.rater[known], matrix.dwell_ms[known]
    dwell = dwell[np.lexsort((dwell, rater))]
    count = np.bincount(rater, minlength=raters)
    start = np.cumsum(count) - count
    some = count > 0
    low, high = (start + (count - 1) // 2)[some], (start + count // 2)[some]
    medians[some] = (dwell[low] + dwell[high]) / 2
    return medians
