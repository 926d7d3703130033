from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.analysis.bootstrap import bootstrap_bounds, sorted_quantiles
from app.analysis.intervals import IntervalMethod, confidence_bounds
from app.analysis.matrix import Scale
from app.analysis.opinion_scores import mean_opinion_scores
from app.analysis.run import Configuration, analyse

from .builders import DATASETS, dataset, dense, shuffled

SMALL = [[0, 1, 2, 4], [1, 1, 2, 3], [4, 1, 2, -1], [2, 1, -1, -1]]


def test_bounds_are_quantiles_of_the_resampled_means_by_hand() -> None:
    # The same draws, averaged with a loop; the third stimulus is unanimous, the last has n = 2.
    table = np.array(SMALL, dtype=np.float64)
    counts = np.random.default_rng(9).multinomial(4, np.full(4, 0.25), size=200)
    found = bootstrap_bounds(dense(SMALL), resamples=200, seed=9)
    for j in (0, 3):
        rated = table[:, j] >= 0
        means = [
            1 + np.average(table[rated, j], weights=drawn[rated])
            for drawn in counts
            if drawn[rated].sum() > 0
        ]
        expected = np.quantile(means, (0.025, 0.975))
        assert (found.low[j, 0], found.high[j, 0]) == pytest.approx(expected, abs=1e-12)


def test_unanimous_and_single_ratings() -> None:
    matrix = dense([*SMALL, [-1, -1, -1, -1]])
    scores = mean_opinion_scores(matrix)
    found = bootstrap_bounds(matrix)
    pooled = confidence_bounds(scores, None, method=IntervalMethod.POOLED_T)
    assert found.borrowed[:, 0].tolist() == [False, True, True, False]
    assert found.low[1:3, 0] == pytest.approx(pooled.low[1:3, 0])
    single = bootstrap_bounds(dense([[1, 2], [-1, 3], [-1, 4]]))
    assert np.isnan([single.low[0, 0], single.high[0, 0]]).all()
    assert not single.borrowed[0, 0]


@pytest.mark.parametrize("table", [[[2, 3]] * 4, [[-1, -1]] * 3, [[3]], np.empty((0, 2), int)])
def test_nothing_is_known_without_any_spread(table: Any) -> None:
    found = bootstrap_bounds(dense(table))
    assert np.isnan(found.low).all()
    assert not found.borrowed.any()


@pytest.mark.data
@pytest.mark.parametrize("name", DATASETS)
def test_it_agrees_with_the_normal_interval_on_real_panels(
    vectors: dict[str, Any], name: str
) -> None:
    matrix = dataset(vectors, name)
    scores = mean_opinion_scores(matrix)
    found = bootstrap_bounds(matrix)
    normal = confidence_bounds(scores, None, method=IntervalMethod.NORMAL)
    ratio = (found.high - found.low) / (normal.high - normal.low)
    n = scores.n[:, 0].mean()
    assert np.median(ratio) == pytest.approx(np.sqrt((n - 1) / n), abs=0.03)


def test_order_changes_nothing_and_a_seed_fixes_everything() -> None:
    generator = np.random.default_rng(4)
    table = generator.integers(0, 5, (8, 20, 2))
    table[generator.random((8, 20)) < 0.4] = -1
    matrix = dense(table)
    other = shuffled(matrix, 7)
    one, two = bootstrap_bounds(matrix), bootstrap_bounds(other)
    back = [other.stimulus_ids.index(name) for name in matrix.stimulus_ids]
    for name in ("low", "high", "borrowed"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name)[back])
    assert not np.array_equal(one.low, bootstrap_bounds(matrix, seed=1).low, equal_nan=True)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from([0.6, 0.9, 0.99]))
def test_bounds_hold_the_mos_and_stay_between_the_ratings(seed: int, level: float) -> None:
    generator = np.random.default_rng(seed)
    table = generator.integers(-1, 5, (generator.integers(2, 9), 12))
    matrix = dense(table)
    scores = mean_opinion_scores(matrix)
    found = bootstrap_bounds(matrix, level=level, resamples=60, seed=seed)
    known = ~np.isnan(found.low)
    assert (known == ((scores.n >= 2) & ~np.isnan(found.high))).all()
    assert (found.low[known] <= scores.mean[known]).all()
    assert (found.high[known] >= scores.mean[known]).all()
    assert (found.high[known] > found.low[known]).all()
    own = known & ~found.borrowed
    assert (found.low[own] >= 1).all()
    assert (found.high[own] <= 5).all()


def test_shift_and_scale_of_the_scale_carry_over() -> None:
    plain = bootstrap_bounds(dense(SMALL))
    other = bootstrap_bounds(dense(SMALL, scale=Scale(low=-10, step=2.5, level_max=4)))
    assert other.low == pytest.approx(-10 + 2.5 * (plain.low - 1), abs=1e-9, nan_ok=True)
    assert other.high == pytest.approx(-10 + 2.5 * (plain.high - 1), abs=1e-9, nan_ok=True)


def test_the_overall_score_uses_its_weights() -> None:
    table = [[[0, 4], [1, 3]], [[2, 2], [3, 1]], [[4, 0], [0, 0]]]
    found = bootstrap_bounds(dense(table), weights={"quality": 1, "alignment": 0})
    np.testing.assert_array_equal(found.low[:, 2], found.low[:, 0])


def test_quantiles_of_sorted_rows_with_gaps_at_their_ends() -> None:
    values = np.array([[1.0, 2.0, 3.0, 4.0], [1.0, 5.0, np.nan, np.nan], [np.nan] * 4])
    found = sorted_quantiles(values, np.array([4, 2, 0]), 0.25)
    assert found == pytest.approx(np.array([[1.75, 2.0, np.nan], [3.25, 4.0, np.nan]]), nan_ok=True)


def test_an_analysis_takes_it_by_name() -> None:
    setup = Configuration(interval=IntervalMethod.BOOTSTRAP_RATERS, rejecting=frozenset())
    result = analyse(dense(SMALL), setup)
    assert result.mos_bounds.method is IntervalMethod.BOOTSTRAP_RATERS
    assert "interval/bootstrap-raters@1" in result.methods
    np.testing.assert_array_equal(result.mos_bounds.low, bootstrap_bounds(dense(SMALL)).low)


@pytest.mark.parametrize(("level", "resamples"), [(0, 100), (1, 100), (0.95, 1)])
def test_what_makes_no_sense_is_refused(level: float, resamples: int) -> None:
    with pytest.raises(ValueError, match=r"between 0 and 1|at least two"):
        bootstrap_bounds(dense(SMALL), level=level, resamples=resamples)
