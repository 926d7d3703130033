from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.analysis.matrix import Scale
from app.analysis.opinion_scores import (
    mean_opinion_scores,
    rater_z_scores,
    z_mean_opinion_scores,
)

from .builders import DATASETS, dataset, dense, shuffled


@pytest.mark.data
@pytest.mark.parametrize("name", DATASETS)
def test_mos_and_sos_agree_with_the_reference(vectors: dict[str, Any], name: str) -> None:
    expected = vectors["datasets"][name]["sureal"]["MOS"]
    scores = mean_opinion_scores(dataset(vectors, name))
    assert scores.mean[:, 0] == pytest.approx(expected["quality_scores"], abs=1e-9)
    assert scores.sos[:, 0] == pytest.approx(expected["quality_ambiguity"], abs=1e-9)
    standard_error = scores.sos[:, 0] / np.sqrt(scores.n[:, 0])
    assert standard_error == pytest.approx(expected["quality_scores_std"], abs=1e-9)


@pytest.mark.data
@pytest.mark.parametrize("name", DATASETS)
def test_z_mos_agrees_with_the_reference(vectors: dict[str, Any], name: str) -> None:
    expected = vectors["datasets"][name]
    scores = z_mean_opinion_scores(dataset(vectors, name))
    rescaled = expected["other"]["live_z_rescaled_mean"]
    assert scores.mean[:, 0] == pytest.approx(rescaled, abs=1e-9)
    z = scores.mean[:, 0] * 6 / 100 - 3
    assert z == pytest.approx(expected["sureal"]["ZS_MOS"]["quality_scores"], abs=1e-9)


def test_no_rating_one_rating_unanimous_and_split() -> None:
    #             none one same split
    table = [[-1, 3, 2, 0], [-1, -1, 2, 4], [-1, -1, 2, 2]]
    scores = mean_opinion_scores(dense(table))
    assert scores.n[:, 0].tolist() == [0, 1, 3, 3]
    assert scores.mean[1:, 0].tolist() == [4, 3, 3]
    assert np.isnan(scores.mean[0, 0])
    assert np.isnan(scores.sos[:2, 0]).all()
    assert scores.sos[2:, 0].tolist() == [0, 2]
    assert scores.unanimous[:, 0].tolist() == [False, False, True, False]
    assert scores.left_out == {"quality": (), "overall": ()}


def test_means_are_scores_of_the_scale_not_levels() -> None:
    scores = mean_opinion_scores(dense([[10], [20]], scale=Scale(low=0, step=0.1, level_max=50)))
    assert scores.mean[0, 0] == pytest.approx(1.5)
    assert scores.sos[0, 0] == pytest.approx(np.sqrt(0.5))


def test_no_ratings_at_all_give_empty_rows() -> None:
    scores = mean_opinion_scores(dense([[-1, -1]]))
    assert np.isnan(scores.mean).all()
    assert not scores.n.any()


def test_overall_is_taken_per_rating_with_its_own_spread() -> None:
    # Scores (quality, alignment): (5, 1) and (1, 5). Each alone spreads, both overall are 3.
    scores = mean_opinion_scores(dense([[[4, 0]], [[0, 4]]]))
    assert scores.columns == ("quality", "alignment", "overall")
    assert scores.mean.tolist() == [[3, 3, 3]]
    assert scores.sos[0].tolist() == pytest.approx([np.sqrt(8), np.sqrt(8), 0])


def test_overall_respects_the_weights() -> None:
    weights = {"quality": 3.0, "alignment": 1.0}
    scores = mean_opinion_scores(dense([[[4, 0]], [[2, 2]]]), weights=weights)
    assert scores.mean[0, 2] == pytest.approx((4 + 3) / 2)


def test_a_unanimous_overall_is_exact_under_awkward_weights() -> None:
    weights = {"quality": 0.1, "alignment": 0.7}
    scores = mean_opinion_scores(dense(np.full((7, 1, 2), [3, 1])), weights=weights)
    assert scores.sos[0, 2] == 0


def test_z_scores_by_hand() -> None:
    # One rater, scores 1, 3, 5: mean 3, sd 2 (ddof 1), z -1, 0, 1, z' 33 1/3, 50, 66 2/3.
    scores = z_mean_opinion_scores(dense([[0, 2, 4]]))
    assert scores.mean[:, 0] == pytest.approx([100 / 3, 50, 200 / 3])


def test_z_removes_bias_and_range_of_a_rater() -> None:
    z = rater_z_scores(dense([[0, 1, 2], [2, 3, 4], [0, 2, 4]]))[:, 0].reshape(3, 3)
    assert z == pytest.approx(np.tile([-1.0, 0, 1], (3, 1)))


def test_raters_without_z_are_left_out_and_listed() -> None:
    # r000 is constant in quality only, r001 has one rating, r002 is usable.
    table = [
        [[3, 0], [3, 4]],
        [[1, 1], [-1, -1]],
        [[0, 0], [4, 4]],
    ]
    scores = z_mean_opinion_scores(dense(table))
    assert scores.left_out == {
        "quality": ("r000", "r001"),
        "alignment": ("r001",),
        "overall": ("r000", "r001"),
    }
    assert scores.n.tolist() == [[1, 2, 1], [1, 2, 1]]


def test_a_stimulus_rated_only_by_constant_raters_has_no_z_mos() -> None:
    scores = z_mean_opinion_scores(dense([[2, 2, -1], [-1, 0, 4]]))
    assert scores.n[:, 0].tolist() == [0, 1, 1]
    assert np.isnan(scores.mean[0, 0])


def test_z_is_not_clipped() -> None:
    # One 4 among 39 zeros lies 6.2 standard deviations above the mean: z' is about 153.
    scores = z_mean_opinion_scores(dense([[4] + [0] * 39]))
    assert scores.mean[0, 0] > 150


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.lists(st.integers(-1, 4), min_size=4, max_size=4), min_size=2, max_size=6),
    st.integers(0, 2**32 - 1),
)
def test_order_of_rows_does_not_matter(table: list[list[int]], seed: int) -> None:
    matrix = dense(table)
    other = shuffled(matrix, seed).canonical()
    for averaged in (mean_opinion_scores, z_mean_opinion_scores):
        assert averaged(other).mean.tobytes() == averaged(matrix).mean.tobytes()
        assert averaged(other).sos.tobytes() == averaged(matrix).sos.tobytes()
