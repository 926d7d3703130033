from typing import Any

import numpy as np
import pytest

from app.analysis.recovery import bias_removed_scores, p913_scores
from app.analysis.recovery import p913 as module
from app.analysis.screening import P913, Status

from ..builders import DATASETS, dataset, dense


def _careless_among_steady() -> np.ndarray:
    """Twenty steady raters, and one who now and then is far off to either side."""
    generator = np.random.default_rng(1)
    quality = 1 + np.arange(60) % 3
    levels = quality + (generator.uniform(size=(21, 60)) < 0.2)
    levels[4, ::6], levels[4, 3::6] = 4 * (quality[::6] < 2), 4 * (quality[3::6] < 2)
    return levels


@pytest.mark.data
@pytest.mark.parametrize("name", DATASETS)
def test_agrees_with_the_reference(vectors: dict[str, Any], name: str) -> None:
    expected = vectors["datasets"][name]["sureal"]["P913_BR_SR"]
    found = p913_scores(dataset(vectors, name))
    assert found.quality[:, 0] == pytest.approx(expected["quality_scores"], abs=1e-9)
    rejected = tuple(f"r{i:03d}" for i in expected["rejected_subject_indices"])
    assert found.left_out["quality"] == found.left_out["overall"] == rejected


def test_biases_are_those_of_everybody() -> None:
    levels = _careless_among_steady()
    levels[7] = np.minimum(levels[7] + 1, 4)
    found = p913_scores(dense(levels))
    assert found.left_out["quality"] == ("r004",)
    assert "rejects 1 of 21 raters" in found.warnings[0]
    assert len(found.warnings) == 1
    everybody = bias_removed_scores(dense(levels))
    assert found.bias.tolist() == everybody.bias.tolist()
    corrected = np.delete(levels + 1 - everybody.bias[:, [0]], 4, axis=0)
    assert found.quality[:, 0] == pytest.approx(corrected.mean(axis=0))
    assert found.standard_error[:, 0] == pytest.approx(corrected.std(axis=0, ddof=1) / 20**0.5)
    assert (found.n == 20).all()


def test_who_fails_in_one_dimension_is_left_out_of_all() -> None:
    good = np.random.default_rng(2).integers(0, 5, (1, 60)).repeat(21, axis=0)
    matrix = dense(np.stack([good, _careless_among_steady()], axis=2))
    found = p913_scores(matrix)
    failed = [x.dimension for x in P913().evidence(matrix) if x.status is Status.FAILED]
    assert failed == ["alignment"]
    assert found.left_out == dict.fromkeys(("quality", "alignment", "overall"), ("r004",))


def test_nobody_rejected_is_bias_removal() -> None:
    matrix = dense(np.random.default_rng(1).integers(0, 5, (7, 12)))
    found = p913_scores(matrix)
    assert found.quality.tobytes() == bias_removed_scores(matrix).quality.tobytes()
    assert "rejects nobody" in found.warnings[0]


def test_everybody_rejected_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "proposed_raters", lambda *_, raters, **__: tuple(raters))
    found = p913_scores(dense(_careless_among_steady()))
    assert found.refused is not None
    assert "every rater" in found.refused
    assert np.isnan(found.quality).all()


def test_without_ratings_there_is_nothing_to_say() -> None:
    found = p913_scores(dense([[-1, -1]]))
    assert (found.refused, found.warnings) == (None, ())
    assert np.isnan(found.quality).all()
