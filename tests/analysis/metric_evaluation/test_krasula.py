"""Both AUCs, against a slow count of every pair, and what the reference counts differently."""

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from app.analysis.metric_evaluation.krasula import pair_performance, panel_pairs
from app.analysis.opinion_scores import mean_opinion_scores

from ..builders import dataset


def auc(high, low):
    return mannwhitneyu(high, low).statistic / (len(high) * len(low))


def slow(raw, prediction, threshold):
    """Every unordered pair of raw score lists, as the definition says."""
    similar, better = [], []
    for i, j in combinations(range(len(raw)), 2):
        a, b = raw[i], raw[j]
        z = (a.mean() - b.mean()) / np.sqrt(a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b))
        difference = prediction[i] - prediction[j]
        if abs(z) > threshold:
            better.append(np.sign(z) * difference)
        else:
            similar.append(abs(difference))
    return np.array(similar), np.array(better)


@pytest.fixture
def appeal(vectors):
    matrix = dataset(vectors, "AVT_AI_APPEAL")
    scores = mean_opinion_scores(matrix)
    raw = [matrix.scale.scores(matrix.levels[matrix.stimulus == j, 0]) for j in range(146)]
    metrics = vectors["metric_eval_AVT_AI_QUALITY"]["metrics"]
    return scores, raw, {name: np.array(values) for name, values in metrics.items()}


def test_real_scores_and_metrics_against_a_slow_count(appeal):
    scores, raw, metrics = appeal
    pairs = panel_pairs(scores.mean[:, 0], scores.sos[:, 0], scores.n[:, 0])
    assert (len(pairs.outcome), pairs.possible, pairs.is_sample) == (10_585, 10_585, False)
    for values in metrics.values():
        found = pair_performance(pairs, values)
        similar, better = slow(raw, values, 1.96)
        assert (found.similar, found.different) == (len(similar), len(better))
        expected = auc(np.abs(better), similar)
        assert found.auc_different_similar == pytest.approx(expected, abs=1e-9)
        assert found.auc_better_worse == pytest.approx(auc(better, -better), abs=1e-9)
        assert found.correct == pytest.approx((better > 0).mean(), abs=1e-12)
        assert found.threshold_95 == pytest.approx(np.percentile(similar, 95), abs=1e-12)


def test_counting_pairs_twice_and_with_themselves_raises_different_similar(appeal):
    scores, raw, metrics = appeal
    similar, better = slow(raw, metrics["NIQE"], 1.96)
    as_reference = auc(
        np.abs(np.repeat(better, 2)), np.concatenate([np.repeat(similar, 2), np.zeros(146)])
    )
    pairs = panel_pairs(scores.mean[:, 0], scores.sos[:, 0], scores.n[:, 0])
    assert pair_performance(pairs, metrics["NIQE"]).auc_different_similar < as_reference - 0.005


def test_by_hand():
    # SE 0.1 each: 1 and 1.1 are alike, 3 differs from both; the metric gets one pair wrong.
    pairs = panel_pairs(np.array([1.0, 1.1, 3.0]), np.full(3, 0.2), np.full(3, 4))
    outcomes = dict(zip(zip(pairs.first, pairs.second, strict=True), pairs.outcome, strict=True))
    assert outcomes == {(0, 1): 0, (0, 2): -1, (1, 2): -1}
    found = pair_performance(pairs, np.array([5.0, 7.0, 6.0]))
    assert (found.different, found.similar) == (2, 1)
    assert found.correct == 0.5
    assert found.auc_different_similar == 0.0
    assert found.auc_better_worse == 0.5
    assert found.threshold_95 == 2.0


def test_a_perfect_and_a_reversed_metric():
    mos = np.linspace(1, 5, 40)
    pairs = panel_pairs(mos, np.full(40, 0.5), np.full(40, 20))
    assert pair_performance(pairs, mos).auc_better_worse == 1.0
    assert pair_performance(pairs, mos).auc_different_similar == pytest.approx(1.0)
    assert pair_performance(pairs, -mos).auc_better_worse == 0.0
    assert pair_performance(pairs, -mos).correct == 0.0


def test_a_pair_on_the_threshold_is_similar_whatever_the_rounding():
    # Variance 0.25 of 50 ratings each: SE of the difference 0.1, so 0.2 is exactly 2 of them.
    for shift in np.linspace(1, 4, 31):
        pairs = panel_pairs(
            shift + np.array([0.0, 0.2]), np.full(2, 0.5), np.full(2, 50), threshold=2
        )
        assert pairs.outcome.tolist() == [0]


def test_a_pair_beyond_the_threshold_is_different():
    pairs = panel_pairs(np.array([3.0, 3.2001]), np.full(2, 0.5), np.full(2, 50), threshold=2)
    assert pairs.outcome.tolist() == [-1]


