from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from app.analysis.matrix import RatingMatrix
from app.analysis.opinion_scores import (
    mean_opinion_scores,
    z_mean_opinion_scores,
)
from app.analysis.run import Configuration, analyse
from app.analysis.screening import BT500OnZ
from app.analysis.standardised import (
    agiqa_1k_scores,
    agiqa_3k_scores,
    column_spread,
    z_mos_by_sitting,
    z_mos_on_scale,
)

from .builders import DATASETS, dataset, dense


def _in_sittings(matrix: RatingMatrix, first: int) -> RatingMatrix:
    """The same ratings; each rater saw the first few stimuli in sitting 1, the rest in 2."""
    return replace(matrix, sitting=np.where(matrix.stimulus < first, 1, 2))


@pytest.mark.data
@pytest.mark.parametrize("name", DATASETS)
def test_agiqa_1k_is_the_references_mean_z_moved(vectors: dict[str, Any], name: str) -> None:
    mean_z = np.array(vectors["datasets"][name]["sureal"]["ZS_MOS"]["quality_scores"])
    found = agiqa_1k_scores(dataset(vectors, name))
    assert found.mean[:, 0] == pytest.approx(2.5 + mean_z, abs=1e-9)


@pytest.mark.data
@pytest.mark.parametrize("name", DATASETS)
def test_agiqa_3k_is_the_references_mean_z_standardised(vectors: dict[str, Any], name: str) -> None:
    mean_z = np.array(vectors["datasets"][name]["sureal"]["ZS_MOS"]["quality_scores"])
    expected = 2.5 + (mean_z - mean_z.mean()) / mean_z.std(ddof=1)
    found = agiqa_3k_scores(dataset(vectors, name))
    assert found.mean[:, 0] == pytest.approx(expected, abs=1e-9)


@pytest.mark.data
@pytest.mark.parametrize("name", DATASETS)
def test_z_taken_before_rejection_is_the_references_mean_of_the_kept(
    vectors: dict[str, Any], name: str
) -> None:
    expected = vectors["datasets"][name]["sureal"]["ZS_SR_MOS"]
    setup = Configuration(checks=(BT500OnZ(),), rejecting=frozenset({BT500OnZ.name}))
    matrix = dataset(vectors, name)
    found = analyse(matrix, setup)
    assert found.rejected == tuple(f"r{i:03d}" for i in expected["rejected_subject_indices"])
    mean_z = found.z_mos.mean[:, 0] * 6 / 100 - 3
    assert mean_z == pytest.approx(expected["quality_scores"], abs=1e-9)
    kept = matrix.of_raters(set(matrix.rater_ids).difference(found.rejected))
    assert agiqa_1k_scores(kept).mean[:, 0] == pytest.approx(2.5 + mean_z, abs=1e-9)


def test_one_sitting_each_is_the_z_score_per_rater() -> None:
    matrix = dense(np.random.default_rng(1).integers(0, 5, (6, 20)))
    single = replace(matrix, sitting=matrix.rater % 3)
    found, expected = z_mos_by_sitting(single), z_mean_opinion_scores(matrix)
    assert found.mean == pytest.approx(expected.mean, abs=1e-12)
    assert found.sos == pytest.approx(expected.sos, abs=1e-12)


def test_a_shift_between_sittings_is_removed() -> None:
    # In the second sitting the rater gives one more: z of the two sittings are the same.
    matrix = _in_sittings(dense([[0, 1, 2, 1, 2, 3]]), 3)
    found = z_mos_by_sitting(matrix)
    assert found.mean[:3, 0] == pytest.approx(found.mean[3:, 0])


def test_a_sitting_without_spread_is_left_out_and_listed() -> None:
    matrix = _in_sittings(dense([[0, 1, 2, 3, 3], [0, 4, 2, 1, 3]]), 3)
    found = z_mos_by_sitting(matrix)
    assert found.left_out == {"quality": ("r000, sitting 2",), "overall": ("r000, sitting 2",)}
    assert found.n[:, 0].tolist() == [2, 2, 2, 1, 1]


def test_a_sitting_of_one_rating_is_left_out() -> None:
    found = z_mos_by_sitting(_in_sittings(dense([[0, 1, 2]]), 1))
    assert found.n[:, 0].tolist() == [0, 1, 1]
    assert found.left_out["quality"] == ("r000, sitting 1",)


def test_without_sittings_there_is_no_score_by_sitting() -> None:
    with pytest.raises(ValueError, match="in which sitting"):
        z_mos_by_sitting(dense([[0, 1]]))


def test_on_scale_is_the_mos_if_all_raters_have_one_spread() -> None:
    matrix = dense([[0, 1, 2, 3], [1, 2, 3, 4], [3, 2, 1, 0]])
    found, mos = z_mos_on_scale(matrix), mean_opinion_scores(matrix)
    assert found.mean == pytest.approx(mos.mean)


def test_on_scale_by_hand() -> None:
    # Scores 1 3 5 (mean 3, sd 2) and 2 3 4 (mean 3, sd 1): average rater has mean 3, sd 1.5.
    found = z_mos_on_scale(dense([[0, 2, 4], [1, 2, 3]]))
    assert found.mean[:, 0] == pytest.approx([1.5, 3, 4.5])


def test_agiqa_1k_is_clipped_at_the_mean_only() -> None:
    # One 4 among 39 zeros has z 6.2: 8.7 is cut to 5.
    found = agiqa_1k_scores(dense([[4] + [0] * 39]))
    assert found.mean[0, 0] == 5
    assert found.mean[1, 0] == pytest.approx(2.5 - 1 / np.sqrt(40))


def test_agiqa_3k_has_mean_two_and_a_half_and_spread_one_in_every_column() -> None:
    levels = np.random.default_rng(2).integers(0, 5, (7, 25, 2))
    centre, spread = column_spread(agiqa_3k_scores(dense(levels)).mean)
    assert centre == pytest.approx([2.5] * 3)
    assert spread == pytest.approx([1] * 3)


def test_agiqa_3k_of_equal_stimuli_is_not_defined() -> None:
    found = agiqa_3k_scores(dense([[0, 4], [4, 0]]))
    assert np.isnan(found.mean).all()
    assert np.isnan(agiqa_3k_scores(dense([[3]])).mean).all()
