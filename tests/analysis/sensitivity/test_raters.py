import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from app.analysis.matrix import RatingMatrix
from app.analysis.opinion_scores import mean_opinion_scores
from app.analysis.reliability import krippendorff_alpha
from app.analysis.sensitivity import raters as module
from app.analysis.sensitivity.comparison import comparison
from app.analysis.sensitivity.raters import rater_influence

from ..builders import dense

tables = arrays.arrays(np.int64, st.tuples(st.integers(1, 6), st.integers(1, 7), st.just(2)),
                       elements=st.integers(0, 4))  # fmt: skip


def _without(matrix: RatingMatrix, rater_id: str) -> RatingMatrix:
    return matrix.of_raters(set(matrix.rater_ids) - {rater_id})


@settings(max_examples=60, deadline=None)
@given(tables, st.integers(0, 2**32 - 1))
def test_agrees_with_leaving_out_each_rater_and_computing_again(
    table: np.ndarray, seed: int
) -> None:
    gaps = np.random.default_rng(seed).random(table.shape[:2]) < 0.3
    matrix = dense(np.where(gaps[:, :, None], -1, table))
    found = rater_influence(matrix)
    everybody, alpha = mean_opinion_scores(matrix).mean, krippendorff_alpha(matrix)
    for i, rater_id in enumerate(matrix.rater_ids):
        if found.ratings[i] == 0:
            continue
        kept = _without(matrix, rater_id)
        after = mean_opinion_scores(kept).mean
        assert found.lost[i] == np.isnan(after[~np.isnan(everybody[:, 0]), 0]).sum()
        changes = krippendorff_alpha(kept) - alpha
        assert found.alpha_change[i] == pytest.approx(changes, abs=1e-9, nan_ok=True)
        for c, column in enumerate(found.columns):
            expected = comparison(column, everybody[:, c], after[:, c], matrix.stimulus_ids)
            largest = 0 if np.isnan(expected.value_change) else abs(expected.value_change)
            assert abs(found.value_change[i, c]) == pytest.approx(largest, abs=1e-8)
            assert found.srcc[i, c] == pytest.approx(expected.srcc, nan_ok=True)
            if expected.stimuli >= 2:
                assert abs(found.rank_change[i, c]) == pytest.approx(abs(expected.rank_change))


def test_by_hand() -> None:
    # Without r002, s000 goes from 3 to 2 and is no longer tied with s002; s001 is r002's alone.
    found = rater_influence(dense([[1, -1, 2], [1, -1, 2], [4, 2, -1]]))
    assert found.value_change[2, 0] == -1
    assert found.value_stimulus[2] == ("s000", "s000")
    assert found.lost.tolist() == [0, 0, 1]
    assert found.sentences[2] == (
        "Leaving out this rater moves no picture by more than 1.00 and none by more than 0.5"
        " places. 1 picture would be left without any rating."
    )


def test_a_rater_without_ratings_changes_nothing() -> None:
    found = rater_influence(dense([[1, 2], [2, 4], [-1, -1]]))
    assert found.value_change[2].tolist() == [0, 0]
    assert found.value_stimulus[2] == ("", "")
    assert np.isnan(found.srcc[2]).all()
    assert "changes nothing" in found.sentences[2]


def test_a_lone_rater_loses_everything() -> None:
    found = rater_influence(dense([[1, 2, 3]]))
    assert found.lost.tolist() == [3]
    assert "changes no score" in found.sentences[0]
    assert "3 pictures would be left" in found.sentences[0]


def test_ranks_are_bounded_to_the_raters_of_the_largest_effect(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MOST_RANKED", 24)
    levels = np.random.default_rng(1).integers(1, 4, (6, 12))
    levels[4] = 4 - levels[4]
    levels[5, 3] = 0 if levels[:5, 3].mean() > 2 else 4
    found = rater_influence(dense(levels))
    ranked = ~np.isnan(found.srcc[:, 0])
    assert ranked.sum() == 2
    assert (
        np.abs(found.value_change[ranked, 0]).min() >= np.abs(found.value_change[~ranked, 0]).max()
    )
    assert "place" not in found.sentences[int(np.flatnonzero(~ranked)[0])]


def test_leaving_out_a_reversed_rater_raises_agreement() -> None:
    generator = np.random.default_rng(2)
    quality = generator.integers(0, 5, 40)
    levels = np.clip(quality + generator.integers(-1, 2, (6, 40)), 0, 4)
    levels[0] = 4 - levels[0]
    found = rater_influence(dense(levels))
    assert found.alpha_change[0, 0] > 0.1
    assert (found.alpha_change[1:, 0] < found.alpha_change[0, 0]).all()
