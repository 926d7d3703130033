from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from app.analysis.matrix import RatingMatrix, Scale
from app.analysis.screening import Agreement, AgreementRule, Status
from app.analysis.screening.agreement import leave_one_out, relative_threshold
from app.analysis.simulation import RaterKind, SimulatedRater, simulated_matrix

from .builders import ACR5, DATASETS, dataset, dense

MEAN_MINUS_SD = Agreement(rule=AgreementRule.MEAN_MINUS_SD)


def statuses(matrix: RatingMatrix, check: Agreement) -> list[Status]:
    return [item.status for item in check.evidence(matrix)]


def failed(matrix: RatingMatrix, check: Agreement) -> list[int]:
    found = statuses(matrix, check)
    return [i for i, status in enumerate(found) if status is Status.FAILED]


def graded(raters: int, stimuli: int, inconsistency: float, seed: int = 1) -> RatingMatrix:
    """An honest panel."""
    generator = np.random.default_rng(seed)
    true_scores = generator.uniform(1, 5, (stimuli, 1))
    panel = [SimulatedRater(inconsistency=inconsistency)] * raters
    return simulated_matrix(true_scores, panel, ACR5, generator, dimensions=["quality"])


@pytest.mark.data
@pytest.mark.parametrize("name", DATASETS)
def test_leave_one_out_pearson_agrees_with_the_reference(
    vectors: dict[str, Any], name: str
) -> None:
    expected = vectors["datasets"][name]["other"]["pearson_subject_vs_mos_leave_one_out"]
    assert leave_one_out(dataset(vectors, name), 0).pearson == pytest.approx(expected, abs=1e-9)


def test_leave_one_out_is_the_correlation_with_the_mean_of_the_others_in_a_sparse_design() -> None:
    generator = np.random.default_rng(5)
    table = generator.integers(0, 5, (6, 40))
    table[generator.uniform(size=table.shape) < 0.5] = -1
    found = leave_one_out(dense(table), 0)
    seen = np.ma.masked_equal(table, -1)
    for i in range(6):
        others = np.ma.masked_equal(np.delete(table, i, axis=0), -1).mean(axis=0)
        both = ~np.ma.getmaskarray(seen[i]) & ~np.ma.getmaskarray(others)
        x, y = seen[i][both].data, others[both].data
        assert found.stimuli[i] == both.sum()
        assert found.pearson[i] == pytest.approx(stats.pearsonr(x, y).statistic, abs=1e-12)
        assert found.spearman[i] == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-12)


@pytest.mark.data
@pytest.mark.parametrize("name", DATASETS)
@pytest.mark.parametrize("model", ["SR_PEARSON", "SR_SPEARMAN"])
def test_mean_minus_sd_rejects_as_the_reference_does_on_its_correlations(
    vectors: dict[str, Any], name: str, model: str
) -> None:
    reference = vectors["datasets"][name]["sureal"][model]
    r = np.array(reference["observer_rejected_1st_stats"])
    threshold = relative_threshold(r, AgreementRule.MEAN_MINUS_SD, 0.70)
    assert np.flatnonzero(r < threshold).tolist() == reference["rejected_subject_indices"]


@pytest.mark.parametrize(
    ("correlations", "rule", "expected"),
    [
        ([0.8, 0.6, 0.1], AgreementRule.HALF_MEDIAN, 0.3),
        ([0.5, 0.7], AgreementRule.MEAN_MINUS_SD, 0.6 - np.sqrt(0.02)),
        ([0.9, 0.9, 0.9], AgreementRule.MEAN_MINUS_SD, 0.7),
        ([0.4], AgreementRule.MEAN_MINUS_SD, 0.4),
        ([-0.1, 0.0, 0.3], AgreementRule.HALF_MEDIAN, np.nan),
        ([-0.8, 0.0, 0.2], AgreementRule.MEAN_MINUS_SD, -0.2 - np.sqrt(0.28)),
        ([], AgreementRule.HALF_MEDIAN, np.nan),
        ([], AgreementRule.MEAN_MINUS_SD, np.nan),
    ],
)
def test_relative_threshold(
    correlations: list[float], rule: AgreementRule, expected: float
) -> None:
    threshold = relative_threshold(np.array(correlations), rule, 0.70)
    assert threshold == pytest.approx(expected, nan_ok=True)


