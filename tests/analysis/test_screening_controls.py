"""Gold stimuli, traps and repeats, by hand."""

from dataclasses import replace

import numpy as np
import pytest

from app.analysis.matrix import ControlKind, ControlRatings, RatingMatrix, Repeats
from app.analysis.screening import Controls, Status
from app.analysis.screening.controls import retest_distances

from .builders import dense

RATERS, STIMULI = 10, 30
NOTHING_SAID = "Was shown no control pictures, and none a second time."


def panel(raters: int = RATERS) -> RatingMatrix:
    return dense(np.tile(np.arange(STIMULI) % 5, (raters, 1)))


def with_controls(kind: ControlKind, missed: list[int], shown: int) -> RatingMatrix:
    """Each rater missed so many of `shown` controls, whose answer is level 2 or 3."""
    levels = np.array([[0 if k < m else 2 + k % 2] for m in missed for k in range(shown)])
    controls = ControlRatings(
        rater=np.repeat(np.arange(len(missed)), shown),
        kind=np.full(len(levels), kind),
        levels=levels.reshape(-1, 1),
        low=np.full((len(levels), 1), 2),
        high=np.full((len(levels), 1), 3),
    )
    return replace(panel(len(missed)), controls=controls)


def with_repeats(distances: list[list[int]]) -> RatingMatrix:
    """Each rater saw pictures again that they had given level 0, and was so many levels off."""
    rater = np.repeat(np.arange(len(distances)), [len(d) for d in distances])
    stimulus = np.concatenate([5 * np.arange(len(d)) for d in distances]).astype(np.int64)
    levels = np.concatenate([np.array(d, dtype=np.int64) for d in distances])
    return replace(panel(len(distances)), repeats=Repeats(rater, stimulus, levels[:, None]))


def statuses(matrix: RatingMatrix) -> list[Status]:
    return [item.status for item in Controls().evidence(matrix)]


def test_without_controls_the_check_is_not_applicable() -> None:
    found = Controls().evidence(panel())
    assert {(item.status, item.reason) for item in found} == {(Status.NOT_APPLICABLE, NOTHING_SAID)}


@pytest.mark.parametrize(
    ("missed", "shown", "status"),
    [
        ([3] + [0] * 9, 3, Status.FAILED),  # all of them, and nobody else any
        ([1] + [0] * 9, 3, Status.PASSED),  # a third is a slip
        ([2] + [0] * 9, 3, Status.FAILED),
        ([1] + [0] * 9, 2, Status.PASSED),  # half, but the others' 18 prove little
        ([5] * 10, 5, Status.PASSED),  # bad gold
        ([3] + [2] * 9, 4, Status.PASSED),  # hard gold
        ([1] + [0] * 9, 1, Status.NOT_APPLICABLE),  # one gold stimulus is too few
        ([0] * 10, 3, Status.PASSED),
        ([3, 0], 3, Status.FAILED),  # two raters: gold needs no panel
        ([3], 3, Status.PASSED),  # one rater alone: perhaps the gold is bad
    ],
)
def test_gold(missed: list[int], shown: int, status: Status) -> None:
    found = Controls().evidence(with_controls(ControlKind.GOLD, missed, shown))[0]
    assert found.status is status
    assert (found.numbers["gold"], found.numbers["gold_missed"]) == (shown, missed[0])


@pytest.mark.parametrize(
    ("missed", "shown", "status"),
    [
        ([1] + [0] * 9, 1, Status.FAILED),
        ([1] + [0] * 9, 2, Status.FAILED),
        ([1] + [0] * 9, 3, Status.PASSED),
        ([2] * 10, 3, Status.FAILED),  # whatever the others do
        ([0] * 10, 2, Status.PASSED),
    ],
)
def test_traps(missed: list[int], shown: int, status: Status) -> None:
    found = Controls().evidence(with_controls(ControlKind.TRAP, missed, shown))[0]
    assert found.status is status
    assert found.reason == (
        f"Did not follow {missed[0]} of {shown} instructions hidden among the pictures."
    )


@pytest.mark.parametrize(
    ("own", "others", "status"),
    [
        ([4, 3, 4, 4], [0, 1, 0, 1], Status.FAILED),
        ([0, 1, 1, 0], [0, 1, 0, 1], Status.PASSED),
        ([1, 1, 1, 1], [0, 1, 0, 1], Status.PASSED),  # twice as far, but that is chance
        ([4, 4], [0, 1, 0, 1], Status.NOT_APPLICABLE),  # two are too few
        ([4, 4, 4], [0, 1], Status.NOT_APPLICABLE),  # the others' 18 are too few
        ([0, 0, 0], [2, 3, 4], Status.PASSED),  # steadier than the others
        ([], [0, 1, 0], Status.NOT_APPLICABLE),
    ],
)
def test_repeats(own: list[int], others: list[int], status: Status) -> None:
    found = statuses(with_repeats([own, *[others] * 9]))
    assert found[0] is status
    assert Status.FAILED not in found[1:]


def test_the_chance_of_a_distance_is_that_of_drawing_it_from_the_others() -> None:
    retest = retest_distances(with_repeats([[1, 1], *[[0, 1, 0, 0]] * 5]), 0)
    # Others 15 times 0 and 5 times 1, and one share of the rater's own: P(1) = 6 / 21.
    assert retest.chance(0) == pytest.approx((6 / 21) ** 2)
    assert (retest.mean(0), retest.mean_of_others(0)) == (1.0, 0.25)


def test_a_control_counts_in_the_dimensions_in_which_something_was_expected() -> None:
    table = np.tile(np.arange(STIMULI) % 5, (4, 1))
    matrix = dense(np.stack([table, table], axis=2))
    controls = ControlRatings(
        rater=np.repeat(np.arange(4), 3),
        kind=np.full(12, ControlKind.GOLD),
        levels=np.array([[0, 0]] * 3 + [[4, 4]] * 9),
        low=np.tile([4, 1], (12, 1)),
        high=np.tile([4, 0], (12, 1)),
    )
    found = Controls().evidence(replace(matrix, controls=controls))
    assert [(item.dimension, item.status) for item in found if item.rater_id == "r000"] == [
        ("quality", Status.FAILED),
        ("alignment", Status.NOT_APPLICABLE),
    ]


def test_a_repeat_without_a_first_rating_does_not_count() -> None:
    matrix = with_repeats([[0, 1, 0]] * 10)
    keep = np.flatnonzero(matrix.stimulus % 5 > 0)
    gone = replace(
        matrix,
        rater=matrix.rater[keep],
        stimulus=matrix.stimulus[keep],
        levels=matrix.levels[keep],
    )
    assert Controls().evidence(gone)[0].numbers["repeats"] == 0


def test_a_failure_is_told_alone_and_numbers_are_in_scores() -> None:
    gold = with_controls(ControlKind.GOLD, [3] + [0] * 9, 3)
    both = replace(gold, repeats=with_repeats([[1, 1, 1]] * 10).repeats)
    found = Controls().evidence(both)[0]
    assert found.reason == (
        "Missed 3 of 3 pictures whose score is known, far more than the other raters do."
    )
    assert found.numbers["repeat_distance"] == 1.0
