"""SRCC in resamples of prompts equals SRCC of the pictures written out."""

import numpy as np
import pytest
from scipy import stats

from app.analysis.metric_evaluation.clusters import SharedResamples, resampled_srcc


def test_a_resample_is_the_pictures_of_the_drawn_prompts():
    rng = np.random.default_rng(4)
    prompt = rng.integers(10, 25, size=60)
    x, mos = rng.integers(0, 12, 60).astype(float), rng.integers(0, 8, 60).astype(float)
    found = resampled_srcc(np.stack([x, -x]), mos, prompt, resamples=50, seed=9)
    labels = np.unique(prompt)
    drawn = np.random.default_rng(9).integers(0, len(labels), size=(50, len(labels)))
    for row, values in zip(drawn, found, strict=True):
        images = np.concatenate([np.flatnonzero(prompt == labels[k]) for k in row])
        expected = stats.spearmanr(x[images], mos[images]).statistic
        assert values == pytest.approx([expected, -expected], abs=1e-12)


def test_a_constant_metric_has_none():
    found = resampled_srcc(np.ones((1, 9)), np.arange(9.0), np.arange(9), resamples=3)
    assert np.isnan(found).all()


def test_repeated_prompts_make_it_less_certain():
    rng = np.random.default_rng(6)
    base = rng.normal(size=50)
    mos = np.repeat(base, 8) + 0.01 * rng.normal(size=400)
    metric = np.repeat(base + rng.normal(size=50), 8) + 0.01 * rng.normal(size=400)
    alone = resampled_srcc(metric[None], mos, np.arange(400), resamples=200).std()
    together = resampled_srcc(metric[None], mos, np.repeat(np.arange(50), 8), resamples=200).std()
    assert together > 2 * alone


def test_shared_resamples_are_those_of_each_metric_on_its_own_images():
    rng = np.random.default_rng(2)
    x, mos = rng.normal(size=(3, 90)), rng.integers(0, 9, 90).astype(float)
    prompt = np.repeat(np.arange(30), 3)
    x[1, :10] = np.nan
    x[2, 5] = np.inf
    shared = SharedResamples(x, mos, prompt, resamples=40)
    some = np.arange(90) % 3 > 0
    for metric in (2, 0, 1, 0):
        has = some & np.isfinite(x[metric])
        alone = resampled_srcc(x[metric][None, has], mos[has], prompt[has], resamples=40)
        assert (shared.each(metric, some) == alone[:, 0]).all()
    common = np.isfinite(x).all(axis=0)
    alone = resampled_srcc(x[:, common], mos[common], prompt[common], resamples=40)
    assert (shared.common([2, 0], common) == alone[:, [2, 0]]).all()


def test_no_image_has_no_srcc():
    found = resampled_srcc(np.ones((2, 0)), np.ones(0), np.ones(0, int), resamples=3)
    assert found.shape == (3, 2)
    assert np.isnan(found).all()
