"""The model at given places: by regression written out, and its derivative by differences."""

import numpy as np
import pytest

from app.analysis.metric_evaluation.logistic_model import Model

PLACES = np.array([[0.3, -0.5], [-2.0, 0.4], [-12.0, -0.7], [9.0, 0.1]])


@pytest.fixture
def data():
    rng = np.random.default_rng(1)
    z = np.sort(rng.normal(size=40))
    z -= z.mean()
    y = np.tanh(z) + 0.2 * rng.normal(size=40)
    return z, y - y.mean()


@pytest.mark.parametrize("has_line", [False, True])
def test_what_is_left_is_what_regression_leaves(data, has_line):
    z, y = data
    found = Model(z, y, 0.0, has_line).solved(PLACES[:2])
    for k, (centre, log_width) in enumerate(PLACES[:2]):
        s = 1 / (1 + np.exp(-(z - centre) / np.exp(log_width)))
        columns = np.column_stack([np.ones(40), s, z][: 2 + has_line])
        solution, (left,), *_ = np.linalg.lstsq(columns, y, rcond=None)
        assert found.cost[k] == pytest.approx(left)
        assert found.b[k] == pytest.approx(solution[1])
        assert found.d[k] == pytest.approx(solution[2] if has_line else 0.0)


def test_far_outside_it_is_an_exponential(data):
    z, y = data
    found = Model(z, y, 0.0, has_line=False).solved(np.array([[-20.0, 0.0], [20.0, 0.0]]))
    for k, shape in enumerate((np.exp(-z), np.exp(z))):
        left = (1 - np.corrcoef(shape, y)[0, 1] ** 2) * (y @ y)
        assert found.cost[k] == pytest.approx(left, rel=1e-6)


def test_where_it_does_not_rise_there_is_no_curve(data):
    z, y = data
    found = Model(z, y, 0.0, has_line=False).solved(np.array([[-90.0, -1.0], [90.0, -1.0]]))
    assert found.b.tolist() == [0.0, 0.0]
    assert found.cost == pytest.approx([y @ y] * 2)


def test_the_wrong_direction_is_flat(data):
    z, y = data
    assert Model(z, y, -1.0, has_line=False).solved(PLACES[:1]).b[0] == 0


@pytest.mark.parametrize("has_line", [False, True])
def test_the_slope_of_the_cost_is_that_of_differences(data, has_line):
    model = Model(*data, 0.0, has_line)
    at = model.solved(PLACES)
    found = 2 * np.einsum("kin,kn->ki", model.jacobian(PLACES, at), at.residual)
    for i, step in enumerate(np.eye(2) * 1e-5):
        rise = (model.solved(PLACES + step).cost - model.solved(PLACES - step).cost) / 2e-5
        assert found[:, i] == pytest.approx(rise, rel=1e-4, abs=1e-6)
