"""Classes of prompt length."""

import numpy as np

from app.analysis.factors.lengths import LONGEST, NAMES, length_class


def test_every_length_has_a_class_and_bounds_belong_below():
    found = length_class(np.array([0, 1, 5, 6, 10, 11, 20, 21, 40, 41, 900]))
    assert found.tolist() == [0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert len(NAMES) == len(LONGEST) + 1
