from typing import Any

import numpy as np
import pytest

from app.analysis.correlation import srcc
from app.analysis.matrix import FloatArray, Scale
from app.analysis.opinion_scores import mean_opinion_scores
from app.analysis.recovery import expectation_maximisation
from app.analysis.simulation import RaterKind, SimulatedRater, simulated_matrix

from ..builders import ACR5, DATASETS, dataset, dense

FINE = Scale(low=-5, step=0.01, level_max=1500)


@pytest.mark.data
@pytest.mark.parametrize("name", DATASETS)
def test_agrees_with_the_reference(vectors: dict[str, Any], name: str) -> None:
    expected = vectors["datasets"][name]["own_em_random_quality"]
    found = expectation_maximisation(dataset(vectors, name))
    assert found.quality[:, 0] == pytest.approx(expected["quality_blue"], abs=1e-9)
    assert found.standard_error[:, 0] == pytest.approx(expected["quality_se"], abs=1e-9)
    assert found.bias[:, 0] == pytest.approx(expected["bias"], abs=1e-9)
    assert found.inconsistency[:, 0] == pytest.approx(expected["inconsistency"], abs=1e-9)
    assert found.iterations.tolist() == [expected["iterations"]] * 2


def _model_ratings(seed: int, raters: int, stimuli: int) -> tuple[FloatArray, FloatArray]:
    """True quality (with the mean bias of the panel in it) and scores, as the model has them."""
    generator = np.random.default_rng(seed)
    quality = generator.normal(3, 0.7, stimuli)
    bias = generator.normal(0, 0.3, (raters, 1))
    inconsistency = generator.uniform(0.4, 1.0, (raters, 1))
    noise = inconsistency * generator.standard_normal((raters, stimuli))
    return quality + bias.mean(), quality + bias + noise


@pytest.mark.parametrize("raters", [3, 5, 10, 20])
def test_intervals_cover_the_truth_from_three_raters_up(raters: int) -> None:
    covered = []
    for seed in range(12):
        truth, scores = _model_ratings(seed, raters, 100)
        found = expectation_maximisation(
            dense(np.rint((scores + 5) / 0.01).astype(int), scale=FINE)
        )
        error = np.abs(found.quality[:, 0] - truth)
        covered.append(np.mean(error <= 1.96 * found.standard_error[:, 0]))
    assert 0.89 <= np.mean(covered) <= 0.97


def test_beats_the_mos_when_some_raters_are_bad() -> None:
    gains = []
    for seed in range(8):
        generator = np.random.default_rng(seed)
        truth = generator.uniform(1.5, 4.5, (150, 1))
        kinds = [RaterKind.HONEST] * 15 + [RaterKind.RANDOM] * 4 + [RaterKind.CONSTANT]
        panel = [SimulatedRater(kind, inconsistency=0.7) for kind in kinds]
        matrix = simulated_matrix(truth, panel, ACR5, generator, dimensions=["quality"])
        em = srcc(expectation_maximisation(matrix).quality[:, 0], truth[:, 0])
        gains.append(em - srcc(mean_opinion_scores(matrix).mean[:, 0], truth[:, 0]))
    assert 0.01 <= np.mean(gains) <= 0.05
    assert min(gains) > 0


def test_bad_raters_are_seen_in_their_inconsistency_and_weight() -> None:
    generator = np.random.default_rng(1)
    panel = [SimulatedRater()] * 10 + [SimulatedRater(RaterKind.RANDOM)] * 2
    truth = generator.uniform(1, 5, (100, 1))
    matrix = simulated_matrix(truth, panel, ACR5, generator, dimensions=["quality"])
    found = expectation_maximisation(matrix)
    assert found.inconsistency[10:, 0].min() > 1.5 * found.inconsistency[:10, 0].max()
    assert (found.effective_n[:, 0] < 11).all()


def test_one_rater_is_refused_in_a_sentence() -> None:
    found = expectation_maximisation(dense([[1, 2, 3], [-1, -1, -1]]))
    assert found.refused is not None
    assert "2 or more raters" in found.refused


def test_two_raters_who_differ_by_a_constant_leave_no_standard_error() -> None:
    found = expectation_maximisation(dense([[0, 1, 2], [2, 3, 4]]))
    assert found.quality[:, 0] == pytest.approx([2, 3, 4])
    assert found.bias[:, 0] == pytest.approx([-1, 1])
    assert found.inconsistency[:, 0].tolist() == [0, 0]
    assert np.isnan(found.standard_error).all()


def test_unanimous_ratings_claim_no_certainty() -> None:
    found = expectation_maximisation(dense(np.full((6, 9), 3)))
    assert (found.quality == 4).all()
    assert np.isnan(found.standard_error).all()


def test_two_raters_who_always_agree_do_not_take_all_the_weight() -> None:
    generator = np.random.default_rng(5)
    levels = generator.integers(0, 5, (8, 60))
    levels[1] = levels[0]
    found = expectation_maximisation(dense(levels))
    assert found.weight[:, 0].max() <= 26 * np.median(found.weight[:, 0])
    assert found.standard_error[:, 0].min() > 0.1


def test_a_rater_with_few_ratings_has_the_panels_inconsistency() -> None:
    generator = np.random.default_rng(6)
    levels = generator.integers(0, 5, (10, 40))
    levels[8:, 5:] = -1
    found = expectation_maximisation(dense(levels))
    assert found.inconsistency[8, 0] == found.inconsistency[9, 0]
    assert found.inconsistency[:8, 0].min() < found.inconsistency[8, 0]
    assert found.inconsistency[8, 0] < found.inconsistency[:8, 0].max()


def test_a_rater_with_one_rating_is_left_out_and_listed() -> None:
    levels = np.random.default_rng(7).integers(0, 5, (5, 20))
    levels[4, 1:] = -1
    found = expectation_maximisation(dense(levels))
    assert found.left_out == {"quality": ("r004",), "overall": ("r004",)}
    assert found.quality == pytest.approx(expectation_maximisation(dense(levels[:4])).quality)


def test_separate_groups_are_said_and_each_is_right_on_average() -> None:
    generator = np.random.default_rng(8)
    levels = np.full((8, 40), -1)
    levels[:4, :20] = generator.integers(0, 3, (4, 20))
    levels[4:, 20:] = generator.integers(2, 5, (4, 20))
    found = expectation_maximisation(dense(levels))
    assert found.groups == 2
    assert any("2 separate groups" in warning for warning in found.warnings)
    assert found.bias[:4, 0].mean() == pytest.approx(0, abs=1e-12)
    assert found.bias[4:, 0].mean() == pytest.approx(0, abs=1e-12)
