from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.analysis.estimates import (
    ESTIMATE_METHODS,
    EstimateMethod,
    Unit,
    description,
    estimate,
)
from app.analysis.intervals import IntervalMethod, confidence_bounds
from app.analysis.matrix import RatingMatrix, Scale
from app.analysis.opinion_scores import mean_opinion_scores, z_mean_opinion_scores
from app.analysis.recovery import expectation_maximisation

from .builders import DATASETS, dataset, dense, shuffled
from .recovery.reference import with_gaps

ALL = pytest.mark.parametrize("method", EstimateMethod)
ON_SCALE = [about.method for about in ESTIMATE_METHODS if about.unit is Unit.SCORE]


def _ratings(seed: int = 1, raters: int = 8, stimuli: int = 30) -> RatingMatrix:
    matrix = dense(np.random.default_rng(seed).integers(0, 5, (raters, stimuli)))
    return replace(matrix, sitting=matrix.stimulus % 2)


def test_every_method_is_described_once_with_an_entry_in_the_docs() -> None:
    docs = (Path(__file__).parents[2] / "docs/methods.md").read_text()
    assert {about.method for about in ESTIMATE_METHODS} == set(EstimateMethod)
    assert len(ESTIMATE_METHODS) == len(EstimateMethod)
    for about in ESTIMATE_METHODS:
        assert f"### `{about.docs}`" in docs
        assert about.explanation.endswith(".")


@ALL
def test_values_lie_between_their_bounds_and_shapes_agree(method: EstimateMethod) -> None:
    matrix = _ratings()
    found = estimate(matrix, method)
    assert found.refused is None
    assert found.method_id == description(method).method_id
    shape = (30, 2)
    for array in (found.value, found.low, found.high, found.n, found.effective_n):
        assert array.shape == shape
    assert (found.low < found.value).all()
    assert (found.value < found.high).all()
    assert (found.effective_n <= found.n + 1e-9).all()
    assert found.interval.startswith("interval/")


@ALL
def test_a_higher_level_gives_wider_bounds(method: EstimateMethod) -> None:
    wide, narrow = (estimate(_ratings(), method, level=level) for level in (0.99, 0.8))
    assert (wide.high - wide.low > narrow.high - narrow.low).all()


def test_mos_and_z_mos_are_those_of_the_analysis() -> None:
    matrix = _ratings()
    mos, z = estimate(matrix, EstimateMethod.MOS), estimate(matrix, EstimateMethod.Z)
    scores = mean_opinion_scores(matrix)
    assert mos.value.tobytes() == scores.mean.tobytes()
    assert mos.low.tobytes() == confidence_bounds(scores, matrix.scale).low.tobytes()
    assert z.value.tobytes() == z_mean_opinion_scores(matrix).mean.tobytes()
    assert (mos.effective_n == mos.n).all()


def test_the_interval_of_the_mos_can_be_chosen() -> None:
    found = estimate(_ratings(), EstimateMethod.MOS, interval=IntervalMethod.POOLED_T)
    assert found.interval == IntervalMethod.POOLED_T.method_id
    assert np.ptp(found.high[:, 0] - found.low[:, 0]) == pytest.approx(0)


def test_em_bounds_are_normal_quantiles_of_its_standard_error() -> None:
    matrix = _ratings()
    found, model = estimate(matrix, EstimateMethod.EM), expectation_maximisation(matrix)
    half = 1.959963984540054 * model.standard_error
    assert found.high - found.value == pytest.approx(half)
    assert found.value - found.low == pytest.approx(half)


def test_a_recovery_that_collapsed_onto_one_rater_gives_no_interval() -> None:
    found = estimate(dense(with_gaps(3)), EstimateMethod.AP)
    assert np.isnan(found.low[1, 0])
    assert not np.isnan(found.value[1, 0])


def test_what_does_not_apply_is_refused_in_a_sentence() -> None:
    matrix = replace(_ratings(raters=3), sitting=None)
    for method in (EstimateMethod.AP, EstimateMethod.Z_SITTING):
        found = estimate(matrix, method)
        assert found.refused is not None
        assert found.refused.endswith(".")
        assert np.isnan(found.value).all()
        assert not found.n.any()
        assert found.interval == ""


