from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.analysis.grouping import Grouping
from app.analysis.matrix import RatingMatrix, Scale
from app.analysis.screening import BT500, Deviation, Status
from app.analysis.screening.bt500 import (
    far_limits,
    far_ratings,
    largest_int64_panel,
    power_sums,
)

from .builders import DATASETS, dataset, dense, of_scores, shuffled

EDGE_CASES = (
    "n21_lone_dissenter_ties_and_unanimous",
    "n25_five_dissenters_exact_2sigma_tie",
    "constant_rater_missing_and_random",
)


def failed(matrix: RatingMatrix, check: BT500) -> list[int]:
    """Numbers of the raters who failed."""
    return [int(e.rater_id[1:]) for e in check.evidence(matrix) if e.status is Status.FAILED]


def far_sides(tally: list[int], deviation: Deviation = Deviation.POPULATION) -> list[int]:
    """Which levels are far, 1 above and -1 below, where each was given so many times."""
    levels = np.repeat(np.arange(len(tally)), tally)
    one_stimulus = Grouping(np.zeros(len(levels), dtype=np.int64), 1)
    limits = far_limits(power_sums(levels, one_stimulus, len(tally) - 1), deviation)
    return [int(u >= limits.high[0]) - int(u <= limits.low[0]) for u in range(len(tally))]


def sides_by_fractions(tally: list[int], deviation: Deviation) -> list[int]:
    """The definition word by word, in exact fractions; squares instead of roots."""
    n = sum(tally)
    mean = Fraction(sum(level * c for level, c in enumerate(tally)), n)
    moment = {x: sum(c * (u - mean) ** x for u, c in enumerate(tally)) / n for x in (2, 4)}
    if moment[2] == 0:
        return [0] * len(tally)
    k_squared = 4 if 2 <= moment[4] / moment[2] ** 2 <= 4 else 20
    variance = moment[2] if deviation is Deviation.POPULATION else moment[2] * n / (n - 1)
    far = [(u - mean) ** 2 >= k_squared * variance for u in range(len(tally))]
    return [int(is_far) * (1 if u > mean else -1) for u, is_far in enumerate(far)]


@pytest.mark.data
@pytest.mark.parametrize("name", DATASETS)
@pytest.mark.parametrize(
    ("deviation", "variant"),
    [(Deviation.POPULATION, "X exact B"), (Deviation.SAMPLE, "C B+ddof1")],
)
def test_verdicts_agree_with_the_exact_variants(
    vectors: dict[str, Any], name: str, deviation: Deviation, variant: str
) -> None:
    expected = vectors["datasets"][name]["bt500_variants"][variant]
    assert failed(dataset(vectors, name), BT500(deviation=deviation)) == expected


@pytest.mark.data
@pytest.mark.parametrize("name", EDGE_CASES)
def test_counts_agree_with_the_hand_checked_edge_cases(vectors: dict[str, Any], name: str) -> None:
    case = vectors["edge_cases_bt500"][name]
    matrix = of_scores(case["scores"])
    counts = far_ratings(matrix, 0)
    assert counts.above.tolist() == case["exact"]["P"]
    assert counts.below.tolist() == case["exact"]["Q"]
    check = BT500(min_stimuli=1)
    assert failed(matrix, check) == case["exact"]["rejected_own_denominator"]


@pytest.mark.data
def test_shares_agree_with_the_reference_where_nothing_is_unanimous(
    vectors: dict[str, Any],
) -> None:
    name = "NFLX_public_last4outliers"
    expected = vectors["datasets"][name]["sureal"]["BT500"]["observer_rejected_1st_stats"]
    shares = [item.numbers["share"] for item in BT500().evidence(dataset(vectors, name))]
    assert shares == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("raters", "deviation", "is_far"),
    [
        (20, Deviation.POPULATION, False),  # z² = 19
        (21, Deviation.POPULATION, True),  # z² = 20, the tie
        (21, Deviation.SAMPLE, False),  # z² = 20² / 21
        (22, Deviation.SAMPLE, True),  # z² = 21² / 22 = 20.05
    ],
)
@pytest.mark.parametrize("dissenter", range(20))
def test_a_lone_dissenter_is_far_from_21_raters_on(
    raters: int, deviation: Deviation, is_far: bool, dissenter: int
) -> None:
    table = np.full((raters, 1), 3)
    table[dissenter] = 1
    below = far_ratings(dense(table), 0, deviation).below
    assert below.tolist() == [int(is_far and i == dissenter) for i in range(raters)]


