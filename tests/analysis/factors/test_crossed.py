"""Sums of squares and ω² as statsmodels and the textbook have them."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf

from app.analysis.factors.crossed import crossed_sums, decompose


def decomposed(y, group, prompt):
    return decompose(crossed_sums(y, group, prompt, group.max() + 1, prompt.max() + 1))


def gapped(seed=1, n=240):
    """Groups and prompts met unequally often, some pairs never."""
    rng = np.random.default_rng(seed)
    group, prompt = rng.integers(0, 5, n), rng.integers(0, 50, n)
    prompt = np.unique(prompt, return_inverse=True)[1]
    effect = rng.normal(size=5)[group] + 0.7 * rng.normal(size=50)[prompt]
    return effect + 0.5 * rng.normal(size=n), group, prompt


def test_type_two_sums_of_squares_of_statsmodels():
    y, group, prompt = gapped()
    frame = pd.DataFrame({"y": y, "g": group, "p": prompt})
    table = sm.stats.anova_lm(smf.ols("y ~ C(g) + C(p)", frame).fit(), typ=2)
    found = decomposed(y, group, prompt)
    assert found.adjusted
    assert found.ss_group == pytest.approx(table.loc["C(g)", "sum_sq"], abs=1e-9)
    assert found.ss_prompt == pytest.approx(table.loc["C(p)", "sum_sq"], abs=1e-9)
    assert found.df_prompt == table.loc["C(p)", "df"]
    assert found.freedom == table.loc["Residual", "df"]
    error = table.loc["Residual", "sum_sq"] / table.loc["Residual", "df"]
    assert found.error == pytest.approx(error, abs=1e-9)


def test_effects_are_those_of_least_squares():
    y, group, prompt = gapped()
    frame = pd.DataFrame({"y": y, "g": group, "p": prompt})
    fit = smf.ols("y ~ C(g) + C(p)", frame).fit()
    effects = np.array([0.0, *(fit.params[f"C(g)[T.{k}]"] for k in range(1, 5))])
    effects -= np.bincount(group) @ effects / len(group)
    assert decomposed(y, group, prompt).effects == pytest.approx(effects, abs=1e-9)


def test_every_group_with_every_prompt_gives_the_numerators_of_omega_squared():
    rng = np.random.default_rng(2)
    group, prompt = np.tile(np.arange(4), 30), np.repeat(np.arange(30), 4)
    y = rng.normal(size=4)[group] + rng.normal(size=30)[prompt] + rng.normal(size=120)
    found = decomposed(y, group, prompt)
    for variance, ss, df in (
        (found.group_variance, found.ss_group, 3),
        (found.prompt_variance, found.ss_prompt, 29),
    ):
        assert variance * 120 == pytest.approx(ss - df * found.error, abs=1e-9)
    total = ((y - y.mean()) ** 2).sum()
    assert found.total_variance * 120 == pytest.approx(total + found.error, abs=1e-9)


def test_one_way_by_hand():
    # Means 2 and 6 of three each: SSB = 24, SSW = 4, MSW = 1.
    y = np.array([1.0, 2, 3, 5, 6, 7])
    found = decomposed(y, np.repeat([0, 1], 3), np.arange(6))
    assert not found.adjusted
    assert found.eta_squared == pytest.approx(24 / 28)
    assert found.omega_squared == pytest.approx((24 - 1) / (28 + 1))
    assert found.effects == pytest.approx([-2, 2])


def test_groups_that_share_no_prompt_are_not_adjusted():
    rng = np.random.default_rng(3)
    prompt = np.repeat(np.arange(20), 2)
    assert not decomposed(rng.normal(size=40), (prompt >= 10).astype(int), prompt).adjusted


def test_leaving_prompts_out_is_a_subtraction():
    y, group, prompt = gapped()
    some = prompt % 3 == 0
    whole = crossed_sums(y, group, prompt, 5, 50)
    part = crossed_sums(y[some], group[some], prompt[some], 5, 50)
    rest = crossed_sums(y[~some], group[~some], prompt[~some], 5, 50)
    one, other = decompose(whole.without(part)), decompose(rest)
    assert one.group_variance == pytest.approx(other.group_variance, abs=1e-9)
    assert one.prompt_variance == pytest.approx(other.prompt_variance, abs=1e-9)


def test_variances_are_right_on_average():
    rng = np.random.default_rng(4)
    found = []
    for _ in range(150):
        group, prompt = rng.integers(0, 4, 160), rng.integers(0, 60, 160)
        prompt = np.unique(prompt, return_inverse=True)[1]
        effects = np.array([-0.6, 0.0, 0.2, 0.4])
        y = effects[group] + 0.5 * rng.normal(size=60)[prompt] + 0.8 * rng.normal(size=160)
        one = decomposed(y, group, prompt)
        found.append((one.group_variance, one.prompt_variance))
    group_variance, prompt_variance = np.mean(found, axis=0)
    assert group_variance == pytest.approx(np.var([-0.6, 0.0, 0.2, 0.4]), abs=0.02)
    assert prompt_variance == pytest.approx(0.25, abs=0.03)