@pytest.mark.data
@pytest.mark.parametrize("check", [Agreement(), MEAN_MINUS_SD])
def test_the_four_planted_outliers_of_a_real_test_are_found(
    vectors: dict[str, Any], check: Agreement
) -> None:
    assert failed(dataset(vectors, "NFLX_public_last4outliers"), check) == [26, 27, 28, 29]


@pytest.mark.data
def test_half_median_drops_fewer_honest_raters_of_real_ai_images(vectors: dict[str, Any]) -> None:
    matrix = dataset(vectors, "AVT_AI_APPEAL")
    assert failed(matrix, MEAN_MINUS_SD) == [4, 8, 12, 20]
    assert failed(matrix, Agreement()) == [8, 20]


@pytest.mark.parametrize(
    ("check", "expected_share"), [(Agreement(), (0, 0.01)), (MEAN_MINUS_SD, (0.08, 0.25))]
)
def test_share_of_an_honest_panel_of_moderate_agreement_that_is_dropped(
    check: Agreement, expected_share: tuple[float, float]
) -> None:
    panels = [graded(28, 100, inconsistency=1.5, seed=seed) for seed in range(10)]
    share = sum(len(failed(panel, check)) for panel in panels) / 280
    assert expected_share[0] <= share <= expected_share[1]


def test_half_median_stands_a_third_of_bad_raters() -> None:
    generator = np.random.default_rng(6)
    true_scores = generator.uniform(1, 5, (100, 1))
    panel = [SimulatedRater(inconsistency=0.9)] * 14
    panel += [SimulatedRater(RaterKind.RANDOM)] * 4 + [SimulatedRater(RaterKind.REVERSED)] * 3
    matrix = simulated_matrix(true_scores, panel, ACR5, generator, dimensions=["quality"])
    assert failed(matrix, Agreement()) == list(range(14, 21))
    # The reversed raters spread the correlations so much that the random ones get through.
    assert failed(matrix, MEAN_MINUS_SD) == [18, 19, 20]


def test_a_constant_rater_has_no_correlation_and_does_not_fail() -> None:
    matrix = graded(8, 40, 0.5)
    changed = replace(matrix, levels=np.where(matrix.rater[:, None] == 3, 2, matrix.levels))
    found = Agreement().evidence(changed)[3]
    assert found.status is Status.NOT_APPLICABLE
    assert found.numbers["pearson"] is None
    assert statuses(changed, Agreement()).count(Status.PASSED) == 7


@pytest.mark.parametrize(
    "table",
    [
        np.tile(np.arange(30) % 5, (1, 1)),  # one rater alone
        np.where(np.eye(3, dtype=bool).repeat(10, axis=1), 2, -1),  # nothing shared
        np.full((4, 30), 2),  # unanimous in everything
        np.full((4, 30), -1),  # no rating
    ],
)
def test_without_anything_to_compare_the_check_is_not_applicable(table: np.ndarray) -> None:
    assert set(statuses(dense(table), Agreement())) == {Status.NOT_APPLICABLE}


def test_two_raters_who_contradict_each_other_cannot_be_judged() -> None:
    up = np.arange(40) % 5
    found = Agreement().evidence(dense([up, 4 - up]))
    assert [item.status for item in found] == [Status.NOT_APPLICABLE] * 2
    assert "too little with each other" in found[0].reason


