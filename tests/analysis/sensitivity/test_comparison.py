import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from app.analysis.sensitivity.comparison import comparison, in_figures, ranks, reversed_pairs

IDS = ("a", "b", "c", "d")
numbers = st.lists(st.integers(0, 4), min_size=2, max_size=9)


def test_changes_by_hand() -> None:
    # Ranks go from d c b a to c d b a; d falls by one place, a loses half a score.
    found = comparison("quality", np.array([1.0, 2, 3, 4]), np.array([0.5, 2, 4.25, 4.0]), IDS)
    assert (found.value_change, found.value_stimulus) == (1.25, "c")
    assert abs(found.rank_change) == 1
    assert found.rank_stimulus == "c"
    assert found.reversed_pairs == pytest.approx(1 / 6)
    assert found.srcc == pytest.approx(0.8)
    assert found.krcc == pytest.approx(4 / 6)


def test_without_a_common_unit_values_are_not_compared() -> None:
    found = comparison(
        "quality", np.array([1.0, 2, 3, 4]), np.array([10.0, 20, 30, 40]), IDS, same_unit=False
    )
    assert np.isnan(found.value_change)
    assert found.value_stimulus == ""
    assert found.rank_change == 0
    assert found.reversed_pairs == 0


def test_only_what_has_a_value_both_ways_is_compared() -> None:
    nan = np.nan
    found = comparison("quality", np.array([1.0, nan, 3, 4]), np.array([1.0, 2, nan, 4]), IDS)
    assert (found.stimuli, found.lost) == (2, 1)


def test_nothing_in_common_is_not_defined() -> None:
    found = comparison("quality", np.full(4, np.nan), np.arange(4.0), IDS)
    assert found.stimuli == 0
    assert np.isnan([found.srcc, found.krcc, found.reversed_pairs, found.value_change]).all()
    assert found.value_stimulus == found.rank_stimulus == ""


def test_rank_one_is_best_and_ties_share() -> None:
    assert ranks(np.array([1.0, 5, 3, 3])).tolist() == [4, 1, 2.5, 2.5]
    assert ranks(np.array([])).tolist() == []


@given(numbers, st.randoms(use_true_random=False))
def test_ranks_and_reversed_pairs_agree_with_counting(old: list[int], random: object) -> None:
    new = sorted(old, key=lambda x: (x * 7 + 3) % 5)
    x, y = np.array(old, dtype=float), np.array(new, dtype=float)
    assert ranks(x) == pytest.approx(len(x) + 1 - stats.rankdata(x))
    pairs = [(i, j) for i in range(len(x)) for j in range(i)]
    reverse = sum((x[i] - x[j]) * (y[i] - y[j]) < 0 for i, j in pairs)
    assert reversed_pairs(x, y) == pytest.approx(reverse / len(pairs))


def test_what_is_not_one_is_not_written_as_one() -> None:
    assert [in_figures(r) for r in (1.0, 0.99999, 0.9994)] == ["1", "above 0.999", "0.999"]
