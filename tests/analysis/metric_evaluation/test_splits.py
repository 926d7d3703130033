"""Splits keep a prompt on one side, and depend on the seed alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.analysis.metric_evaluation.splits import grouped_split, split_performance


@given(st.lists(st.integers(0, 8), min_size=2, max_size=60), st.integers(0, 99))
def test_no_prompt_is_on_both_sides_and_no_side_is_empty(prompts, seed):
    prompt = np.array(prompts)
    if len(set(prompts)) < 2:
        with pytest.raises(ValueError, match="two prompts"):
            grouped_split(prompt, seed=seed)
        return
    train = grouped_split(prompt, seed=seed)
    assert not set(prompt[train]) & set(prompt[~train])
    assert train.any()
    assert (~train).any()


def test_the_share_is_reached_and_the_order_does_not_matter():
    prompt = np.repeat(np.arange(100), 4)
    train = grouped_split(prompt, train_share=0.7, seed=3)
    assert train.sum() == 280
    order = np.random.default_rng(0).permutation(400)
    assert (grouped_split(prompt[order], train_share=0.7, seed=3) == train[order]).all()
    assert (grouped_split(prompt, train_share=0.7, seed=4) != train).any()


@pytest.mark.parametrize("share", [0, 1, -1, np.nan])
def test_a_share_is_between_nothing_and_everything(share):
    with pytest.raises(ValueError, match="between 0 and 1"):
        grouped_split(np.arange(9), train_share=share)


def test_performance_on_images_that_were_held_back():
    rng = np.random.default_rng(2)
    x = rng.normal(size=500)
    mos = 3 + np.tanh(2 * x) + 0.3 * rng.normal(size=500)
    found = split_performance(x, mos, np.repeat(np.arange(125), 4))
    assert found.repeats == 10
    assert 0.85 < found.srcc < 0.95
    assert found.plcc > 0.93
    assert found.rmse == pytest.approx(0.3, abs=0.05)


def test_no_split_without_two_prompts():
    found = split_performance(np.arange(9.0), np.arange(9.0), np.zeros(9, int))
    assert found.repeats == 0
    assert np.isnan([found.srcc, found.plcc, found.rmse]).all()


def test_a_metric_that_says_nothing():
    found = split_performance(np.ones(40), np.arange(40.0), np.arange(40))
    assert np.isnan([found.srcc, found.plcc, found.rmse]).all()
