"""SRCC, KRCC and PLCC agree with the vectors and with SciPy, ties and gaps included."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from app.analysis.metric_evaluation.correlations import correlations

LEVELS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 4)), min_size=3, max_size=40)


def of(rows):
    return [np.array(column, dtype=np.float64) for column in zip(*rows, strict=True)]


def test_six_metrics_of_the_vectors(vectors):
    case = vectors["metric_eval_AVT_AI_QUALITY"]
    for name, values in case["metrics"].items():
        found = correlations(np.array(values), np.array(case["mos"]))
        expected = case["expected"][name]
        assert found.n == 146
        assert found.srcc == pytest.approx(expected["srcc"], abs=1e-9)
        assert found.krcc == pytest.approx(expected["krcc"], abs=1e-9)
        assert found.plcc == pytest.approx(expected["plcc_raw"], abs=1e-9)


def test_by_hand():
    # Pairs: 4 in order, 1 opposite, 1 tied in x: (4 - 1) / sqrt(5 · 6).
    found = correlations(np.array([1.0, 2, 2, 3]), np.array([1.0, 2, 4, 3]))
    assert found.krcc == pytest.approx(3 / np.sqrt(30))


@given(LEVELS)
def test_ties_as_in_scipy(rows):
    x, y = of(rows)
    found = correlations(x, y)
    if len(set(x)) == 1 or len(set(y)) == 1:
        assert np.isnan([found.srcc, found.krcc, found.plcc]).all()
        return
    assert found.krcc == pytest.approx(stats.kendalltau(x, y).statistic, abs=1e-12)
    assert found.srcc == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-12)
    assert found.plcc == pytest.approx(stats.pearsonr(x, y).statistic, abs=1e-12)


@given(LEVELS, st.randoms(use_true_random=False))
def test_the_order_of_images_changes_nothing(rows, random):
    mixed = list(rows)
    random.shuffle(mixed)
    a, b = correlations(*of(rows)), correlations(*of(mixed))
    assert (a.krcc == b.krcc) or (np.isnan(a.krcc) and np.isnan(b.krcc))
    assert a.srcc == pytest.approx(b.srcc, abs=1e-12, nan_ok=True)


def test_missing_values_are_left_out_and_counted():
    x = np.array([1.0, np.nan, 3.0, np.inf, 5.0])
    y = np.array([2.0, 9.0, 1.0, 9.0, np.nan])
    found = correlations(x, y)
    assert (found.n, found.srcc, found.krcc, found.plcc) == (2, -1.0, -1.0, -1.0)


@pytest.mark.parametrize(
    ("x", "y"), [([], []), ([1.0], [2.0]), ([1, 1, 1], [1, 2, 3]), ([1, 2], [3, 3])]
)
def test_undefined(x, y):
    found = correlations(np.array(x, dtype=float), np.array(y, dtype=float))
    assert np.isnan([found.srcc, found.krcc, found.plcc]).all()


def test_unequal_lengths_are_refused():
    with pytest.raises(ValueError, match="equal length"):
        correlations(np.ones(3), np.ones(4))
