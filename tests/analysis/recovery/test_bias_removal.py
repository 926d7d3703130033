from typing import Any

import numpy as np
import pytest

from app.analysis.recovery import bias_removed_scores

from ..builders import DATASETS, dataset, dense
from .reference import as_scores, run_sureal, with_gaps


@pytest.mark.data
@pytest.mark.parametrize("name", DATASETS)
def test_agrees_with_the_reference(vectors: dict[str, Any], name: str) -> None:
    expected = vectors["datasets"][name]["sureal"]["BR_MOS"]
    found = bias_removed_scores(dataset(vectors, name))
    assert found.quality[:, 0] == pytest.approx(expected["quality_scores"], abs=1e-9)
    assert found.standard_error[:, 0] == pytest.approx(expected["quality_scores_std"], abs=1e-9)
    assert found.bias[:, 0] == pytest.approx(expected["observer_bias"], abs=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_agrees_with_sureal_where_ratings_are_missing(seed: int) -> None:
    levels = with_gaps(seed)
    expected = run_sureal("BiasremvMosModel", as_scores(levels))
    found = bias_removed_scores(dense(levels))
    assert found.quality[:, 0] == pytest.approx(expected["quality_scores"], abs=1e-9)
    assert found.standard_error[:, 0] == pytest.approx(expected["quality_scores_std"], abs=1e-9)


def test_by_hand() -> None:
    # MOS 2 and 4; biases -1 and +1; both raters then say 2 and 4.
    found = bias_removed_scores(dense([[0, 2], [2, 4]]))
    assert found.bias[:, 0].tolist() == [-1, 1]
    assert found.quality[:, 0].tolist() == [2, 4]
    assert found.standard_error[:, 0].tolist() == [0, 0]
    assert found.inconsistency[:, 0].tolist() == [0, 0]


def test_a_dense_design_keeps_its_mos() -> None:
    levels = np.random.default_rng(1).integers(0, 5, (7, 12))
    found = bias_removed_scores(dense(levels))
    assert found.quality[:, 0] == pytest.approx(levels.mean(axis=0) + 1)


def test_one_rating_has_a_value_but_no_standard_error() -> None:
    found = bias_removed_scores(dense([[3, -1]]))
    assert found.quality[0, 0] == 4
    assert np.isnan(found.quality[1, 0])
    assert np.isnan(found.standard_error).all()
    assert found.n[:, 0].tolist() == [1, 0]
