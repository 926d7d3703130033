import numpy as np
import pytest

from app.analysis.matrix import Scale
from app.analysis.simulation import (
    RaterKind,
    SimulatedRater,
    simulated_levels,
    simulated_matrix,
)

from .builders import ACR5

TRUE = np.array([[1.0, 5.0], [2.0, 4.0], [3.0, 3.0], [4.4, 2.0]])


def levels(rater: SimulatedRater, seed: int = 0, true_scores: np.ndarray = TRUE) -> np.ndarray:
    return simulated_levels(true_scores, rater, ACR5, np.random.default_rng(seed))


def test_an_exact_rater_gives_the_nearest_level() -> None:
    assert levels(SimulatedRater(inconsistency=0)).tolist() == [[0, 4], [1, 3], [2, 2], [3, 1]]


def test_bias_shifts_and_the_scale_cuts_off() -> None:
    rater = SimulatedRater(bias=1, inconsistency=0)
    assert levels(rater).tolist() == [[1, 4], [2, 4], [3, 3], [4, 2]]


def test_a_reversed_rater_reads_the_scale_upside_down() -> None:
    rater = SimulatedRater(RaterKind.REVERSED, inconsistency=0)
    assert levels(rater).tolist() == [[4, 0], [3, 1], [2, 2], [1, 3]]


def test_inconsistency_is_the_standard_deviation_of_scores() -> None:
    fine = Scale(low=0, step=0.01, level_max=10_000)
    generator = np.random.default_rng(1)
    found = simulated_levels(
        np.full((20_000, 1), 50.0), SimulatedRater(inconsistency=0.8), fine, generator
    )
    assert fine.scores(found).std() == pytest.approx(0.8, rel=0.02)


def test_a_random_rater_uses_all_levels_alike() -> None:
    found = levels(SimulatedRater(RaterKind.RANDOM), true_scores=np.full((5000, 1), 5.0))
    assert np.bincount(found.ravel(), minlength=5) / 5000 == pytest.approx([0.2] * 5, abs=0.03)


def test_a_constant_rater_uses_one_level_per_dimension() -> None:
    found = levels(SimulatedRater(RaterKind.CONSTANT))
    assert (found == found[0]).all()


@pytest.mark.parametrize("kind", list(RaterKind))
def test_the_same_generator_gives_the_same_levels(kind: RaterKind) -> None:
    again, before, other = (levels(SimulatedRater(kind), seed) for seed in (7, 7, 8))
    assert again.tolist() == before.tolist()
    is_coarse = kind in {RaterKind.CONSTANT, RaterKind.TWO_LEVEL}
    assert is_coarse or again.tolist() != other.tolist()


def test_inconsistency_cannot_be_negative() -> None:
    with pytest.raises(ValueError, match="cannot be negative"):
        SimulatedRater(inconsistency=-0.1)


def test_a_sparse_panel_has_its_own_stimuli_and_order_for_each_rater() -> None:
    true_scores = np.random.default_rng(2).uniform(1, 5, (50, 2))
    matrix = simulated_matrix(
        true_scores,
        [SimulatedRater()] * 6,
        ACR5,
        np.random.default_rng(3),
        dimensions=("quality", "alignment"),
        stimuli_each=20,
    )
    assert matrix.ratings_by_rater.tolist() == [20] * 6
    assert matrix.position is not None
    assert matrix.position[:20].tolist() == list(range(20))
    assert sorted(matrix.stimulus[:20]) != sorted(matrix.stimulus[20:40])
    assert matrix.rater_ids[-1] == "r0006"


def test_a_panel_of_nobody_is_an_empty_matrix() -> None:
    matrix = simulated_matrix(TRUE, [], ACR5, np.random.default_rng(0), dimensions=("q", "a"))
    assert matrix.ratings == 0
    assert len(matrix.stimulus_ids) == 4
