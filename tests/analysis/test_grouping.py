import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from app.analysis.grouping import centred_within, ranks_within, sum_within


def test_centred_within_splits_values_into_mean_and_residual() -> None:
    values, group = np.array([1.0, 4.0, 3.0, 6.0]), np.array([2, 0, 2, 0])
    centred = centred_within(values, group, 3)
    assert centred.n.tolist() == [2, 0, 2]
    assert centred.mean[[0, 2]].tolist() == [5, 2]
    assert np.isnan(centred.mean[1])
    assert centred.residual.tolist() == [-1, -1, 1, 1]


def test_residuals_of_equal_values_are_exactly_zero() -> None:
    # Ten times 0.1 adds up to 0.9999999999999999, so a plain mean would leave a residual.
    tenths = np.full(10, 0.1)
    assert sum(tenths) / 10 != 0.1
    assert not centred_within(tenths, np.zeros(10, dtype=np.int64), 1).residual.any()


def test_sum_within_gives_zero_for_an_empty_group() -> None:
    assert sum_within(np.array([1.5, 2.0]), np.array([1, 1]), 3).tolist() == [0, 3.5, 0]


def test_functions_accept_no_values_at_all() -> None:
    nothing, none = np.empty(0), np.empty(0, dtype=np.int64)
    assert ranks_within(nothing, none).shape == (0,)
    assert np.isnan(centred_within(nothing, none, 2).mean).all()


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), min_size=1, max_size=40))
def test_ranks_within_are_scipy_ranks_of_each_group(rows: list[tuple[int, int]]) -> None:
    group, values = np.array(rows).T
    ranks = ranks_within(values.astype(float), group)
    for g in np.unique(group):
        assert ranks[group == g].tolist() == stats.rankdata(values[group == g]).tolist()
