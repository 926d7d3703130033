from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest

from app.analysis.matrix import RatingMatrix, Scale
from app.analysis.screening import Status, Variation
from app.analysis.screening.variation import expected_runs, level_use

from .builders import dense

EVEN = np.arange(40) % 5  # every level equally often: 2.32 bits


def ordered(table: np.ndarray) -> RatingMatrix:
    """A dense matrix shown in the order of its columns."""
    matrix = dense(table)
    return replace(matrix, position=matrix.stimulus)


def panel_with(levels: np.ndarray) -> RatingMatrix:
    """Four raters who use the scale evenly, and the given one first."""
    return ordered(np.vstack([levels, *(np.roll(EVEN, i) for i in range(4))]))


def test_level_use_by_hand() -> None:
    #                 levels 0 0 1 2 2 2, then one rater with a single rating, then none
    table = np.array([[0, 0, 1, 2, 2, 2], [-1, -1, 3, -1, -1, -1], [-1] * 6])
    use = level_use(ordered(table), 0)
    assert use.rated.tolist() == [6, 1, 0]
    assert use.sd[0] == pytest.approx(np.std(table[0], ddof=1))
    assert np.isnan(use.sd[1:]).all()
    bits = -(2 / 6 * np.log2(2 / 6) + 1 / 6 * np.log2(1 / 6) + 3 / 6 * np.log2(3 / 6))
    assert use.entropy == pytest.approx([bits, 0, 0])
    assert use.longest_run.tolist() == [3, 1, 0]


def test_sd_is_in_scores() -> None:
    scale = Scale(low=0, step=0.1, level_max=50)
    assert level_use(dense([[10, 20]], scale=scale), 0).sd[0] == pytest.approx(np.sqrt(0.5))


def test_runs_follow_the_order_of_presentation_not_of_rows() -> None:
    matrix = dense([[0, 1, 0, 1, 0, 1]])
    shown = replace(matrix, position=np.array([0, 3, 1, 4, 2, 5]))
    assert level_use(shown, 0).longest_run.tolist() == [3]


def test_a_run_does_not_go_on_with_the_next_rater() -> None:
    assert level_use(ordered(np.full((2, 3), 1)), 0).longest_run.tolist() == [3, 3]


def test_expected_runs_counts_stretches_over_all_orders() -> None:
    levels, run = (0, 0, 0, 1, 1, 2), 2
    orders = list(permutations(levels))
    stretches = sum(len(set(order[i : i + run])) == 1 for order in orders for i in range(5))
    expected = expected_runs(np.array([[3, 2, 1]]), np.array([run]))
    assert expected[0] == pytest.approx(stretches / len(orders), abs=1e-12)


def test_expected_runs_of_a_rater_without_ratings_is_nan() -> None:
    assert np.isnan(expected_runs(np.array([[0, 0]]), np.array([0]))[0])


@pytest.mark.parametrize(
    ("levels", "status"),
    [
        (EVEN, Status.PASSED),
        (np.full(40, 2), Status.FAILED),  # constant
        (np.where(EVEN == 0, 0, 4), Status.FAILED),  # two levels of five
        (np.where(EVEN == 0, 0, np.where(EVEN == 1, 3, 4)), Status.PASSED),  # three levels
        (np.where(np.arange(40) < 2, 0, 4), Status.FAILED),  # 38 of 40 alike
        (np.concatenate([EVEN[:20], np.full(20, 3)]), Status.FAILED),  # gave up half-way
        (np.concatenate([EVEN[:32], np.full(8, 3)]), Status.PASSED),  # a run of eight
        (np.where(np.arange(40) % 13 < 3, EVEN, 3), Status.PASSED),  # runs of ten of a favourite
        (np.where(np.arange(40) < 19, EVEN, -1), Status.NOT_APPLICABLE),  # 19 ratings
        (np.where(np.arange(40) < 20, 2, -1), Status.FAILED),  # 20 ratings, all alike
        (np.full(40, -1), Status.NOT_APPLICABLE),
    ],
)
def test_verdict_on_one_rater_among_four_who_use_the_scale(
    levels: np.ndarray, status: Status
) -> None:
    found = Variation().evidence(panel_with(levels))
    assert found[0].status is status
    assert {item.status for item in found[1:]} == {Status.PASSED}


def test_a_short_run_is_let_be_however_unlikely() -> None:
    # Eight times 20 among 33 other levels of a fine scale: about one chance in two million.
    levels = np.concatenate([np.arange(16), np.full(8, 20), np.arange(30, 46)])
    scale = Scale(low=0, step=0.1, level_max=50)
    matrix = dense(np.vstack([levels, np.roll(levels, 3)]), scale=scale)
    found = Variation().evidence(replace(matrix, position=matrix.stimulus))[0]
    chance = found.numbers["run_chance"]
    assert chance is not None
    assert chance < 1e-6
    assert found.numbers["longest_run"] == 8
    assert found.status is Status.PASSED


def test_without_positions_the_run_is_not_looked_at() -> None:
    gave_up = np.concatenate([EVEN[:20], np.full(20, 3)])
    found = Variation().evidence(replace(panel_with(gave_up), position=None))[0]
    assert found.status is Status.PASSED
    assert found.numbers["longest_run"] is None
    assert found.numbers["run_chance"] is None


@pytest.mark.parametrize("levels", [(4, 4, 3), (4,)])
def test_constant_raters_fail_alone_and_where_they_disagree(levels: tuple[int, ...]) -> None:
    found = Variation().evidence(dense(np.tile(np.array(levels)[:, None], 30)))
    assert {item.status for item in found} == {Status.FAILED}
    assert found[0].reason == "Gave the same score to all 30 stimuli."


def test_in_a_unanimous_panel_nobody_can_be_judged() -> None:
    table = np.stack([np.full((3, 30), 4), np.tile(np.arange(30) % 5, (3, 1))], axis=2)
    table[0, :, 1] = 2
    found = Variation().evidence(dense(table))
    assert [item.status for item in found[:3]] == [Status.NOT_APPLICABLE] * 3
    assert found[0].reason.startswith("All raters gave all stimuli one and the same score")
    # The other dimension is judged by itself.
    assert [item.status for item in found[3:]] == [Status.FAILED, Status.PASSED, Status.PASSED]


@pytest.mark.parametrize(
    ("panel_levels", "rated", "status"),
    [
        (5, 40, Status.FAILED),
        (5, 13, Status.NOT_APPLICABLE),  # too few for any part of the check
        (3, 40, Status.PASSED),  # the panel uses three levels: two are no sign of anything
        (2, 40, Status.PASSED),
    ],
)
def test_two_levels_are_few_only_where_the_panel_uses_many(
    panel_levels: int, rated: int, status: Status
) -> None:
    table = np.tile(np.arange(40) % panel_levels, (5, 1))
    table[0] = np.where(np.arange(40) < rated, np.arange(40) % 2, -1)
    found = Variation().evidence(dense(table))[0]
    assert found.status is status
    assert found.numbers["levels"] == 2


def test_two_levels_may_be_chance_where_the_panel_has_two_favourites() -> None:
    # Nine in ten ratings of a usual rater are on two levels: 20 of 20 happen with 0.9 ** 20.
    usual = np.where(np.arange(20) < 18, np.arange(20) % 2, 2 + np.arange(20) % 2)
    table = np.tile(usual, (5, 1))
    table[0] = np.arange(20) % 2
    assert Variation().evidence(dense(table))[0].status is Status.PASSED
