"""Several starts downhill: to the bottom, within the bounds, whatever the others do."""

import numpy as np
import pytest

from app.analysis.metric_evaluation.logistic_descent import descend
from app.analysis.metric_evaluation.logistic_model import Model

LOW, HIGH = np.array([-50.0, -3.0]), np.array([50.0, 3.0])
STARTS = np.array([[0.0, 0.0], [1.5, 1.0], [-1.0, -2.0]])


@pytest.fixture
def model():
    z = np.linspace(-2, 2, 80)
    y = 1 / (1 + np.exp(-(z - 0.4) / 0.5))
    return Model(z, y - y.mean(), 1.0, has_line=False)


def test_every_start_finds_the_curve(model):
    ends = descend(model, STARTS, LOW, HIGH)
    assert ends == pytest.approx(np.tile([0.4, np.log(0.5)], (3, 1)), abs=1e-3)


def test_starts_do_not_influence_each_other(model):
    together = descend(model, STARTS, LOW, HIGH)
    alone = np.vstack([descend(model, start[None], LOW, HIGH) for start in STARTS])
    # Alone, one stops as soon as it has arrived.
    assert together == pytest.approx(alone, abs=1e-3)


def test_what_lies_outside_the_bounds_is_not_reached(model):
    low = np.array([-50.0, 0.0])
    ends = descend(model, np.array([[2.0, 1.0], [0.0, -1.0]]), low, HIGH)
    assert (ends >= low).all()
    assert ends[:, 1] == pytest.approx([0.0, 0.0], abs=1e-6)


def test_where_nothing_can_be_gained_it_stays(model):
    falling = Model(model.z, model.y, -1.0, has_line=False)
    assert descend(falling, STARTS, LOW, HIGH).tolist() == STARTS.tolist()
