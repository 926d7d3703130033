"""Paired comparison of metrics: by hand, against published numbers, and against chance."""

import numpy as np
import pytest

from app.analysis.metric_evaluation.comparison import compare_metrics, holm, meng_rosenthal_rubin


def test_holm_by_hand():
    # Ascending .01 .02 .03 .04 times 4 3 2 1, made to ascend.
    assert holm(np.array([0.01, 0.04, 0.03, 0.02])) == pytest.approx([0.04, 0.06, 0.06, 0.06])
    assert holm(np.array([0.5, np.nan, 0.9])) == pytest.approx([1.0, np.nan, 1.0], nan_ok=True)
    assert len(holm(np.array([]))) == 0


def test_meng_rosenthal_rubin_as_worked_in_their_paper():
    # N = 15, r = .63 and -.03, between them -.19: Z = 1.68.
    assert meng_rosenthal_rubin(0.63, -0.03, -0.19, 15) == pytest.approx(0.093, abs=5e-4)


@pytest.mark.parametrize(
    ("first", "second", "between", "n", "p"),
    [
        (0.5, 0.5, 0.3, 50, 1.0),
        (0.5, 0.4, 1.0, 50, 1.0),
        (0.5, 0.4, 0.3, 3, np.nan),
        (1.0, 0.4, 0.4, 30, np.nan),
        (np.nan, 0.4, 0.4, 30, np.nan),
    ],
)
def test_meng_rosenthal_rubin_edges(first, second, between, n, p):
    assert meng_rosenthal_rubin(first, second, between, n) == pytest.approx(p, nan_ok=True)


@pytest.fixture(scope="module")
def three():
    rng = np.random.default_rng(3)
    mos = rng.normal(size=300)
    good = mos + 0.5 * rng.normal(size=300)
    same = good + 0.02 * rng.normal(size=300)
    bad = mos + 3 * rng.normal(size=300)
    return np.stack([bad, same, good]), mos, np.repeat(np.arange(100), 3)


def test_the_best_the_equal_and_the_bad(three):
    predictions, mos, prompt = three
    found = compare_metrics(["bad", "same", "good"], predictions, mos, prompt)
    assert (found.n, found.prompts) == (300, 100)
    assert found.names[2] == "bad"
    assert found.near_best.tolist() == [True, True, False]
    assert (np.diff(found.srcc) <= 0).all()
    by_names = {(d.first, d.second): d for d in found.differences}
    assert len(by_names) == 3
    against_bad = by_names[found.names[0], "bad"]
    assert against_bad.is_significant
    assert 0 < against_bad.low < against_bad.difference < against_bad.high
    assert against_bad.p_mrr_holm < 0.05
    assert all(d.p_holm >= d.p for d in found.differences)


def test_the_order_of_metrics_does_not_matter(three):
    predictions, mos, prompt = three
    one = compare_metrics(["bad", "same", "good"], predictions, mos, prompt, resamples=50)
    two = compare_metrics(
        ["good", "bad", "same"], predictions[[2, 0, 1]], mos, prompt, resamples=50
    )
    assert one.differences == two.differences


def test_the_same_ranks_are_no_difference():
    mos = np.arange(40.0)
    x = mos + np.tile([0.0, 3.0], 20)
    (difference,) = compare_metrics(["a", "b"], np.stack([x, x**3]), mos, np.arange(40)).differences
    assert (difference.difference, difference.p, difference.p_mrr) == (0.0, 1.0, 1.0)
    assert not difference.is_significant


def test_one_prompt_allows_no_test():
    rng = np.random.default_rng(1)
    found = compare_metrics(
        ["a", "b"], rng.normal(size=(2, 20)), rng.normal(size=20), np.zeros(20, int)
    )
    assert np.isnan([found.differences[0].p, found.differences[0].low]).all()
    assert found.near_best.all()


def test_equal_metrics_are_rarely_called_different():
    rng = np.random.default_rng(8)
    called = 0
    for _ in range(60):
        mos = np.repeat(rng.normal(size=40), 3) + rng.normal(size=120)
        noise = np.repeat(rng.normal(size=(2, 40)), 3, axis=1)
        found = compare_metrics(
            ["a", "b"], mos + 1.5 * noise, mos, np.repeat(np.arange(40), 3), resamples=200
        )
        called += found.differences[0].is_significant
    assert called <= 7  # 3 expected