@pytest.mark.parametrize("unit", [0.1, 0.01, 1 / 3, 10.0, 1e-7])
def test_ties_between_differences_are_ties_in_any_unit(unit):
    rng = np.random.default_rng(5)
    mos = rng.uniform(1, 5, 40)
    whole = np.rint(10 * (mos + rng.normal(0, 0.5, 40)))
    pairs = panel_pairs(mos, np.full(40, 0.8), np.full(40, 9))
    exact, found = pair_performance(pairs, whole), pair_performance(pairs, whole * unit)
    # Whole numbers have exact differences.
    difference = whole[pairs.first] - whole[pairs.second]
    told_apart = pairs.outcome != 0
    expected = auc(np.abs(difference[told_apart]), np.abs(difference[~told_apart]))
    assert exact.auc_different_similar == pytest.approx(expected, abs=1e-12)
    assert found.auc_different_similar == exact.auc_different_similar
    assert found.auc_better_worse == exact.auc_better_worse
    assert found.correct == exact.correct


def test_a_small_difference_beside_a_large_value_is_no_tie():
    # 0 and 0.0001 differ from 0.0003 by 3 and 2 ten-thousandths, also beside a billion.
    pairs = panel_pairs(np.array([1.0, 1.1, 3.0, 5.0]), np.full(4, 0.2), np.full(4, 4))
    near = pair_performance(pairs, np.array([0.0, 1e-4, 3e-4, 1.0]))
    far = pair_performance(pairs, np.array([0.0, 1e-4, 3e-4, 1e9]))
    assert near.auc_different_similar == far.auc_different_similar == 1.0
    assert near.correct == far.correct == 1.0


def test_within_prompts_only_pictures_of_the_same_prompt_meet():
    prompt = np.array([7, 3, 7, 3, 7, 9])
    pairs = panel_pairs(np.arange(6.0), np.ones(6), np.full(6, 5), prompt=prompt)
    met = {frozenset(p) for p in zip(pairs.first.tolist(), pairs.second.tolist(), strict=True)}
    assert met == {frozenset(p) for p in [(0, 2), (0, 4), (2, 4), (1, 3)]}
    assert pairs.within_prompts


def test_a_sample_is_seeded_distinct_and_close():
    rng = np.random.default_rng(1)
    mos, n = rng.uniform(1, 5, 600), np.full(600, 20)
    metric = mos + rng.normal(size=600)
    every = panel_pairs(mos, np.full(600, 0.8), n)
    some = panel_pairs(mos, np.full(600, 0.8), n, most=40_000, seed=5)
    assert every.possible == some.possible == 600 * 599 // 2
    assert some.is_sample
    keys = some.first * 600 + some.second
    assert len(np.unique(keys)) == 40_000
    assert (some.first < some.second).all()
    assert some.second.max() < 600
    again = panel_pairs(mos, np.full(600, 0.8), n, most=40_000, seed=5)
    assert (again.first == some.first).all()
    a, b = pair_performance(every, metric), pair_performance(some, metric)
    assert a.auc_different_similar == pytest.approx(b.auc_different_similar, abs=0.01)
    assert a.auc_better_worse == pytest.approx(b.auc_better_worse, abs=0.01)


@pytest.mark.parametrize("sizes", [[2000], [3, 1, 50, 2], [1]])
def test_every_pair_of_every_group_is_there_once(sizes):
    prompt = np.repeat(np.arange(len(sizes)), sizes)
    total = len(prompt)
    pairs = panel_pairs(
        np.zeros(total), np.ones(total), np.full(total, 5), prompt=prompt, most=10**7
    )
    assert len(np.unique(pairs.first * total + pairs.second)) == pairs.possible
    assert pairs.possible == sum(s * (s - 1) // 2 for s in sizes)
    assert (prompt[pairs.first] == prompt[pairs.second]).all()
    assert (pairs.first != pairs.second).all()


def test_who_is_left_out():
    mos = np.array([1.0, 2.0, np.nan, 4.0])
    sos = np.array([1.0, np.nan, np.nan, 1.0])
    pairs = panel_pairs(mos, sos, np.array([9, 1, 0, 9]))
    assert (pairs.left_out, len(pairs.outcome)) == (2, 1)


def test_a_unanimous_image_borrows_the_spread_of_the_others():
    mos, n = np.array([3.0, 3.4, 3.0]), np.full(3, 4)
    pairs = panel_pairs(mos, np.array([0.0, 0.0, 1.0]), n)
    assert pairs.outcome.tolist() == [0, 0, 0]
    nothing = panel_pairs(mos, np.zeros(3), n)
    assert (nothing.left_out, len(nothing.outcome)) == (3, 0)


def test_undefined_without_pairs_or_predictions():
    pairs = panel_pairs(np.array([1.0, 5.0]), np.full(2, 0.1), np.full(2, 9))
    found = pair_performance(pairs, np.array([1.0, 2.0]))
    assert np.isnan([found.auc_different_similar, found.threshold_95]).all()
    assert found.auc_better_worse == 1.0
    assert np.isnan(pair_performance(pairs, np.array([1.0, np.nan])).auc_better_worse)
