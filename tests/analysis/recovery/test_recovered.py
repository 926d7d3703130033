"""What every recovery model must do, whichever it is."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.analysis.matrix import RatingMatrix, Scale
from app.analysis.recovery import (
    Recovery,
    alternating_projection,
    bias_removed_scores,
    expectation_maximisation,
    zrec,
)

from ..builders import dense, shuffled
from .reference import with_gaps

MODELS: tuple[Callable[[RatingMatrix], Recovery], ...] = (
    bias_removed_scores,
    alternating_projection,
    expectation_maximisation,
    zrec,
)
tables = st.lists(st.lists(st.integers(-1, 4), min_size=5, max_size=5), min_size=1, max_size=8)


@pytest.mark.parametrize("model", MODELS)
@settings(max_examples=30, deadline=None)
@given(table=tables, seed=st.integers(0, 2**32 - 1))
def test_order_does_not_matter_and_nothing_breaks(
    model: Callable[[RatingMatrix], Recovery], table: list[list[int]], seed: int
) -> None:
    matrix = dense(table)
    found, other = model(matrix), model(shuffled(matrix, seed).canonical())
    assert other.quality.tobytes() == found.quality.tobytes()
    assert other.standard_error.tobytes() == found.standard_error.tobytes()
    assert other.bias.tobytes() == found.bias.tobytes()
    assert not np.isinf(found.quality).any()
    has_value = ~np.isnan(found.quality)
    assert (found.n[has_value] > 0).all()
    assert (found.effective_n[has_value] <= found.n[has_value] + 1e-9).all()
    assert (found.effective_n[has_value] >= 1 - 1e-9).all()
    assert not (found.standard_error < 0).any()


@pytest.mark.parametrize("model", MODELS)
def test_a_constant_moves_quality_and_nothing_else(
    model: Callable[[RatingMatrix], Recovery],
) -> None:
    matrix = dense(with_gaps(1))
    moved = replace(matrix, scale=Scale(low=11, step=1, level_max=4))
    found, other = model(matrix), model(moved)
    assert other.quality == pytest.approx(found.quality + 10, abs=1e-12)
    assert other.bias.tobytes() == found.bias.tobytes()
    assert other.standard_error.tobytes() == found.standard_error.tobytes()


@pytest.mark.parametrize("model", MODELS)
def test_a_longer_step_stretches_everything(model: Callable[[RatingMatrix], Recovery]) -> None:
    # Within what the stopping rules, which are in scores, leave open.
    matrix = dense(with_gaps(2))
    stretched = replace(matrix, scale=Scale(low=0, step=2.5, level_max=4))
    found, other = model(matrix), model(stretched)
    assert other.quality == pytest.approx(2.5 * (found.quality - 1), abs=1e-6)
    assert other.standard_error == pytest.approx(2.5 * found.standard_error, abs=1e-6)
    assert other.effective_n == pytest.approx(found.effective_n, rel=1e-5)


@pytest.mark.parametrize("model", MODELS)
def test_overall_is_modelled_per_act_of_rating(model: Callable[[RatingMatrix], Recovery]) -> None:
    generator = np.random.default_rng(3)
    levels = generator.integers(0, 5, (8, 30, 2))
    found = model(dense(levels))
    mean = dense(levels.sum(axis=2), scale=Scale(low=1, step=0.5, level_max=8))
    assert found.columns == ("quality", "alignment", "overall")
    assert found.quality[:, 2] == pytest.approx(model(mean).quality[:, 0], abs=1e-9)
    assert found.bias[:, 2] == pytest.approx(model(mean).bias[:, 0], abs=1e-9)


@pytest.mark.parametrize("model", MODELS)
def test_a_stimulus_without_ratings_has_an_empty_row(
    model: Callable[[RatingMatrix], Recovery],
) -> None:
    levels = with_gaps(4)
    levels[:, 7] = -1
    found = model(dense(levels))
    assert np.isnan(found.quality[7]).all()
    assert np.isnan(found.effective_n[7]).all()
    assert not found.n[7].any()
    assert not np.isnan(np.delete(found.quality, 7, axis=0)).any()


@pytest.mark.parametrize("model", MODELS)
def test_no_ratings_at_all(model: Callable[[RatingMatrix], Recovery]) -> None:
    found = model(dense([[-1, -1], [-1, -1]]))
    assert np.isnan(found.quality).all()
    assert np.isnan(found.bias).all()


@pytest.mark.parametrize("model", MODELS)
def test_a_rater_without_ratings_changes_nothing(
    model: Callable[[RatingMatrix], Recovery],
) -> None:
    levels = with_gaps(5)
    idle = np.vstack([levels, np.full((1, levels.shape[1]), -1)])
    assert model(dense(idle)).quality.tobytes() == model(dense(levels)).quality.tobytes()
