from typing import Any

import numpy as np
import pytest

from app.analysis.recovery import zrec

from ..builders import DATASETS, dataset, dense


@pytest.mark.data
@pytest.mark.parametrize("name", DATASETS)
def test_agrees_with_the_reference(vectors: dict[str, Any], name: str) -> None:
    expected = vectors["datasets"][name]["other"]["zrec"]
    matrix = dataset(vectors, name)
    found = zrec(matrix)
    assert found.quality[:, 0] == pytest.approx(expected["mos"], abs=1e-9)
    assert found.bias[:, 0] == pytest.approx(expected["bias"], abs=1e-9)
    assert found.inconsistency[:, 0] == pytest.approx(expected["inconsistency"], abs=1e-9)
    # Where everybody agrees the reference claims certainty (a half-width of 0); we do not.
    half = np.array(expected["ci95_half"])
    certain = half == 0
    assert (1.96 * found.standard_error[~certain, 0]) == pytest.approx(half[~certain], abs=1e-9)
    assert (found.standard_error[certain, 0] > 0).all()


def test_by_hand() -> None:
    # Scores of 3 raters: MOS 3, 3; S = √(2/3)·2, √(2/3): z = (-a, 0, a) and (a, 0, -a), a = √1.5;
    # all biases 0; r001 has no spread of z, r000 and r002 have the same.
    found = zrec(dense([[0, 3], [2, 2], [4, 1]]))
    assert found.left_out["quality"] == ("r001",)
    assert found.bias[[0, 2], 0] == pytest.approx([0, 0])
    assert found.inconsistency[[0, 2], 0] == pytest.approx([np.sqrt(1.5)] * 2)
    assert found.quality[:, 0] == pytest.approx([3, 3])
    assert found.n[:, 0].tolist() == [2, 2]


def test_a_unanimous_stimulus_borrows_the_spread_of_the_others() -> None:
    levels = np.random.default_rng(1).integers(0, 5, (10, 30))
    levels[:, 3] = 2
    found = zrec(dense(levels))
    assert found.quality[3, 0] == pytest.approx(3)
    others = np.delete(found.standard_error[:, 0], 3)
    assert others.min() < found.standard_error[3, 0] < others.max()


def test_everybody_unanimous_has_nobody_to_compare() -> None:
    found = zrec(dense(np.full((4, 6), 2)))
    assert np.isnan(found.quality).all()
    assert found.left_out["quality"] == ("r000", "r001", "r002", "r003")


def test_small_panels_are_warned_of_narrow_intervals() -> None:
    levels = np.random.default_rng(2).integers(0, 5, (12, 30))
    assert any("too narrow" in warning for warning in zrec(dense(levels[:5])).warnings)
    assert not zrec(dense(levels)).warnings