def test_raters_without_z_are_counted_in_a_warning() -> None:
    levels = np.random.default_rng(2).integers(0, 5, (5, 12))
    levels[0] = 3
    found = estimate(dense(levels), EstimateMethod.Z)
    assert found.left_out["quality"] == ("r000",)
    assert found.warnings[0].startswith("Left out 1 ")


@ALL
@pytest.mark.parametrize(
    "levels",
    [
        np.full((1, 1), -1),
        np.full((1, 1), 2),
        np.full((6, 4), 3),
        np.tile(np.arange(5), (6, 1)),
        np.array([[0, 1], [0, 2]]),
    ],
    ids=["no rating", "one rating", "unanimous", "identical raters", "two raters"],
)
def test_edges_give_no_certainty_and_no_warning_of_numpy(
    method: EstimateMethod, levels: np.ndarray
) -> None:
    matrix = dense(levels)
    found = estimate(replace(matrix, sitting=np.zeros(matrix.ratings, dtype=int)), method)
    width = found.high - found.low
    assert not (width < 1e-6).any()
    assert not np.isinf(found.value).any()


@pytest.mark.parametrize("method", ON_SCALE)
def test_estimates_in_scores_follow_the_scale(method: EstimateMethod) -> None:
    matrix = _ratings(3)
    moved = replace(matrix, scale=Scale(low=20, step=2, level_max=4))
    found, other = estimate(matrix, method), estimate(moved, method)
    assert other.value == pytest.approx(20 + 2 * (found.value - 1), abs=1e-6)
    assert other.low == pytest.approx(20 + 2 * (found.low - 1), abs=1e-6)


@pytest.mark.parametrize("method", set(EstimateMethod) - set(ON_SCALE))
def test_z_scores_know_no_scale(method: EstimateMethod) -> None:
    matrix = _ratings(3)
    moved = replace(matrix, scale=Scale(low=20, step=2, level_max=4))
    assert estimate(moved, method).value.tobytes() == estimate(matrix, method).value.tobytes()


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_order_does_not_matter_to_the_last_bit(seed: int) -> None:
    matrix = dense(np.random.default_rng(4).integers(-1, 5, (7, 12)))
    other = shuffled(matrix, seed)
    rows = [other.stimulus_ids.index(stimulus) for stimulus in matrix.stimulus_ids]
    for method in EstimateMethod:
        found, again = estimate(matrix, method), estimate(other, method)
        for name in ("value", "low", "high", "n", "effective_n"):
            assert getattr(again, name)[rows].tobytes() == getattr(found, name).tobytes()
        assert (again.warnings, again.left_out) == (found.warnings, found.left_out)


@pytest.mark.data
@pytest.mark.parametrize("name", DATASETS)
def test_p913_is_the_references_whoever_else_was_rejected(
    vectors: dict[str, Any], name: str
) -> None:
    expected = vectors["datasets"][name]["sureal"]["P913_BR_SR"]
    matrix = dataset(vectors, name)
    found = estimate(matrix, EstimateMethod.P913)
    assert found.value[:, 0] == pytest.approx(expected["quality_scores"], abs=1e-9)
    rejected = tuple(f"r{i:03d}" for i in expected["rejected_subject_indices"])
    assert found.left_out["quality"] == rejected
    assert len(found.warnings) == 1
    some = matrix.of_raters(matrix.rater_ids[3:])
    again = estimate(some, EstimateMethod.P913, before_screening=matrix)
    assert again.value.tobytes() == found.value.tobytes()
    assert estimate(some, EstimateMethod.P913).value.tobytes() != found.value.tobytes()


def test_ratings_before_screening_are_of_the_same_stimuli() -> None:
    with pytest.raises(ValueError, match="same stimuli"):
        estimate(_ratings(), EstimateMethod.P913, before_screening=_ratings(stimuli=3))


def test_a_level_outside_zero_and_one_is_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        estimate(_ratings(), EstimateMethod.MOS, level=1)
