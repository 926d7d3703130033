"""A setting against its default: paired by prompt where prompts are shared."""

import numpy as np
import pytest
from scipy import stats

from app.analysis.factors.settings import Basis, setting_difference


def compare(mos, prompt, value, *, other=None, **options):
    value = np.array(value, dtype=bool)
    other = np.zeros(len(mos), dtype=int) if other is None else np.array(other)
    return setting_difference(
        np.array(mos, dtype=float), np.array(prompt), other, value, ~value, **options
    )


def test_paired_by_prompt_it_is_the_paired_t_test():
    rng = np.random.default_rng(1)
    prompt_effect = 3 * rng.normal(size=40)
    one, two = prompt_effect + 0.3 + 0.1 * rng.normal(size=40), prompt_effect
    found = compare([*one, *two], [*range(40)] * 2, [1] * 40 + [0] * 40)
    expected = stats.ttest_rel(one, two).confidence_interval(0.95)
    assert found.basis is Basis.SAME_SETTINGS
    assert (found.prompts, found.pictures, found.default_pictures) == (40, 40, 40)
    assert (found.low, found.high) == pytest.approx(tuple(expected), abs=1e-9)


def test_other_settings_must_agree_where_the_plan_allows():
    # The value was mostly used with other setting 1, which adds 5; within it the effect is 1.
    mos, prompt, value, other = [], [], [], []
    for p in range(12):
        noise = 0.1 * (p % 3)
        for with_value, stratum, score in ((1, 1, 6.0 + noise), (0, 1, 5.0), (0, 0, 0.0)):
            mos.append(score)
            prompt.append(p)
            value.append(with_value)
            other.append(stratum)
    found = compare(mos, prompt, value, other=other)
    assert found.basis is Basis.SAME_SETTINGS
    assert found.difference == pytest.approx(1.1)


def test_the_same_prompt_serves_where_settings_were_drawn_at_random():
    n = 30
    rng = np.random.default_rng(2)
    found = compare(rng.normal(size=n), np.arange(n) // 2, np.arange(n) % 2, other=np.arange(n))
    assert (found.basis, found.prompts) == (Basis.SAME_PROMPT, 15)


def test_without_shared_prompts_means_are_compared():
    rng = np.random.default_rng(3)
    one, two = rng.normal(size=20) + 1, rng.normal(size=30)
    found = compare([*one, *two], range(50), [1] * 20 + [0] * 30)
    assert (found.basis, found.prompts) == (Basis.NOTHING, 20)
    assert found.difference == pytest.approx(one.mean() - two.mean())
    error = np.sqrt(one.var(ddof=1) / 20 + two.var(ddof=1) / 30)
    half = stats.t.ppf(0.975, 19) * error
    assert found.high - found.difference == pytest.approx(half)


@pytest.mark.parametrize(
    ("mos", "prompt", "value", "reason"),
    [
        ([3, 4], [1, 2], [0, 0], "One side has no picture with a score."),
        ([np.nan, 4], [1, 1], [1, 0], "One side has no picture with a score."),
        ([3, 4], [1, 1], [1, 0], "There is a single picture."),
        ([3, 2, 5, 4], [1, 1, 2, 2], [1, 0, 1, 0], "The difference is the same for every prompt."),
    ],
)
def test_no_interval_is_said(mos, prompt, value, reason):
    found = compare(mos, prompt, value)
    assert found.reason == reason
    assert np.isnan([found.low, found.high]).all()


def test_turning_the_comparison_round_turns_the_sign():
    rng = np.random.default_rng(4)
    mos, prompt, value = rng.normal(size=60), rng.integers(0, 15, 60), rng.integers(0, 2, 60)
    one, two = compare(mos, prompt, value), compare(mos, prompt, 1 - value)
    assert one.difference == pytest.approx(-two.difference)
    assert (one.low, one.high) == pytest.approx((-two.high, -two.low))
    order = rng.permutation(60)
    assert compare(mos[order], prompt[order], value[order]).low == pytest.approx(one.low)


def test_no_bound_lies_beyond_the_width_of_the_scale():
    # Two prompts on each side: the t interval alone would reach beyond -9 and 7.
    mos, value = [1.0, 3.0, 2.0, 4.5], [1, 1, 0, 0]
    free = compare(mos, range(4), value)
    found = compare(mos, range(4), value, widest=5.0)
    assert free.low < -5.0
    assert free.high > 5.0
    assert (found.low, found.high) == (-5.0, 5.0)
    assert found.difference == free.difference
    alike = compare([2.0, 2.0, 1.0, 1.0], [0, 1, 0, 1], [1, 1, 0, 0], widest=5.0)
    assert np.isnan([alike.low, alike.high]).all()
