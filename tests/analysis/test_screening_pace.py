"""The check of pace, as rows of a table."""

from collections.abc import Sequence

import numpy as np
import pytest

from app.analysis.matrix import OVERALL, RatingMatrix, Scale
from app.analysis.screening import Pace, Status
from app.analysis.screening.pace import median_dwell_ms


def timed(*dwell_ms: Sequence[int] | None) -> RatingMatrix:
    """One rater for each row of times; None in place of all rows: no times at all."""
    rows = [row or [0] * 12 for row in dwell_ms]
    counts = [len(row) for row in rows]
    return RatingMatrix(
        rater=np.repeat(np.arange(len(counts)), counts),
        stimulus=np.concatenate([np.arange(n) for n in counts]),
        levels=np.zeros((sum(counts), 1), dtype=np.int64),
        rater_ids=tuple(f"r{i}" for i in range(len(counts))),
        stimulus_ids=tuple(f"s{i}" for i in range(max(counts))),
        dimensions=("quality",),
        scale=Scale(low=1.0, step=1.0, level_max=4),
        dwell_ms=None if None in dwell_ms else np.concatenate(rows).astype(np.int64),
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
def test_share_of_fast_ratings(dwell_ms: list[int], status: Status, share: float | None) -> None:
    (found,) = Pace(fast_ms=800).evidence(timed(dwell_ms))
    assert (found.status, found.numbers["share"], found.dimension) == (status, share, OVERALL)


def test_each_rater_is_judged_by_their_own_times() -> None:
    evidence = Pace().evidence(timed([100] * 12, [4000] * 15))
    assert [(item.rater_id, item.status) for item in evidence] == [
        ("r0", Status.FAILED),
        ("r1", Status.PASSED),
    ]


def test_without_times_the_check_is_not_applicable() -> None:
    matrix = timed(None)
    (found,) = Pace().evidence(matrix)
    assert found.status is Status.NOT_APPLICABLE
    assert found.reason == "Has 0 timed ratings; this check needs at least 10."
    assert np.isnan(median_dwell_ms(matrix)).all()


def test_median_of_odd_even_and_no_times() -> None:
    medians = median_dwell_ms(timed([300, 100, 200], [400, 100, -1], [-1]))
    assert medians[:2].tolist() == [200, 250]
    assert np.isnan(medians[2])
