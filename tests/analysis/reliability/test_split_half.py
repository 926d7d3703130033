from typing import Any

import numpy as np
import pytest

from app.analysis.matrix import Scale
from app.analysis.opinion_scores import mean_opinion_scores
from app.analysis.reliability.ceiling import noise_ceiling
from app.analysis.reliability.split_half import (
    half_correlations,
    halves,
    spearman_brown,
    split_half,
)

from ..builders import DATASETS, dataset, dense, shuffled


@pytest.mark.data
@pytest.mark.parametrize("name", DATASETS)
def test_even_against_odd_raters_agrees_with_the_vectors(
    vectors: dict[str, Any], name: str
) -> None:
    expected = vectors["datasets"][name]["other"]["split_half_even_odd"]
    matrix = dataset(vectors, name)
    even = np.arange(len(matrix.rater_ids)) % 2 == 0
    first, second = (
        mean_opinion_scores(matrix.of_raters(np.array(matrix.rater_ids)[half])).mean
        for half in (even, ~even)
    )
    rank, straight = half_correlations(first[:, 0], second[:, 0])
    assert straight == pytest.approx(expected["pearson"], abs=1e-9)
    assert rank == pytest.approx(expected["spearman"], abs=1e-9)
    assert spearman_brown(straight, 2) == pytest.approx(expected["pearson_SB"], abs=1e-9)
    assert spearman_brown(rank, 2) == pytest.approx(expected["spearman_SB"], abs=1e-9)


@pytest.mark.data
@pytest.mark.parametrize("name", DATASETS)
def test_the_mean_over_splits_is_near_that_split(vectors: dict[str, Any], name: str) -> None:
    expected = vectors["datasets"][name]["other"]["split_half_even_odd"]
    found = split_half(dataset(vectors, name))
    assert found.plcc_full[0] == pytest.approx(expected["pearson_SB"], abs=0.02)
    assert found.plcc_low[0] <= found.plcc_full[0] <= found.plcc_high[0]
    assert (found.defined == found.splits).all()


@pytest.mark.parametrize(
    ("reliability", "factor", "expected"),
    [
        (0.5, 2, 2 / 3),
        (0.5, 1, 0.5),
        (1.0, 7, 1.0),
        (0.0, 9, 0.0),
        (2 / 3, 0.5, 0.5),
        (-0.2, 2, -0.5),
        (-0.9, 2, -1.0),
        (-1.0, 2, -1.0),
        (np.nan, 2, np.nan),
    ],
)
def test_spearman_brown(reliability: float, factor: float, expected: float) -> None:
    assert spearman_brown(reliability, factor) == pytest.approx(expected, nan_ok=True)


def test_halves_are_equal_and_share_nobody() -> None:
    # Levels that tell the raters apart: the mean of a half says who was in it.
    table = np.array([[1], [2], [4], [8], [16]])
    matrix = dense(np.repeat(table, 3, axis=1), scale=Scale(0, 1, 31))
    for first, second in halves(matrix, None, splits=50, seed=0):
        one, two = int(2 * first[0, 0]), int(2 * second[0, 0])
        assert one.bit_count() == two.bit_count() == 2
        assert one & two == 0


def test_an_odd_panel_is_stepped_up_by_its_own_factor() -> None:
    generator = np.random.default_rng(1)
    table = np.clip(generator.integers(0, 4, 50) + generator.integers(0, 2, (3, 50)), 0, 4)
    found = split_half(dense(table))
    assert (found.half, found.raters) == (1, 3)
    assert found.plcc_full[0] == pytest.approx(spearman_brown(found.plcc[0], 3))


@pytest.mark.parametrize("table", [[[0, 2, 4]], [[-1, -1]], [[2, 2], [2, 2]], [[1, 1], [0, 4]]])
def test_what_has_no_split_half(table: list[list[int]]) -> None:
    found = split_half(dense(table))
    assert np.isnan([found.srcc_full, found.plcc_full, found.plcc_low]).all()


def test_opposed_raters_agree_below_nothing() -> None:
    found = split_half(dense([[0, 2, 4], [4, 2, 0]]))
    assert found.srcc[0] == pytest.approx(-1)
    assert found.srcc_full[0] == -1


def test_a_stimulus_that_only_one_half_rated_is_left_out() -> None:
    table = [[0, 2, 4, -1], [0, 2, 4, 3]]
    assert split_half(dense(table)).plcc[0] == pytest.approx(1)


def test_the_order_changes_nothing_but_the_seed_does() -> None:
    generator = np.random.default_rng(2)
    matrix = dense(generator.integers(0, 5, (6, 20)))
    one, two = split_half(matrix), split_half(shuffled(matrix, 9))
    np.testing.assert_allclose(one.srcc, two.srcc, rtol=0, atol=0)
    assert one.srcc[0] != split_half(matrix, seed=1).srcc[0]


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="one split"):
        split_half(dense([[1, 2]]), splits=0)
    with pytest.raises(ValueError, match="between 0 and 1"):
        split_half(dense([[1, 2]]), level=2)


def test_a_perfect_metric_reaches_the_ceiling() -> None:
    generator = np.random.default_rng(3)
    quality = generator.normal(0, 1, 3000)
    rated = quality + generator.normal(0, 2, (12, 3000))
    levels = np.clip(np.rint(rated * 40 + 500), 0, 1000).astype(int)
    matrix = dense(levels, scale=Scale(0, 1, 1000))
    ceiling = noise_ceiling(float(split_half(matrix, splits=20).plcc_full[0]))
    seen = np.corrcoef(quality, levels.mean(axis=0))[0, 1]
    assert ceiling == pytest.approx(seen, abs=0.01)


@pytest.mark.parametrize(
    ("reliability", "expected"),
    [(0.81, 0.9), (1.0, 1.0), (1.2, 1.0), (0.0, np.nan), (-0.3, np.nan), (np.nan, np.nan)],
)
def test_the_ceiling(reliability: float, expected: float) -> None:
    assert noise_ceiling(reliability) == pytest.approx(expected, nan_ok=True)
