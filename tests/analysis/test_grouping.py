import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from app.analysis.grouping import (
    Grouping,
    as_integers,
    centred_within,
    exact_numbers,
    sum_within,
)


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
    assert Grouping(none, 0).ranks(nothing).shape == (0,)
    assert np.isnan(centred_within(nothing, none, 2).mean).all()


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), min_size=1, max_size=40))
def test_ranks_are_scipy_ranks_of_each_group(rows: list[tuple[int, int]]) -> None:
    group, values = np.array(rows).T
    ranks = Grouping(group, 4).ranks(values.astype(float))
    for g in np.unique(group):
        assert ranks[group == g].tolist() == stats.rankdata(values[group == g]).tolist()


GROUPED = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 40)), min_size=1, max_size=60)


@settings(max_examples=50, deadline=None)
@given(GROUPED)
def test_stretches_and_scattered_groups_give_the_same(rows: list[tuple[int, int]]) -> None:
    scattered_group, scattered = np.array(rows).T
    order = np.argsort(scattered_group, kind="stable")
    apart, together = Grouping(scattered_group, 7), Grouping(scattered_group[order], 7)
    values = scattered[order]
    assert together.n.tolist() == apart.n.tolist()
    assert together.integer_sum(values).tolist() == apart.integer_sum(scattered).tolist()
    assert together.largest(values).tolist() == apart.largest(scattered).tolist()
    assert together.of_values(np.arange(7)).tolist() == scattered_group[order].tolist()
    assert together.ranks(values).tolist() == apart.ranks(scattered)[order].tolist()
    ours, theirs = together.moments(values / 3), apart.moments(scattered / 3)
    assert np.allclose(ours.mean, theirs.mean, equal_nan=True, rtol=1e-13)
    assert np.allclose(ours.sd, theirs.sd, equal_nan=True, atol=1e-13)


@settings(max_examples=50, deadline=None)
@given(GROUPED)
def test_counted_ranks_are_sorted_ranks(rows: list[tuple[int, int]]) -> None:
    group, values = np.array(sorted(rows)).T
    grouping = Grouping(group, 6)
    assert grouping.ranks(values).tolist() == grouping.ranks(values / 7).tolist()


def test_ranks_of_long_stretches_are_scipy_ranks() -> None:
    values = np.random.default_rng(5).integers(0, 50, 400) / 3
    grouping = Grouping(np.repeat([0, 2], 200), 3)
    expected = np.concatenate([stats.rankdata(values[:200]), stats.rankdata(values[200:])])
    assert grouping.ranks(values).tolist() == expected.tolist()


def test_moments_by_hand_and_of_equal_values() -> None:
    moments = Grouping(np.array([0, 0, 0, 2]), 3).moments(np.array([1.0, 3.0, 8.0, 5.0]))
    assert moments.n.tolist() == [3, 0, 1]
    assert moments.mean[[0, 2]].tolist() == [4, 5]
    assert np.isnan(moments.mean[1])
    assert moments.squares.tolist() == [26, 0, 0]
    assert np.isnan(moments.sd[1:]).all()
    assert Grouping(np.zeros(10, dtype=np.int64), 1).moments(np.full(10, 0.1)).sd[0] == 0


def test_moments_keep_their_precision_far_from_zero() -> None:
    moments = Grouping(np.zeros(3, dtype=np.int64), 1).moments(1e9 + np.array([1.0, 2.0, 3.0]))
    assert moments.sd[0] == 1


def test_blocks_are_whole_groups_and_leave_nothing_out() -> None:
    counts = [3, 0, 40_000, 1, 9_000, 9_000, 0, 5]
    group = np.repeat(np.arange(8), counts)
    blocks = list(Grouping(group, 8).blocks())
    assert [block.groups.stop for block in blocks[:-1]] == [b.groups.start for b in blocks[1:]]
    assert (blocks[0].groups.start, blocks[-1].groups.stop) == (0, 8)
    assert np.concatenate([group[block.rows] for block in blocks]).tolist() == group.tolist()
    for block in blocks:
        assert block.grouping.n.tolist() == counts[block.groups]
    assert len(blocks) > 2


def test_groups_that_do_not_lie_in_stretches_are_one_block() -> None:
    scattered = Grouping(np.array([1, 0, 1]), 2)
    assert [block.grouping for block in scattered.blocks()] == [scattered]


def test_sums_of_integers_are_exact_however_large() -> None:
    values = np.array([2**60, 1, 2**60, 1])
    for group in ([0, 0, 0, 1], [1, 0, 0, 0]):
        assert int(Grouping(np.array(group), 2).integer_sum(values).sum()) == 2**61 + 2
    huge = exact_numbers(values, 2**70) * 2**20
    (total,) = Grouping(np.zeros(4, dtype=np.int64), 1).sums(lambda part: [huge[part]])
    assert as_integers(total)[0] == 2**81 + 2**21


def test_sums_of_terms_go_through_the_values_part_by_part() -> None:
    values, group = np.arange(50_000.0), np.arange(50_000) % 3
    plain, twice = Grouping(group, 4).sums(lambda part: [values[part], 2 * values[part]])
    assert plain.tolist() == [*(values[g::3].sum() for g in range(3)), 0]
    assert twice.tolist() == (2 * plain).tolist()
    (nothing,) = Grouping(group[:0], 2).sums(lambda part: [values[:0][part]])
    assert nothing.tolist() == [0, 0]
