"""Outlier ratio by hand, in both definitions."""

import numpy as np
import pytest

from app.analysis.metric_evaluation.outliers import outliers_by_interval, outliers_by_two_se

NAN = np.nan


def test_outside_the_interval_is_an_outlier_and_a_bound_is_inside():
    fitted = np.array([2.0, 3.0, 3.01, 0.5, NAN, 2.0])
    low = np.array([1.0, 1.0, 1.0, 1.0, 1.0, NAN])
    found = outliers_by_interval(fitted, low, low + 2)
    assert (found.ratio, found.n) == (0.5, 4)


def test_two_standard_errors():
    # SE = 1 / √4 = 0.5, so a miss of more than 1 is an outlier.
    fitted, mos = np.array([3.0, 4.0, 4.1, 9.0, 9.0]), np.array([3.0, 3.0, 3.0, 3.0, NAN])
    found = outliers_by_two_se(fitted, mos, np.ones(5), np.array([4, 4, 4, 1, 4]))
    assert (found.ratio, found.n) == (pytest.approx(1 / 3), 3)


def test_a_unanimous_image_has_no_doubt_of_its_own():
    one = np.ones(1)
    assert outliers_by_two_se(3 * one, 3.001 * one, 0 * one, np.array([9])).ratio == 1.0


def test_nothing_to_judge():
    none = np.full(3, NAN)
    assert np.isnan(outliers_by_interval(none, none, none).ratio)
    assert outliers_by_two_se(none, none, none, np.zeros(3, int)).n == 0
