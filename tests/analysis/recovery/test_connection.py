import numpy as np

from app.analysis.recovery import connected_groups

from ..builders import dense


def test_one_chain_of_raters_and_stimuli_is_one_group() -> None:
    found = connected_groups(dense([[1, 1, -1, -1], [-1, 1, 1, -1], [-1, -1, 1, 1]]))
    assert found.groups == 1
    assert found.rater.tolist() == [0, 0, 0]


def test_separate_groups_and_those_without_ratings() -> None:
    found = connected_groups(
        dense([[1, -1, -1, -1], [-1, -1, 1, 1], [-1, -1, -1, -1], [1, -1, -1, -1]])
    )
    assert found.groups == 2
    assert found.stimulus.tolist() == [0, -1, 1, 1]
    assert found.rater.tolist() == [0, 1, -1, 0]


def test_no_ratings_no_group() -> None:
    found = connected_groups(dense(np.full((2, 3), -1)))
    assert found.groups == 0
    assert (found.rater == -1).all()
