from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.analysis.matrix import RatingMatrix, Scale

from .builders import ACR5, dense, shuffled


def small(**changes: Any) -> RatingMatrix:
    fields: dict[str, Any] = {
        "rater": np.array([0, 0, 1]),
        "stimulus": np.array([0, 1, 1]),
        "levels": np.array([[4, 0], [3, 1], [2, 2]]),
        "rater_ids": ("anna", "ben"),
        "stimulus_ids": ("x", "y"),
        "dimensions": ("quality", "alignment"),
        "scale": ACR5,
    }
    return RatingMatrix(**{**fields, **changes})


def test_scale_maps_levels_to_scores() -> None:
    scale = Scale(low=0, step=0.1, level_max=50)
    assert scale.high == pytest.approx(5)
    assert scale.scores([0, 25, 50]) == pytest.approx([0, 2.5, 5])


@pytest.mark.parametrize("fields", [(1, 0, 4), (1, -1, 4), (1, 1, 0), (float("nan"), 1, 4)])
def test_a_scale_must_ascend_and_have_two_levels(fields: tuple[float, float, int]) -> None:
    with pytest.raises(ValueError, match="A scale needs"):
        Scale(*fields)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"levels": np.array([[4, 0], [3, 5], [2, 2]])}, r"Level 5 lies outside 0\.\.4"),
        ({"levels": np.array([[4, 0], [3, -1], [2, 2]])}, r"Level -1 lies outside 0\.\.4"),
        ({"levels": np.array([[4.0, 0], [3, 1], [2, 2]])}, "must hold integers"),
        ({"levels": np.array([[4], [3], [2]])}, r"\(ratings, dimensions\)"),
        ({"rater": np.array([0, 0, 2])}, r"Rater index 2 lies outside 0\.\.1"),
        ({"stimulus": np.array([0, 1, -1])}, r"Stimulus index -1 lies outside 0\.\.1"),
        ({"stimulus": np.array([0, 1])}, "equal length"),
        ({"stimulus": np.array([0, 0, 1])}, "Rater anna rated stimulus x more than once"),
        ({"rater_ids": ("anna", "anna")}, "rater_ids must be unique"),
        ({"stimulus_ids": ("x", "x")}, "stimulus_ids must be unique"),
        ({"dimensions": ("quality", "quality")}, "dimensions must be unique"),
        ({"dimensions": ("quality", "overall")}, "none of them called 'overall'"),
        ({"dimensions": (), "levels": np.empty((3, 0), dtype=np.int64)}, "needs dimensions"),
        ({"position": np.array([0, 1])}, "for every rating, or for none"),
        ({"position": np.array([7, 7, 0])}, "same position"),
    ],
)
def test_malformed_ratings_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        small(**changes)


def test_two_raters_may_share_a_position() -> None:
    assert small(position=np.array([0, 1, 0])).position is not None


def test_arrays_are_copied_and_locked() -> None:
    levels = np.array([[4, 0], [3, 1], [2, 2]])
    matrix = small(levels=levels)
    levels[0, 0] = 0
    assert matrix.levels[0, 0] == 4
    with pytest.raises(ValueError, match="read-only"):
        matrix.levels[0, 0] = 1


def test_counts_include_raters_and_stimuli_without_ratings() -> None:
    matrix = small(rater_ids=("anna", "ben", "cleo"), stimulus_ids=("x", "y", "z"))
    assert matrix.ratings_by_rater.tolist() == [2, 1, 0]
    assert matrix.ratings_by_stimulus.tolist() == [1, 2, 0]


def test_from_labels_finds_the_indices_and_keeps_unrated_stimuli() -> None:
    matrix = RatingMatrix.from_labels(
        ["ben", "anna"],
        ["y", "x"],
        [[1], [2]],
        dimensions=["quality"],
        scale=ACR5,
        stimulus_ids=["x", "y", "z"],
    )
    assert matrix.rater_ids == ("anna", "ben")
    assert matrix.rater.tolist() == [1, 0]
    assert matrix.stimulus.tolist() == [1, 0]
    assert matrix.stimulus_ids == ("x", "y", "z")


