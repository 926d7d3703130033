import numpy as np
import pytest

from app.analysis.overall import column_names, normalised_weights, with_overall

from .builders import dense

BOTH = ("quality", "alignment")


def test_weights_follow_the_dimensions_and_sum_to_one() -> None:
    assert normalised_weights(BOTH, {"alignment": 1, "quality": 3}).tolist() == [0.75, 0.25]
    assert normalised_weights(BOTH, None).tolist() == [0.5, 0.5]


@pytest.mark.parametrize("weight", [1e308, 5e-324])
def test_weights_of_any_size_sum_to_one(weight: float) -> None:
    assert normalised_weights(BOTH, dict.fromkeys(BOTH, weight)).tolist() == [0.5, 0.5]


@pytest.mark.parametrize(
    "weights",
    [
        {"quality": 1.0},
        {"quality": 1.0, "alignment": 1.0, "realism": 1.0},
        {"quality": -1.0, "alignment": 2.0},
        {"quality": 0.0, "alignment": 0.0},
        {"quality": float("nan"), "alignment": 1.0},
        {"quality": float("inf"), "alignment": 1.0},
    ],
)
def test_weights_that_do_not_fit_are_refused(weights: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="Weights must"):
        normalised_weights(BOTH, weights)


def test_overall_is_appended_per_rating() -> None:
    values = np.array([[4.0, 0.0], [1.0, 3.0]])
    assert with_overall(values, np.array([0.75, 0.25]))[:, 2].tolist() == [3.0, 1.5]


def test_a_dimension_of_weight_zero_is_ignored_even_if_undefined() -> None:
    values = np.array([[4.0, np.nan]])
    assert with_overall(values, np.array([1.0, 0.0]))[0, 2] == 4
    assert np.isnan(with_overall(values, np.array([0.5, 0.5]))[0, 2])


def test_overall_is_the_last_column() -> None:
    assert column_names(dense(np.zeros((2, 2, 2), dtype=int))) == (*BOTH, "overall")
