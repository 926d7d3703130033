import numpy as np
import pytest

from app.analysis.matrix import RatingMatrix, Scale
from app.analysis.reliability.between_dimensions import between_dimensions, disattenuated

from ..builders import dense, shuffled

WIDE = Scale(low=0, step=1, level_max=1000)


def panel(
    *, true_correlation: float, halo: float, raters: int = 12, stimuli: int = 800, seed: int = 1
) -> RatingMatrix:
    """Two dimensions whose true values, and whose raters' errors, correlate by so much."""
    generator = np.random.default_rng(seed)

    def drawn(correlation: float, *shape: int) -> np.ndarray:
        covariance = [[1, correlation], [correlation, 1]]
        return generator.multivariate_normal([0, 0], covariance, size=shape)

    truth = drawn(true_correlation, stimuli)
    strictness = generator.normal(0, 1, (raters, 1, 1))  # the same in both dimensions
    rated = truth + strictness + 2 * drawn(halo, raters, stimuli)
    return dense(np.clip(np.rint(rated * 50 + 500), 0, 1000).astype(int), scale=WIDE)


def test_without_halo_the_raters_own_deviations_do_not_correlate() -> None:
    (pair,) = between_dimensions(panel(true_correlation=0.6, halo=0.0))
    assert pair.within_rater == pytest.approx(0, abs=0.03), "strictness is no halo"
    assert pair.within_rater_low <= pair.within_rater <= pair.within_rater_high
    assert pair.disattenuated == pytest.approx(0.6, abs=0.06)
    assert pair.across_halves == pytest.approx(0.6, abs=0.06)
    assert abs(pair.mos_plcc) < pair.disattenuated
    assert (pair.first, pair.second, pair.raters, pair.stimuli) == ("quality", "alignment", 12, 800)


def test_with_halo_only_the_halves_find_the_true_correlation() -> None:
    (pair,) = between_dimensions(panel(true_correlation=0.3, halo=0.7))
    assert pair.within_rater == pytest.approx(0.7, abs=0.03)
    assert pair.within_rater_median == pytest.approx(0.7, abs=0.05)
    assert pair.disattenuated > 0.4, "the classical correction takes shared errors for truth"
    assert pair.across_halves == pytest.approx(0.3, abs=0.08)


def test_the_classical_correction_is_spearmans() -> None:
    (pair,) = between_dimensions(panel(true_correlation=0.5, halo=0.2))
    root = np.sqrt(pair.reliability_first * pair.reliability_second)
    assert pair.disattenuated == pytest.approx(pair.mos_plcc / root, abs=1e-12)
    assert disattenuated(0.3, 0.5, 0.72) == pytest.approx(0.5)
    assert np.isnan(disattenuated(0.3, -0.1, 0.5))
    assert np.isnan(disattenuated(0.3, np.nan, 0.5))


def test_halo_by_hand() -> None:
    # Two raters, two stimuli. Quality 0 2 / 2 0: deviations -1 1 / 1 -1; alignment the same.
    (pair,) = between_dimensions(dense([[[0, 1], [2, 3]], [[2, 3], [0, 1]]]))
    assert pair.within_rater == pytest.approx(1.0)
    assert pair.raters == 0, "two stimuli are too few for a correlation of a rater's own"
    assert np.isnan(pair.within_rater_median)


def test_low_reliability_and_impossible_results_come_with_a_caution() -> None:
    (noisy,) = between_dimensions(panel(true_correlation=0.5, halo=0, raters=2))
    assert noisy.caution is not None
    assert "reliability of only" in noisy.caution
    (shared,) = between_dimensions(panel(true_correlation=0.98, halo=0.98, raters=8))
    assert shared.disattenuated > 1
    assert shared.caution is not None
    assert "above 1" in shared.caution
    (fine,) = between_dimensions(panel(true_correlation=0.3, halo=0))
    assert fine.caution is None


def test_one_dimension_has_no_pairs_and_three_have_three() -> None:
    assert between_dimensions(dense([[1, 2], [2, 3]])) == ()
    generator = np.random.default_rng(1)
    pairs = between_dimensions(dense(generator.integers(0, 5, (4, 9, 3))))
    assert [(pair.first, pair.second) for pair in pairs] == [
        ("quality", "alignment"),
        ("quality", "realism"),
        ("alignment", "realism"),
    ]


@pytest.mark.parametrize(
    "table",
    [
        np.full((2, 3, 2), 2),
        np.full((1, 3, 2), 1),
        np.full((2, 3, 2), -1),
        [[[0, 1], [-1, -1]], [[-1, -1], [3, 2]]],
    ],
)
def test_what_cannot_be_known(table: np.ndarray) -> None:
    (pair,) = between_dimensions(dense(table))
    assert np.isnan([pair.within_rater, pair.disattenuated, pair.across_halves]).all()
    assert pair.caution is None


def test_the_order_changes_nothing() -> None:
    matrix = panel(true_correlation=0.5, halo=0.3, raters=5, stimuli=30)
    assert between_dimensions(matrix) == between_dimensions(shuffled(matrix, 4))
