"""The whole evaluation: rows, directions, gaps, generators, comparison, order."""

from dataclasses import asdict

import numpy as np
import pytest

from app.analysis.metric_evaluation import Groups, Options, Scores, evaluate_metrics
from app.analysis.metric_evaluation.correlations import correlations

QUICK = Options(resamples=100, split_repeats=2)


def study(images=240, seed=1):
    """Scores of three generators over shared prompts, with a good, a reversed and a poor metric."""
    rng = np.random.default_rng(seed)
    generator = np.arange(images) % 3
    quality = rng.normal(size=images) + generator
    mos = np.clip(3 + 0.6 * quality, 1, 5)
    n = np.full(images, 20)
    scores = Scores(mos, np.full(images, 0.7), n, mos - 0.3, mos + 0.3)
    predictions = {
        "good": quality + 0.5 * rng.normal(size=images),
        "reversed": -quality + 0.5 * rng.normal(size=images),
        "poor": rng.normal(size=images),
    }
    groups = Groups(np.arange(images) // 3, generator, ("a", "b", "c"))
    return scores, predictions, groups


@pytest.fixture(scope="module")
def evaluation():
    return evaluate_metrics(
        *study(),
        higher_is_better={"good": True, "reversed": False, "poor": True},
        reliability=0.81,
        options=QUICK,
    )


def row(evaluation, name):
    return next(row for row in evaluation.rows if row.name == name)


def test_one_row_for_each_metric(evaluation):
    assert [row.name for row in evaluation.rows] == ["good", "poor", "reversed"]
    assert (evaluation.images, evaluation.prompts) == (240, 80)
    assert evaluation.noise_ceiling == pytest.approx(0.9)
    good = row(evaluation, "good")
    assert (good.n, good.missing) == (240, 0)
    assert 0 < good.srcc_low < good.correlations.srcc < good.srcc_high < 1
    expected = (good.correlations.srcc + good.logistic_4.plcc) / 2
    assert good.challenge_score == pytest.approx(expected)
    assert good.share_of_ceiling == pytest.approx(good.logistic_4.plcc / 0.9)


def test_a_metric_for_which_low_is_good_is_turned(evaluation):
    found = row(evaluation, "reversed")
    assert found.correlations.srcc < -0.8
    assert found.pairs.auc_better_worse > 0.9
    assert found.challenge_score > 0.8
    assert found.found_higher_is_better is False
    assert not found.is_reversed


def test_a_metric_against_its_declared_direction_is_bad():
    evaluation = evaluate_metrics(
        *study(), higher_is_better={"good": True, "reversed": True}, options=QUICK
    )
    found = row(evaluation, "reversed")
    assert found.is_reversed
    assert found.pairs.auc_better_worse < 0.1
    assert evaluation.comparison.names[-1] == "reversed"
    assert not evaluation.comparison.near_best[-1]


def test_a_metric_that_goes_either_way_by_chance_is_not_called_reversed():
    scores, predictions, groups = study()
    chance = {"poor": -np.sign(row_srcc(predictions["poor"], scores)) * predictions["poor"]}
    found = evaluate_metrics(
        scores, chance, groups, higher_is_better={"poor": True}, options=QUICK
    ).rows[0]
    assert found.found_higher_is_better is False
    assert found.srcc_low < 0 < found.srcc_high
    assert not found.is_reversed


def row_srcc(prediction, scores):
    return correlations(prediction, scores.mos).srcc


@pytest.mark.parametrize(("prompts", "expected"), [(3, True), (2, False)])
def test_perfectly_against_its_direction_is_reversed_unless_there_is_hardly_a_picture(
    prompts, expected
):
    mos = np.arange(1.0, prompts + 1)
    n = np.full(prompts, 9)
    scores = Scores(mos, np.ones(prompts), n, mos - 0.3, mos + 0.3)
    groups = Groups(np.arange(prompts), np.zeros(prompts, int), ("a",))
    evaluation = evaluate_metrics(
        scores, {"m": -mos}, groups, higher_is_better={"m": True}, options=QUICK
    )
    assert evaluation.rows[0].correlations.srcc == -1
    assert np.isnan(evaluation.rows[0].srcc_low)
    assert evaluation.rows[0].is_reversed is expected


def test_shared_resamples_change_nothing():
    scores, predictions, groups = study()
    predictions["good"][:12] = np.nan
    together = evaluate_metrics(scores, predictions, groups, options=QUICK)
    for name, values in predictions.items():
        alone = evaluate_metrics(scores, {name: values}, groups, options=QUICK).rows[0]
        shared = row(together, name)
        assert (alone.srcc_low, alone.srcc_high) == (shared.srcc_low, shared.srcc_high)
        assert alone.generators == shared.generators
    turned = {"good": predictions["good"], "turned": -predictions["reversed"]}
    differences = evaluate_metrics(scores, turned, groups, options=QUICK).comparison.differences
    (of_both,) = [d for d in together.comparison.differences if "poor" not in (d.first, d.second)]
    assert (of_both.difference, of_both.low) == (differences[0].difference, differences[0].low)


def test_generators_within_and_between(evaluation):
    good = row(evaluation, "good")
    assert [g.generator for g in good.generators] == ["a", "b", "c"]
    assert sum(g.n for g in good.generators) == 240
    assert good.srcc_within_generators < good.correlations.srcc
    assert good.srcc_of_generators == 1.0
    assert good.generators[0].srcc_low < good.generators[0].correlations.srcc


def test_a_metric_that_only_knows_the_generator_is_seen_through():
    scores, _, groups = study()
    found = evaluate_metrics(
        scores, {"name": groups.generator.astype(float)}, groups, options=QUICK
    ).rows[0]
    assert found.correlations.srcc > 0.5
    assert found.srcc_of_generators == 1.0
    assert np.isnan(found.srcc_within_generators)


def test_gaps_are_counted_and_comparison_is_on_the_common_images():
    scores, predictions, groups = study()
    predictions["good"][:12] = np.nan
    predictions["poor"][200:] = np.nan
    evaluation = evaluate_metrics(scores, predictions, groups, options=QUICK)
    assert (row(evaluation, "good").n, row(evaluation, "good").missing) == (228, 12)
    assert evaluation.comparison.n == 228
    assert "40 of 240" in evaluation.not_compared["poor"]


def test_the_order_of_images_changes_no_bit():
    scores, predictions, groups = study(90)
    predictions["poor"][3] = np.nan
    plain = evaluate_metrics(scores, predictions, groups, options=QUICK)
    order = np.random.default_rng(5).permutation(90)
    mixed = evaluate_metrics(
        Scores(*(getattr(scores, f)[order] for f in ("mos", "sos", "n", "low", "high"))),
        {name: predictions[name][order] for name in ("poor", "good", "reversed")},
        Groups(groups.prompt[order], groups.generator[order], groups.generator_names),
        options=QUICK,
    )
    for one, two in zip(plain.rows, mixed.rows, strict=True):
        a, b = asdict(one), asdict(two)
        for fit in ("logistic_4", "logistic_5"):
            assert a[fit].pop("fitted")[order] == pytest.approx(b[fit].pop("fitted"), nan_ok=True)
        assert repr(a) == repr(b)
    assert repr(plain.comparison) == repr(mixed.comparison)


def test_no_metric_and_no_image():
    scores, predictions, groups = study(30)
    assert evaluate_metrics(scores, {}, groups).rows == ()
    empty = Scores(*(np.full(30, np.nan),) * 2, np.zeros(30, int), *(np.full(30, np.nan),) * 2)
    evaluation = evaluate_metrics(empty, predictions, groups, options=QUICK)
    assert (evaluation.images, evaluation.rows[0].n, evaluation.comparison) == (0, 0, None)
    assert set(evaluation.not_compared) == set(predictions)
    assert np.isnan(evaluation.rows[0].challenge_score)


def test_wrong_lengths_are_refused():
    scores, predictions, groups = study(30)
    with pytest.raises(ValueError, match="one value for each image"):
        evaluate_metrics(scores, {"short": predictions["good"][:9]}, groups)
