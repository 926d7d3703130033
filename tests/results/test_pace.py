"""The check of pace, as rows of a table."""

import numpy as np
import pytest

from app.analysis.matrix import RatingMatrix, Scale
from app.analysis.screening.evidence import Status
from app.results.pace import Pace, median_by_rater


def matrix_of(counts):
    """Raters with this many ratings each."""
    return RatingMatrix(
        rater=np.repeat(np.arange(len(counts)), counts),
        stimulus=np.concatenate([np.arange(n) for n in counts]),
        levels=np.zeros((sum(counts), 1), dtype=np.int64),
        rater_ids=tuple(f"r{i}" for i in range(len(counts))),
        stimulus_ids=tuple(f"s{i}" for i in range(max(counts))),
        dimensions=("quality",),
        scale=Scale(low=1.0, step=1.0, level_max=4),
    )


@pytest.mark.parametrize(
    ("dwell_ms", "status", "share"),
    [
        ([799] * 6 + [800] * 4, Status.FAILED, 0.6),
        ([799] * 5 + [800] * 5, Status.PASSED, 0.5),  # at the limit is not above it
        ([5000] * 10, Status.PASSED, 0.0),
        ([100] * 9, Status.NOT_APPLICABLE, 1.0),  # nine are too few
        ([100] * 9 + [-1], Status.NOT_APPLICABLE, 1.0),  # a rating without a time is none
        ([100] * 10 + [-1] * 30, Status.FAILED, 1.0),
        ([-1] * 10, Status.NOT_APPLICABLE, None),
        ([0] * 10, Status.FAILED, 1.0),
    ],
)
def test_share_of_fast_ratings(dwell_ms, status, share):
    check = Pace(dwell_ms=np.array(dwell_ms), fast_ms=800)
    (found,) = check.evidence(matrix_of([len(dwell_ms)]))
    assert (found.status, found.numbers["share"]) == (status, share)


def test_each_rater_is_judged_by_their_own_times():
    dwell_ms = np.array([100] * 12 + [4000] * 15)
    evidence = Pace(dwell_ms=dwell_ms, fast_ms=800).evidence(matrix_of([12, 15]))
    assert [(item.rater_id, item.status) for item in evidence] == [
        ("r0", Status.FAILED),
        ("r1", Status.PASSED),
    ]


def test_median_of_odd_even_and_no_times():
    dwell_ms = np.array([300, 100, 200, 400, 100, -1, -1])
    medians = median_by_rater(matrix_of([3, 3, 1]), dwell_ms)
    assert medians[0] == 200
    assert medians[1] == 250
    assert np.isnan(medians[2])