@pytest.mark.parametrize("raters", [5, 10, 25, 50])
def test_a_block_of_one_fifth_stands_exactly_two_deviations_away(raters: int) -> None:
    table = np.full((raters, 1), 2)
    table[: raters // 5] = 4
    assert far_ratings(dense(table), 0).above.sum() == raters // 5


@pytest.mark.parametrize(
    ("tally", "sides"),
    [
        ([1, 6, 1, 0, 0], [-1, 0, 1, 1, 1]),  # kurtosis exactly 4, ends exactly 2 away
        ([0, 1, 3, 3, 5], [-1, -1, 0, 0, 0]),  # kurtosis exactly 2, level 1 exactly 2 away
    ],
)
def test_kurtosis_of_exactly_two_or_four_still_means_k_of_two(
    tally: list[int], sides: list[int]
) -> None:
    assert far_sides(tally) == sides


def test_unanimous_stimuli_count_for_nobody_but_stay_in_the_denominator() -> None:
    table = np.full((6, 30), 4)
    counts = far_ratings(dense(table), 0)
    assert not counts.above.any()
    assert not counts.below.any()
    assert counts.rated.tolist() == [30] * 6


def planted(stimuli: int, above: int, below: int, unseen: int = 0) -> RatingMatrix:
    """26 raters; r000 alone dissents on the first stimuli and did not see the last ones."""
    table = np.full((26, stimuli), 2)
    table[0, :above] = 4
    table[0, above : above + below] = 0
    if unseen:
        table[0, -unseen:] = -1
    return dense(table)


@pytest.mark.parametrize(
    ("matrix", "status"),
    [
        (planted(40, 0, 0), Status.PASSED),  # no far rating, not 0/0
        (planted(40, 1, 1), Status.PASSED),  # exactly 5 %
        (planted(40, 2, 1), Status.PASSED),  # 7.5 %, imbalance 1/3
        (planted(40, 2, 2), Status.FAILED),  # 10 %, both sides
        (planted(400, 13, 7), Status.PASSED),  # exactly 5 %, imbalance exactly 0.3
        (planted(399, 13, 7), Status.PASSED),  # above 5 %, imbalance exactly 0.3
        (planted(380, 12, 8), Status.FAILED),  # above 5 %, imbalance 0.2
        (planted(200, 2, 2, unseen=160), Status.FAILED),  # 4 of the 40 this rater saw
        (planted(200, 2, 2), Status.PASSED),  # 4 of 200
        (planted(30, 2, 2, unseen=11), Status.NOT_APPLICABLE),  # saw 19
        (planted(30, 2, 2, unseen=10), Status.FAILED),  # saw 20
        (planted(30, 0, 0, unseen=30), Status.NOT_APPLICABLE),  # saw none
    ],
)
def test_verdict_on_a_planted_rater(matrix: RatingMatrix, status: Status) -> None:
    assert BT500().evidence(matrix)[0].status is status


def test_evidence_says_what_it_rests_on() -> None:
    found = BT500().evidence(planted(40, 2, 2))[0]
    expected = {"above": 2, "below": 2, "rated": 40, "share": 0.1, "imbalance": 0.0}
    assert found.numbers == expected
    assert found.reason == (
        "4 of 40 ratings (10.0%) lie far from the other raters', on both sides "
        "(2 above and 2 below): not a steady taste."
    )


def test_undefined_numbers_are_none() -> None:
    assert BT500().evidence(dense([[-1]]))[0].numbers["share"] is None
    assert BT500().evidence(dense([[1]]))[0].numbers["imbalance"] is None


def test_dimensions_are_checked_one_by_one() -> None:
    table = np.full((26, 40, 2), 2)
    table[0, :2, 1], table[0, 2:4, 1] = 4, 0
    statuses = {e.dimension: e.status for e in BT500().evidence(dense(table))[::26]}
    assert statuses == {"quality": Status.PASSED, "alignment": Status.FAILED}


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.integers(0, 30), min_size=2, max_size=7).filter(lambda t: sum(t) >= 2),
    st.sampled_from(Deviation),
)
def test_sides_follow_the_definition_in_exact_fractions(
    tally: list[int], deviation: Deviation
) -> None:
    assert far_sides(tally, deviation) == sides_by_fractions(tally, deviation)


@pytest.mark.parametrize(("level_max", "raters"), [(4, 19483), (50, 1558), (100, 779)])
def test_largest_panel_for_64_bits(level_max: int, raters: int) -> None:
    assert largest_int64_panel(level_max) == raters
    # 4 V², V being n² level_max² / 4 for raters split between the ends of the scale.
    assert (raters * level_max) ** 4 // 4 < 2**63 <= ((raters + 1) * level_max) ** 4 // 4


@pytest.mark.parametrize("raters", [84, 450, 1558, 1559, 5000])
@pytest.mark.parametrize("deviation", Deviation)
def test_panels_up_to_and_beyond_64_bits_are_exact(raters: int, deviation: Deviation) -> None:
    for low in (raters // 2, raters - 1, raters // 5, raters - raters // 20):
        tally = [low, *[0] * 49, raters - low]
        assert far_sides(tally, deviation) == sides_by_fractions(tally, deviation)


def test_a_scale_so_fine_that_its_powers_exceed_64_bits() -> None:
    finest = 2**40
    table = np.full((21, 3), 7)
    table[4, 0], table[9, 1], table[:, 2] = finest, 0, np.arange(21) * (finest // 20)
    counts = far_ratings(dense(table, scale=Scale(low=0, step=1, level_max=finest)), 0)
    assert counts.above.tolist() == [int(i == 4) for i in range(21)]
    assert counts.below.tolist() == [int(i == 9) for i in range(21)]


def test_a_stimulus_that_many_rated_stands_beside_one_that_few_did() -> None:
    scale = Scale(low=0, step=0.1, level_max=50)
    table = np.full((2000, 2), 30)
    table[0] = 10
    table[100:, 1] = -1
    below = far_ratings(dense(table, scale=scale), 0).below
    assert below.tolist() == [2] + [0] * 1999


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_counts_follow_their_raters_in_any_order(seed: int) -> None:
    generator = np.random.default_rng(seed)
    # Ties on purpose: 21 raters, lone dissenters, and gaps.
    table = np.full((21, 12), 3)
    table[generator.integers(0, 21, 12), np.arange(12)] = generator.integers(0, 5, 12)
    table[generator.uniform(size=table.shape) < 0.03] = -1
    matrix = dense(table)
    other = shuffled(matrix, seed)
    before, after = far_ratings(matrix, 0), far_ratings(other, 0)
    place = [other.rater_ids.index(rater_id) for rater_id in matrix.rater_ids]
    for name in ("above", "below", "rated"):
        assert getattr(before, name).tolist() == getattr(after, name)[place].tolist()
