from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.analysis.matrix import Scale
from app.analysis.opinion_scores import mean_opinion_scores

from .builders import dense, shuffled


def test_sums_by_hand() -> None:
    #                  stimulus 0: (1, 2) and (3, 0)    stimulus 1: (4, 4)
    sums = dense([[[1, 2], [4, 4]], [[3, 0], [-1, -1]]]).level_sums
    assert sums.n.tolist() == [2, 1]
    assert sums.total.tolist() == [[4, 2], [4, 4]]
    assert sums.products.tolist() == [[[10, 2], [2, 4]], [[16, 16], [16, 16]]]
    shares = np.array([0.5, 0.5])
    assert sums.mean(shares)[0].tolist() == [2, 1, 1.5]
    # 2 Σ (level - mean)² of 1, 3; of 2, 0; of 1.5, 1.5
    assert sums.squares(shares)[0].tolist() == [4, 4, 0]


def test_a_stimulus_without_ratings_has_no_mean() -> None:
    sums = dense([[2, -1], [3, -1]]).level_sums
    assert np.isnan(sums.mean(np.array([1.0]))[1]).all()
    assert sums.squares(np.array([1.0]))[1].tolist() == [0, 0]


def test_all_together_is_one_stimulus() -> None:
    sums = dense([[0, 4, 1], [2, 3, -1]]).level_sums.all_together()
    assert sums.n.tolist() == [5]
    assert sums.total.tolist() == [[10]]
    assert sums.products.tolist() == [[[30]]]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.lists(st.integers(-1, 4), min_size=3, max_size=3), min_size=2, max_size=7),
    st.integers(0, 2**32 - 1),
)
def test_mos_has_the_same_bits_in_any_order_of_rows(table: list[list[int]], seed: int) -> None:
    matrix = dense(table)
    other = shuffled(matrix, seed)
    place = [other.stimulus_ids.index(stimulus) for stimulus in matrix.stimulus_ids]
    ours, theirs = mean_opinion_scores(matrix), mean_opinion_scores(other)
    assert theirs.mean[place].tobytes() == ours.mean.tobytes()
    assert theirs.sos[place].tobytes() == ours.sos.tobytes()


@pytest.mark.parametrize("finest", [2**20, 2**31, 2**50])
def test_scores_stay_right_on_scales_whose_squares_exceed_64_bits(finest: int) -> None:
    levels = [finest, finest - 3, finest - 1, 0]
    scores = mean_opinion_scores(
        dense([[level] for level in levels], scale=Scale(low=0, step=1, level_max=finest))
    )
    mean = Fraction(sum(levels), 4)
    variance = sum((level - mean) ** 2 for level in levels) / 3
    assert scores.mean[0, 0] == pytest.approx(float(mean), rel=1e-15)
    assert scores.sos[0, 0] == pytest.approx(float(variance) ** 0.5, rel=1e-15)
