"""Means with intervals clustered by prompt: by hand, against statsmodels, and at the edges."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy import stats

from app.analysis.factors.means import clustered_mean


def test_with_one_picture_for_each_prompt_it_is_the_t_interval():
    values = np.array([1.0, 2.0, 4.0, 5.0])
    found = clustered_mean(values, np.arange(4), level=0.9)
    low, high = stats.t.interval(0.9, 3, loc=3, scale=values.std(ddof=1) / 2)
    assert (found.mean, found.low, found.high) == pytest.approx((3, low, high))
    assert (found.pictures, found.prompts, found.reason) == (4, 4, None)


def test_by_hand_with_two_pictures_of_each_prompt():
    # Deviations -2 -1 | 1 2 add up to -3 and 3 in two prompts: SE² = 2/1 · 18 / 16.
    found = clustered_mean(np.array([1.0, 2.0, 4.0, 5.0]), np.array([7, 7, 3, 3]))
    half = stats.t.ppf(0.975, 1) * 1.5
    assert (found.low, found.high) == pytest.approx((3 - half, 3 + half))


def test_statsmodels_says_the_same():
    rng = np.random.default_rng(3)
    prompt = rng.integers(0, 25, 200)
    values = rng.normal(size=25)[prompt] + rng.normal(size=200)
    frame = pd.DataFrame({"y": values, "prompt": prompt})
    fit = smf.ols("y ~ 1", frame).fit(
        cov_type="cluster", cov_kwds={"groups": frame["prompt"]}, use_t=True
    )
    low, high = fit.conf_int(0.05).loc["Intercept"]
    found = clustered_mean(values, prompt)
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-9)


def test_pictures_that_are_alike_count_as_one():
    rng = np.random.default_rng(4)
    base = rng.normal(size=30)
    alone = clustered_mean(base, np.arange(30))
    copied = clustered_mean(np.repeat(base, 5), np.repeat(np.arange(30), 5))
    assert (copied.low, copied.high) == pytest.approx((alone.low, alone.high))


def test_two_pictures_do_not_leave_the_scale():
    found = clustered_mean(np.array([4.0, 4.8]), np.arange(2), bounds=(1, 5))
    assert (found.low, found.high) == (1, 5)


@pytest.mark.parametrize(
    ("values", "prompt", "reason"),
    [
        ([], [], "No picture has a score."),
        ([np.nan], [1], "No picture has a score."),
        ([3.0], [1], "There is a single picture."),
        ([3.0, 4.0], [1, 1], "All pictures are of one prompt."),
        ([3.0, 3.0], [1, 2], "All pictures have the same score."),
        ([2.1, 0.7 * 3, 2.1], [1, 2, 3], "All pictures have the same score."),
    ],
)
def test_no_interval_is_said(values, prompt, reason):
    found = clustered_mean(np.array(values, dtype=float), np.array(prompt, dtype=int))
    assert found.reason == reason
    assert np.isnan([found.low, found.high]).all()


def test_the_order_of_pictures_changes_no_bit():
    rng = np.random.default_rng(5)
    values, prompt = rng.normal(size=99), rng.integers(0, 9, 99)
    order = rng.permutation(99)
    assert clustered_mean(values, prompt) == clustered_mean(values[order], prompt[order])


def test_coverage_with_shared_prompts():
    rng = np.random.default_rng(6)
    hits = 0
    for _ in range(400):
        prompt = rng.integers(0, 12, 60)
        values = rng.normal(size=12)[prompt] + 0.5 * rng.normal(size=60)
        found = clustered_mean(values, prompt)
        hits += found.low <= 0 <= found.high
    assert 0.90 <= hits / 400 <= 0.98