def test_few_stimuli_are_not_enough_to_call_a_rater_random() -> None:
    # A panel that agrees moderately, in which one rater saw 15 stimuli and answered at random.
    matrix = graded(20, 200, inconsistency=1.8, seed=2)
    table = np.full((20, 200), -1)
    table[matrix.rater, matrix.stimulus] = matrix.levels[:, 0]
    table[0, 15:] = -1
    table[0, :15] = np.tile([3, 1, 0, 2, 4], 3)
    evidence = Agreement().evidence(dense(table))
    found = evidence[0]
    pearson, threshold = found.numbers["pearson"], found.numbers["threshold"]
    needed = found.numbers["stimuli_needed"]
    lower = [min(e.numbers["pearson"] or 1, e.numbers["spearman"] or 1) for e in evidence]
    typical = np.arctanh(np.median(lower))
    assert pearson is not None
    assert threshold is not None
    assert needed is not None
    assert abs(pearson) < threshold
    distance = typical - np.arctanh(threshold)
    # Of twenty raters the worst is to be that bad by chance in one of 400 cases: 5 % / 20.
    assert needed == np.ceil(3 + (stats.norm.ppf(1 - 0.05 / 20) / distance) ** 2) > 15
    lenient = Agreement(max_false_share=1).evidence(dense(table))[0]
    assert lenient.numbers["stimuli_needed"] == np.ceil(3 + (stats.norm.ppf(0.995) / distance) ** 2)
    assert found.status is Status.NOT_APPLICABLE
    # Reversing the scale is something chance does not do, even over 15 stimuli.
    others = np.ma.masked_equal(table[1:], -1).mean(axis=0)
    table[0, :15] = 4 - np.rint(others[:15]).astype(int)
    assert Agreement().evidence(dense(table))[0].status is Status.FAILED


def test_a_rater_exactly_at_the_threshold_passes() -> None:
    # Two raters have the same correlation, 0.5, so its mean less a spread of 0 is the threshold.
    pair = dense(np.tile([[0, 1, 2], [0, 2, 1]], 4))
    found = replace(MEAN_MINUS_SD, min_stimuli=12).evidence(pair)
    assert [item.numbers["pearson"] for item in found] == [found[0].numbers["threshold"]] * 2
    assert [item.status for item in found] == [Status.PASSED] * 2


def test_bias_does_not_count_as_disagreement() -> None:
    levels = np.tile(np.arange(30) % 4, (5, 1))
    levels[0] += 1
    assert statuses(dense(levels), Agreement()) == [Status.PASSED] * 5


def test_the_floor_of_stimuli_is_a_parameter_with_a_floor() -> None:
    table = np.tile(np.arange(5), (4, 1))
    assert set(statuses(dense(table), Agreement())) == {Status.NOT_APPLICABLE}
    assert set(statuses(dense(table), Agreement(min_stimuli=5))) == {Status.PASSED}
    with pytest.raises(ValueError, match="at least four"):
        Agreement(min_stimuli=3)


@pytest.mark.parametrize("error_rate", [0.0, 0.5, 5.0])
def test_an_error_rate_is_a_small_share(error_rate: float) -> None:
    with pytest.raises(ValueError, match="between 0 and one half"):
        Agreement(error_rate=error_rate)


def crowd(seed: int, bad: int) -> RatingMatrix:
    """250 honest raters of 50 stimuli each, 2.8 raters per stimulus, and some who are random."""
    luck = np.random.default_rng(seed)
    kinds = [RaterKind.HONEST] * 250 + [RaterKind.RANDOM] * bad
    quality = np.clip(luck.normal(2.6, 0.9, (round(len(kinds) * 50 / 2.8), 1)), 0, 5)
    raters = [
        SimulatedRater(
            kind,
            bias=float(luck.normal(0, 0.35)),
            inconsistency=float(0.7 * np.exp(luck.normal(0, 0.1))),
        )
        for kind in kinds
    ]
    scale = Scale(low=0, step=0.1, level_max=50)
    return simulated_matrix(
        quality, raters, scale, luck, dimensions=["quality"], stimuli_each=50
    ).canonical()


def test_of_many_honest_raters_nobody_fails_by_bad_luck_and_the_random_are_still_found() -> None:
    lenient, strict = [], []
    for seed in range(4):
        honest = crowd(seed, bad=0)
        lenient += failed(honest, Agreement(max_false_share=1))
        strict += failed(honest, Agreement())
        mixed = failed(crowd(seed, bad=12), Agreement())
        assert len([i for i in mixed if i >= 250]) >= 11
        assert len([i for i in mixed if i < 250]) <= 2
    assert len(strict) <= 1 < len(lenient)


def test_a_median_that_is_zero_but_for_rounding_is_no_agreement() -> None:
    for zero in (0.0, 1e-17, -1e-17):
        found = relative_threshold(np.array([zero]), AgreementRule.HALF_MEDIAN, 0.7)
        assert np.isnan(found)


@pytest.mark.parametrize("share", [0, -0.1, 1.1])
def test_a_share_of_false_alarms_is_a_share(share: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        Agreement(max_false_share=share)
