from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.analysis.matrix import ControlKind, ControlRatings, RatingMatrix, Repeats, Scale

from .builders import ACR5, dense, shuffled


def small(**changes: Any) -> RatingMatrix:
    given: dict[str, Any] = {
        "rater": np.array([0, 0, 1]),
        "stimulus": np.array([0, 1, 1]),
        "levels": np.array([[4, 0], [3, 1], [2, 2]]),
        "rater_ids": ("anna", "ben"),
        "stimulus_ids": ("x", "y"),
        "dimensions": ("quality", "alignment"),
        "scale": ACR5,
    }
    return RatingMatrix(**{**given, **changes})


def some_repeats(levels: Any = ((4, 1), (1, 2)), **changes: Any) -> Repeats:
    given = {"rater": [0, 1], "stimulus": [1, 1], "levels": np.array(levels)}
    return Repeats(**{**given, **changes})


def some_controls(**changes: Any) -> ControlRatings:
    given = {
        "rater": np.array([1, 0]),
        "kind": np.array([ControlKind.GOLD, ControlKind.TRAP]),
        "levels": np.array([[4, 0], [2, 2]]),
        "low": np.array([[3, 1], [2, 2]]),
        "high": np.array([[4, 0], [2, 2]]),
    }
    return ControlRatings(**{**given, **changes})


def complete(**changes: Any) -> RatingMatrix:
    """A matrix in which nothing that may be known is missing."""
    given: dict[str, Any] = {
        "position": np.array([1, 0, 0]),
        "dwell_ms": np.array([900, 800, -1]),
        "sitting": np.array([2, 1, 1]),
        "repeats": some_repeats(),
        "controls": some_controls(),
    }
    return small(**{**given, **changes})


def content(matrix: RatingMatrix) -> dict[str, Any]:
    """Every array of a matrix as lists, by name."""
    tables = {"": matrix, "repeats.": matrix.repeats, "controls.": matrix.controls}
    return {
        f"{prefix}{field.name}": value.tolist()
        for prefix, table in tables.items()
        if table is not None
        for field in fields(table)
        if isinstance(value := getattr(table, field.name), np.ndarray)
    }


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
        ({"position": np.array([2**62, 2**62, 0])}, "same position"),
        ({"sitting": np.array([1])}, "Sittings must be given for every rating"),
        ({"dwell_ms": np.array([1.5, 2, 3])}, "must hold integers"),
        ({"repeats": some_repeats(rater=[0, 2])}, r"Rater index of a repeat 2 lies outside 0\.\.1"),
        (
            {"repeats": some_repeats(stimulus=[0, 2])},
            r"Stimulus index of a repeat 2 lies outside 0\.\.1",
        ),
        ({"repeats": some_repeats([[4, 1], [5, 2]])}, r"Level of a repeat 5 lies outside 0\.\.4"),
        ({"repeats": some_repeats([[4], [1]])}, "repeat needs one level for each dimension"),
        (
            {"controls": some_controls(rater=np.array([0, 2]))},
            r"Rater index of a control 2 lies outside 0\.\.1",
        ),
        (
            {"controls": some_controls(levels=np.array([[5, 0], [2, 2]]))},
            r"Level of a control 5 lies outside 0\.\.4",
        ),
    ],
)
def test_malformed_ratings_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        small(**changes)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: some_repeats(stimulus=[1]), "a rater and a stimulus each"),
        (lambda: some_repeats([[0.5, 1], [1, 2]]), "must hold integers"),
        (lambda: some_controls(kind=np.array([0])), "a rater and a kind each"),
        (lambda: some_controls(kind=np.array([0, 2])), r"Kind of control 2 lies outside 0\.\.1"),
        (lambda: some_controls(low=np.array([[3], [2]])), "a lowest and a highest level"),
    ],
)
def test_malformed_repeats_and_controls_are_refused(
    make: Callable[[], object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_a_pair_may_be_repeated_often_and_without_a_first_rating() -> None:
    matrix = small(repeats=some_repeats(rater=[1, 1], stimulus=[0, 0]))
    assert matrix.ratings == 3


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


def test_of_raters_takes_what_stands_beside_along() -> None:
    part = complete().of_raters({"ben"})
    assert content(part) == {
        "rater": [0],
        "stimulus": [1],
        "levels": [[2, 2]],
        "position": [0],
        "dwell_ms": [-1],
        "sitting": [1],
        "repeats.rater": [0],
        "repeats.stimulus": [1],
        "repeats.levels": [[1, 2]],
        "controls.rater": [0],
        "controls.kind": [ControlKind.GOLD],
        "controls.levels": [[4, 0]],
        "controls.low": [[3, 1]],
        "controls.high": [[4, 0]],
    }
    with pytest.raises(ValueError, match="read-only"):
        part.levels[0, 0] = 1


def test_everybody_is_the_matrix_itself() -> None:
    matrix = complete()
    assert matrix.of_raters({"anna", "ben"}) is matrix


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_canonical_and_fingerprint_ignore_the_order_of_rows_and_ids(seed: int) -> None:
    matrix = complete().canonical()
    other = shuffled(matrix, seed)
    assert other.fingerprint() == matrix.fingerprint()
    assert content(other.canonical()) == content(matrix)
    assert other.canonical().rater_ids == matrix.rater_ids


def test_a_canonical_matrix_is_not_sorted_again() -> None:
    canonical = shuffled(complete(), 3).canonical()
    assert canonical.canonical() is canonical


def test_a_sparse_matrix_is_sorted_like_a_dense_one() -> None:
    stimuli = tuple(f"s{j:03d}" for j in range(500))
    matrix = small(stimulus_ids=stimuli, stimulus=np.array([499, 3, 3]))
    assert content(shuffled(matrix, 1).canonical()) == {
        "rater": [0, 0, 1],
        "stimulus": [3, 499, 3],
        "levels": [[3, 1], [4, 0], [2, 2]],
    }


def test_fingerprint_is_a_stored_value() -> None:
    # Stored runs quote it: a change of the format must bump FINGERPRINT_METHOD.
    expected = {
        small: "9339d67ccb5b2876d76094ceadb3cea8f25ee7e90cde9b22ddfaf98a7cde6cab",
        complete: "b86796828ce757d81d5249c62b11083bf39f0d88c6bc426ff7fdea5e3bbbc935",
    }
    for make, fingerprint in expected.items():
        assert make().fingerprint() == fingerprint


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
        {"sitting": np.array([1, 1, 1])},
        {"repeats": some_repeats()},
        {"repeats": some_repeats(np.empty((0, 2), dtype=int), rater=[], stimulus=[])},
        {"controls": some_controls()},
    ],
)
def test_fingerprint_notices_any_change_of_content(changes: dict[str, Any]) -> None:
    assert small(**changes).fingerprint() != small().fingerprint()


@pytest.mark.parametrize(
    "changes",
    [
        {"sitting": np.array([1, 1, 1])},
        {"repeats": some_repeats([[4, 1], [1, 3]])},
        {"repeats": some_repeats(rater=[0, 0])},
        {"controls": some_controls(kind=np.array([0, 0]))},
        {"controls": some_controls(low=np.array([[2, 1], [2, 2]]))},
        {"controls": some_controls(high=np.array([[4, 0], [2, 3]]))},
    ],
)
def test_fingerprint_notices_any_change_beside_the_ratings(changes: dict[str, Any]) -> None:
    assert complete(**changes).fingerprint() != complete().fingerprint()


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