def test_from_labels_takes_no_ratings_at_all() -> None:
    matrix = RatingMatrix.from_labels([], [], [], dimensions=["quality"], scale=ACR5)
    assert matrix.ratings == 0
    assert matrix.levels.shape == (0, 1)


def test_from_labels_names_an_unknown_stimulus() -> None:
    with pytest.raises(ValueError, match="Unknown stimulus 'q'"):
        RatingMatrix.from_labels(
            ["a"], ["q"], [[1]], dimensions=["d"], scale=ACR5, stimulus_ids=["x"]
        )


def test_of_raters_keeps_the_stimuli_and_renumbers_the_raters() -> None:
    part = small(position=np.array([5, 6, 7])).of_raters({"ben"})
    assert part.rater_ids == ("ben",)
    assert part.rater.tolist() == [0]
    assert part.stimulus_ids == ("x", "y")
    assert part.levels.tolist() == [[2, 2]]
    assert part.position is not None
    assert part.position.tolist() == [7]


def test_of_raters_refuses_an_unknown_rater() -> None:
    with pytest.raises(ValueError, match="Unknown raters: zoe"):
        small().of_raters({"ben", "zoe"})


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_canonical_and_fingerprint_ignore_the_order_of_rows_and_ids(seed: int) -> None:
    matrix = small(position=np.array([1, 0, 0]), dwell_ms=np.array([900, 800, -1]))
    other = shuffled(matrix, seed)
    assert other.fingerprint() == matrix.fingerprint()
    for name in ("rater", "stimulus", "levels", "position", "dwell_ms"):
        assert getattr(other.canonical(), name).tolist() == getattr(matrix, name).tolist()


def test_fingerprint_is_a_stored_value() -> None:
    # Stored runs quote it: a change of the format must bump FINGERPRINT_METHOD.
    expected = "c69c3ef9cde806aaef2e59980ba011178a36c5148f5dcba3ec6fadde34d62f29"
    assert small().fingerprint() == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"levels": np.array([[4, 0], [3, 1], [2, 3]])},
        {"rater_ids": ("anna", "bea")},
        {"rater_ids": ("anna", "ben", "cleo")},
        {"stimulus_ids": ("x", "z")},
        {"dimensions": ("quality", "realism")},
        {"scale": Scale(low=0, step=1, level_max=4)},
        {"scale": Scale(low=1, step=0.5, level_max=4)},
        {"scale": Scale(low=1, step=1, level_max=5)},
        {"rater": np.array([0, 0, 1]), "stimulus": np.array([0, 1, 0])},
        {"position": np.array([0, 1, 0])},
        {"dwell_ms": np.array([900, 800, -1])},
    ],
)
def test_fingerprint_notices_any_change_of_content(changes: dict[str, Any]) -> None:
    assert small(**changes).fingerprint() != small().fingerprint()


def test_fingerprint_notices_another_order_of_presentation() -> None:
    orders = ([0, 1, 0], [1, 0, 0])
    first, second = (small(position=np.array(order)).fingerprint() for order in orders)
    assert first != second


def test_fingerprint_takes_equal_numbers_as_equal() -> None:
    floats = replace(small(), scale=Scale(low=1.0, step=1.0, level_max=4))
    assert floats.fingerprint() == small().fingerprint()


def test_dense_builder_leaves_out_missing_ratings() -> None:
    assert dense([[1, -1], [0, 2]]).ratings == 3


def test_fingerprint_notices_that_two_times_are_exchanged() -> None:
    times = ([900, 800, -1], [800, 900, -1])
    first, second = (small(dwell_ms=np.array(given)).fingerprint() for given in times)
    assert first != second
