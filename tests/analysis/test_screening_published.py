"""The published procedures by name: VQEG HDTV, BT.1788 and P.913."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from scipy import stats

from app.analysis.matrix import RatingMatrix, Scale
from app.analysis.screening import BT500, BT1788, P913, VQEG, Check, Deviation, Status, Yardstick
from app.analysis.screening.bt500 import FarRatings, far_ratings
from app.analysis.screening.p913 import exact_biases, far_without_bias
from app.analysis.screening.panel_mean import panel_correlation

from .builders import DATASETS, dataset, dense, shuffled

EVERY = (VQEG(), BT1788(), P913(), P913(deviation=Deviation.SAMPLE))
ALL_DATASETS = pytest.mark.parametrize("name", DATASETS)


def failed(check: Check, matrix: RatingMatrix) -> list[int]:
    found = check.evidence(matrix)
    return [i for i, item in enumerate(found) if item.status is Status.FAILED]


@pytest.mark.data
@ALL_DATASETS
@pytest.mark.parametrize(("model", "kind"), [("SR_PEARSON", 0), ("SR_SPEARMAN", 1)])
def test_correlation_with_the_mos_agrees_with_the_reference(
    vectors: dict[str, Any], name: str, model: str, kind: int
) -> None:
    expected = vectors["datasets"][name]["sureal"][model]["observer_rejected_1st_stats"]
    found = panel_correlation(dataset(vectors, name), 0)
    assert found[kind] == pytest.approx(expected, abs=1e-9)


@pytest.mark.data
@ALL_DATASETS
def test_leaving_the_rater_out_agrees_with_the_reference(
    vectors: dict[str, Any], name: str
) -> None:
    expected = vectors["datasets"][name]["other"]["pearson_subject_vs_mos_leave_one_out"]
    found = panel_correlation(dataset(vectors, name), 0, Yardstick.OTHERS)
    assert found.pearson == pytest.approx(expected, abs=1e-9)


@pytest.mark.data
@ALL_DATASETS
def test_bt1788_rejects_as_the_reference_does(vectors: dict[str, Any], name: str) -> None:
    reference = vectors["datasets"][name]["sureal"]
    expected = {
        i for m in ("SR_PEARSON", "SR_SPEARMAN") for i in reference[m]["rejected_subject_indices"]
    }
    # The Recommendation takes the lower of the two correlations, the reference one of them.
    assert set(failed(BT1788(), dataset(vectors, name))) <= expected


@pytest.mark.data
@ALL_DATASETS
def test_p913_takes_off_the_bias_and_rejects_as_the_reference_does(
    vectors: dict[str, Any], name: str
) -> None:
    reference = vectors["datasets"][name]["sureal"]["P913_BR_SR"]
    matrix = dataset(vectors, name)
    found = P913().evidence(matrix)
    biases = [item.numbers["bias"] for item in found]
    assert biases == pytest.approx(reference["observer_bias"], abs=1e-9)
    assert failed(P913(), matrix) == reference["rejected_subject_indices"]


@pytest.mark.data
def test_vqeg_drops_most_honest_raters_of_real_ai_images(vectors: dict[str, Any]) -> None:
    matrix = dataset(vectors, "AVT_AI_APPEAL")
    assert len(failed(VQEG(), matrix)) == 18
    assert len(failed(VQEG(yardstick=Yardstick.OTHERS), matrix)) == 21


def test_vqeg_is_a_fixed_limit_on_pearson_and_passes_exactly_at_it() -> None:
    panel = [[0, 1, 2, 3, 4] * 4] * 3 + [[0, 2, 1, 3, 4] * 4]
    matrix = dense(panel)
    r = [stats.pearsonr(row, np.mean(panel, axis=0)).statistic for row in panel]
    found = VQEG(threshold=0.95).evidence(matrix)
    assert [item.numbers["pearson"] for item in found] == pytest.approx(r, abs=1e-12)
    assert [item.status for item in found] == [Status.PASSED] * 3 + [Status.FAILED]
    exactly = found[3].numbers["pearson"]
    assert exactly is not None
    assert failed(VQEG(threshold=exactly), matrix) == []


def test_bt1788_by_hand() -> None:
    # Three raters agree fully, one reads the scale upside down.
    up = np.arange(20) % 5
    found = BT1788().evidence(dense([up, up, up, 4 - up]))
    assert [item.numbers["pearson"] for item in found] == pytest.approx([1, 1, 1, -1])
    # mean 0.5 less sd 1
    assert found[0].numbers["threshold"] == pytest.approx(-0.5)
    assert [item.status for item in found] == [Status.PASSED] * 3 + [Status.FAILED]
    assert BT1788().evidence(dense([up] * 4))[0].numbers["threshold"] == 0.70


def test_two_raters_have_one_correlation_and_both_pass() -> None:
    pair = dense(np.tile([[0, 1, 2], [0, 2, 1]], 4))
    assert failed(BT1788(), pair) == []


def test_p913_by_hand() -> None:
    # Rater 2 is one level up, so the bias is 1 - 1/3 of it; the others' -1/3.
    matrix = dense([[0, 1, 2, 3] * 6, [0, 1, 2, 3] * 6, [1, 2, 3, 4] * 6])
    assert exact_biases(matrix, 0) == [Fraction(-1, 3), Fraction(-1, 3), Fraction(2, 3)]
    found = P913().evidence(matrix)
    # Unanimous once the biases are off: nothing is far.
    assert [(i.numbers["above"], i.numbers["below"]) for i in found] == [(0, 0)] * 3
    assert found[2].reason.startswith("Scores 0.67 higher than the panel on average;")


def test_p913_in_a_sparse_design_takes_the_rater_s_own_stimuli() -> None:
    matrix = dense([[0, 4, -1], [2, -1, 3], [-1, 2, 1], [-1, -1, -1]])
    # Means 1, 3, 2: distances -1, +1; +1, +1; -1, -1.
    assert exact_biases(matrix, 0) == [0, 1, -1, None]
    last = P913().evidence(matrix)[3]
    assert (last.status, last.numbers["bias"]) == (Status.NOT_APPLICABLE, None)


def test_without_bias_p913_counts_exactly_what_bt500_counts_also_at_ties() -> None:
    # Dissenters go round, so that nobody has a bias: 21 raters, z = √20 for each dissenter.
    table = np.full((21, 42), 2)
    for i in range(21):
        table[i, i], table[i, 21 + i] = 3, 1
    matrix = dense(table)
    assert set(exact_biases(matrix, 0)) == {0}
    expected = far_ratings(matrix, 0)
    found = far_without_bias(matrix, 0, exact_biases(matrix, 0))
    assert [x.tolist() for x in found] == [x.tolist() for x in expected]
    assert found.above.tolist() == found.below.tolist() == [1] * 21
    # 2 of 42 are 4.8 %: all pass, in both.
    assert failed(P913(), matrix) == failed(BT500(), matrix) == []


def test_a_block_of_5_in_25_is_far_in_exact_arithmetic() -> None:
    # Five low scores at every stimulus, going round: bias 0, β₂ = 3.25, each exactly 2 S away.
    table = np.full((25, 25), 3)
    for j in range(25):
        table[(j + np.arange(5)) % 25, j] = 1
    matrix = dense(table)
    found = far_without_bias(matrix, 0, exact_biases(matrix, 0))
    assert found.below.tolist() == [5] * 25
    assert found.above.tolist() == [0] * 25


@pytest.mark.parametrize("check", EVERY, ids=lambda check: check.name)
def test_nothing_depends_on_the_order_of_raters_or_stimuli(check: Check) -> None:
    table = np.random.default_rng(4).integers(0, 5, (12, 60))
    table[np.random.default_rng(5).uniform(size=table.shape) < 0.3] = -1
    matrix = dense(table)
    expected = {item.rater_id: (item.status, item.reason) for item in check.evidence(matrix)}
    for seed in range(5):
        found = check.evidence(shuffled(matrix, seed))
        assert {item.rater_id: (item.status, item.reason) for item in found} == expected


@pytest.mark.parametrize("check", EVERY, ids=lambda check: check.name)
@pytest.mark.parametrize(
    "table",
    [
        np.tile(np.arange(30) % 5, (1, 1)),  # one rater alone
        np.full((4, 5), 2),  # five ratings each, unanimous
        np.full((4, 30), -1),  # no rating
        np.where(np.arange(30) < 1, 2, np.full((3, 30), -1)),  # one rating each
    ],
    ids=["alone", "few", "none", "one"],
)
def test_nobody_fails_without_anything_to_compare(check: Check, table: np.ndarray) -> None:
    assert failed(check, dense(table)) == []


@pytest.mark.parametrize("check", [VQEG(), BT1788()], ids=lambda check: check.name)
def test_a_constant_rater_has_no_correlation(check: Check) -> None:
    up = np.arange(20) % 5
    found = check.evidence(dense([up, up, np.full(20, 2)]))
    assert found[2].status is Status.NOT_APPLICABLE
    assert found[2].numbers["pearson"] is None
    assert "never differ" in found[2].reason


@pytest.mark.parametrize("seed", range(5))
def test_p913_does_not_mind_a_shifted_rater_or_another_unit(seed: int) -> None:
    table = np.random.default_rng(seed).integers(0, 4, (9, 40))
    counts = [x.tolist() for x in far_of(dense(table))]
    shifted = table.copy()
    shifted[3] += 1
    assert [x.tolist() for x in far_of(dense(shifted))] == counts
    huge = Scale(low=0, step=1, level_max=4 * 10**6)
    assert [x.tolist() for x in far_of(dense(table * 10**6, scale=huge))] == counts


def far_of(matrix: RatingMatrix) -> FarRatings:
    return far_without_bias(matrix, 0, exact_biases(matrix, 0))


def test_rounding_does_not_decide_at_the_limit_of_vqeg() -> None:
    # Pearson is exactly 3/4; computed from either end of the scale it is rounded differently.
    luck = np.random.default_rng(0)
    for _ in range(20):
        others = luck.permutation([0, 0, 0, 1, 1, 1, 2, 2])
        table = np.array([others, others[::-1]])
        r = panel_correlation(dense(table), 0).pearson[0]
        for limit in (r, np.nextafter(r, 2), np.nextafter(r, -2)):
            assert failed(VQEG(threshold=float(limit), min_stimuli=2), dense(table)) == []
            assert failed(VQEG(threshold=float(limit), min_stimuli=2), dense(4 - table)) == []
