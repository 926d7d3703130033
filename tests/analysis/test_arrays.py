import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.analysis.arrays import locked_integers, order_of_columns, order_of_keys, rows_of


def test_a_locked_array_is_a_copy_with_each_column_in_one_piece() -> None:
    given_levels = np.arange(6).reshape(3, 2)
    locked = locked_integers("levels", given_levels)
    given_levels[0, 0] = 9
    assert locked[0, 0] == 0
    assert locked[:, 1].flags.c_contiguous
    with pytest.raises(ValueError, match="read-only"):
        locked[0, 0] = 1


def test_what_is_locked_already_is_not_copied_again() -> None:
    locked = locked_integers("levels", [[1, 2], [3, 4]])
    assert locked_integers("levels", locked) is locked
    column = locked[:, 1]
    assert locked_integers("rater", column) is column


def test_a_read_only_view_of_something_that_can_change_is_copied() -> None:
    changing = np.arange(3)
    view = changing[:]
    view.setflags(write=False)
    locked = locked_integers("rater", view)
    changing[0] = 7
    assert locked[0] == 0


def test_rows_of_one_and_two_dimensions() -> None:
    rows = np.array([2, 0])
    assert rows_of(np.array([5, 6, 7]), rows).tolist() == [7, 5]
    assert rows_of(np.array([[1, 2], [3, 4], [5, 6]]), rows).tolist() == [[5, 6], [1, 2]]


@settings(max_examples=50, deadline=None)
@given(st.sets(st.integers(0, 60), max_size=30), st.integers(61, 1000))
def test_order_of_keys_sorts_few_and_many_keys(keys: set[int], size: int) -> None:
    shuffled = np.array(sorted(keys, key=lambda key: hash((key, size))), dtype=np.int64)
    assert shuffled[order_of_keys(shuffled, size)].tolist() == sorted(keys)


def test_equal_keys_stand_side_by_side() -> None:
    keys = np.array([1, 0, 1, 0])
    assert keys[order_of_keys(keys, 2)].tolist() == [0, 0, 1, 1]


def test_order_of_columns_sorts_by_the_first_then_by_the_next() -> None:
    first, second = np.array([1, 0, 1, 0]), np.array([[0, 2], [1, 1], [0, 1], [0, 9]])
    assert order_of_columns(first, second).tolist() == [3, 1, 2, 0]
