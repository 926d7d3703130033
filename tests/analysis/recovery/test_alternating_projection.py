from typing import Any

import numpy as np
import pytest

from app.analysis.recovery import alternating_projection

from ..builders import DATASETS, dataset, dense
from .reference import as_scores, run_sureal, with_gaps


@pytest.mark.data
@pytest.mark.parametrize("name", DATASETS)
def test_agrees_with_the_reference(vectors: dict[str, Any], name: str) -> None:
    expected = vectors["datasets"][name]["sureal"]["AP"]
    found = alternating_projection(dataset(vectors, name))
    assert found.quality[:, 0] == pytest.approx(expected["quality_scores"], abs=1e-9)
    assert found.standard_error[:, 0] == pytest.approx(expected["quality_scores_std"], abs=1e-9)
    assert found.bias_error[:, 0] == pytest.approx(expected["observer_bias_std"], abs=1e-9)
    inconsistency_error = expected["observer_inconsistency_std"]
    assert found.inconsistency_error[:, 0] == pytest.approx(inconsistency_error, abs=1e-9)
    assert found.bias[:, 0] == pytest.approx(expected["observer_bias"], abs=1e-9)
    assert found.inconsistency[:, 0] == pytest.approx(expected["observer_inconsistency"], abs=1e-9)
    assert found.iterations.tolist() == [expected["num_iter"]] * 2
    assert found.converged.all()


@pytest.mark.data
@pytest.mark.parametrize("name", DATASETS)
def test_p910_has_the_same_quality_and_errors_by_stimulus(
    vectors: dict[str, Any], name: str
) -> None:
    expected = vectors["datasets"][name]["sureal"]["P910_AP2"]
    found = alternating_projection(dataset(vectors, name))
    assert found.quality[:, 0] == pytest.approx(expected["quality_scores"], abs=1e-9)
    assert found.stimulus_error[:, 0] == pytest.approx(expected["quality_scores_std"], abs=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_agrees_with_sureal_where_ratings_are_missing(seed: int) -> None:
    levels = with_gaps(seed)
    expected = run_sureal("SubjectMLEModelProjectionSolver", as_scores(levels))
    found = alternating_projection(dense(levels))
    assert found.iterations[0] == expected["num_iter"]
    assert found.quality[:, 0] == pytest.approx(expected["quality_scores"], abs=1e-9)
    assert found.standard_error[:, 0] == pytest.approx(expected["quality_scores_std"], abs=1e-9)
    assert found.bias[:, 0] == pytest.approx(expected["observer_bias"], abs=1e-9)


def test_a_small_panel_is_refused_in_a_sentence() -> None:
    found = alternating_projection(dense(np.random.default_rng(1).integers(0, 5, (4, 30))))
    assert found.refused is not None
    assert "needs 5 or more raters" in found.refused
    assert np.isnan(found.quality).all()
    assert not found.n.any()


def test_many_raters_of_few_stimuli_each_are_a_small_panel_too() -> None:
    generator = np.random.default_rng(1)
    levels = np.full((60, 60), -1)
    for j in range(60):
        levels[generator.permutation(60)[:4], j] = generator.integers(0, 5, 4)
    assert alternating_projection(dense(levels)).refused is not None


@pytest.mark.parametrize(("raters", "warned"), [(5, True), (14, True), (15, False)])
def test_below_fifteen_raters_it_warns(raters: int, warned: bool) -> None:
    levels = np.random.default_rng(2).integers(0, 5, (raters, 40))
    found = alternating_projection(dense(levels))
    assert found.refused is None
    assert any("prefer" in warning for warning in found.warnings) is warned


def test_a_rater_with_one_rating_is_left_out_and_listed() -> None:
    levels = np.random.default_rng(3).integers(0, 5, (8, 20))
    levels[7, 1:] = -1
    found = alternating_projection(dense(levels))
    alone = alternating_projection(dense(levels[:7]))
    assert found.left_out["quality"] == ("r007",)
    assert found.quality == pytest.approx(alone.quality)
    assert np.isnan(found.bias[7]).all()
    assert any("Left out 1 rater" in warning for warning in found.warnings)


def test_a_collapse_onto_one_rater_is_said() -> None:
    # Nine raters with gaps: the reference implementation ends with a standard error of 6e-8.
    found = alternating_projection(dense(with_gaps(3)))
    assert found.standard_error[1, 0] < 1e-6
    assert any("A few raters take most of the weight" in warning for warning in found.warnings)


def test_a_steady_rater_counts_more() -> None:
    generator = np.random.default_rng(4)
    quality = generator.integers(1, 4, 80)
    levels = np.clip(quality + generator.integers(-1, 2, (12, 80)), 0, 4)
    levels[0] = quality
    found = alternating_projection(dense(levels))
    assert found.weight[:, 0].argmax() == 0
    assert (found.effective_n[:, 0] < 12).all()
