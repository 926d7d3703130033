import numpy as np
import pytest
from scipy import stats

from app.analysis.correlation import pearson_within, spearman_within, srcc


def test_srcc_agrees_with_scipy_under_ties() -> None:
    generator = np.random.default_rng(3)
    x, y = generator.integers(0, 5, (2, 60))
    assert srcc(x, y) == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-12)


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [
        ([1, 2, 3], [10, 20, 400], 1.0),
        ([1, 2, 3], [3, 2, 1], -1.0),
        ([1, 2, 3, np.nan], [1, np.nan, 3, 4], 1.0),
        ([1, 1, 1], [1, 2, 3], np.nan),
        ([1], [1], np.nan),
        ([], [], np.nan),
    ],
)
def test_srcc_edge_cases(x: list[float], y: list[float], expected: float) -> None:
    assert srcc(x, y) == pytest.approx(expected, nan_ok=True)


def test_srcc_refuses_rows_of_different_length() -> None:
    with pytest.raises(ValueError, match="equal length"):
        srcc([1, 2], [1, 2, 3])


def test_correlations_within_groups_agree_with_scipy_group_by_group() -> None:
    generator = np.random.default_rng(4)
    group = generator.integers(0, 4, 200)
    x = generator.integers(0, 5, 200).astype(float)
    y = x + generator.normal(0, 1, 200)
    pearson, spearman = pearson_within(x, y, group, 5), spearman_within(x, y, group, 5)
    for g in range(4):
        mine = group == g
        assert pearson[g] == pytest.approx(stats.pearsonr(x[mine], y[mine]).statistic, abs=1e-12)
        assert spearman[g] == pytest.approx(stats.spearmanr(x[mine], y[mine]).statistic, abs=1e-12)
    assert np.isnan(pearson[4])


def test_a_side_that_never_differs_has_no_correlation_even_with_awkward_fractions() -> None:
    # The mean of equal thirds is not exactly a third; a naive variance would be above zero.
    x, y, group = np.arange(7.0), np.full(7, 64 / 21), np.zeros(7, dtype=np.int64)
    assert np.isnan(pearson_within(x, y, group, 1)[0])
