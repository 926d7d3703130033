from dataclasses import replace

import numpy as np
import pytest

from app.analysis.estimates import ESTIMATE_METHODS, EstimateMethod, estimate
from app.analysis.sensitivity.methods import method_comparisons, method_sentence

from ..builders import dense


def test_every_method_but_the_mos_is_compared_in_every_column() -> None:
    matrix = dense(np.random.default_rng(1).integers(0, 5, (8, 25, 2)))
    found = method_comparisons(matrix)
    assert [item.method for item in found] == [
        about.method for about in ESTIMATE_METHODS if about.method is not EstimateMethod.MOS
    ]
    for item in found:
        columns = [part.column for part in item.comparisons]
        assert columns == ([] if item.refused else ["quality", "alignment", "overall"])
        assert item.sentence.endswith(".")


def test_values_are_compared_on_the_scale_alone() -> None:
    matrix = dense(np.random.default_rng(1).integers(0, 5, (8, 25)))
    by_method = {item.method: item for item in method_comparisons(matrix)}
    assert np.isnan(by_method[EstimateMethod.Z].comparisons[0].value_change)
    assert "no score changes" not in by_method[EstimateMethod.Z].sentence
    em = estimate(matrix, EstimateMethod.EM).value[:, 0]
    mos = estimate(matrix, EstimateMethod.MOS).value[:, 0]
    change = by_method[EstimateMethod.EM].comparisons[0].value_change
    assert abs(change) == pytest.approx(np.abs(em - mos).max(), abs=1e-8)
    assert f"{abs(change):.2f}" in by_method[EstimateMethod.EM].sentence


def test_a_refusal_is_the_sentence() -> None:
    by_method = {
        item.method: item
        for item in method_comparisons(dense(np.random.default_rng(1).integers(0, 5, (3, 25))))
    }
    refused = by_method[EstimateMethod.AP]
    assert refused.refused == refused.sentence
    assert refused.comparisons == ()


def test_nothing_changes_when_raters_are_alike() -> None:
    matrix = dense(np.tile(np.arange(5), (6, 1)))
    em = {item.method: item for item in method_comparisons(matrix)}[EstimateMethod.EM]
    assert em.sentence == (
        "Puts the pictures in the same order as the MOS (rank correlation 1); no picture changes"
        " its place; no score changes."
    )


def test_no_ratings_leave_nothing_to_compare() -> None:
    found = method_comparisons(dense([[-1, -1]]))
    assert {item.sentence for item in found if not item.refused} == {
        "There is too little to compare with the MOS."
    }


def test_estimates_already_known_are_not_computed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    matrix = dense(np.random.default_rng(1).integers(0, 5, (8, 25)))
    known = [estimate(matrix, method) for method in EstimateMethod]
    expected = method_comparisons(matrix)
    monkeypatch.setattr("app.analysis.sensitivity.methods.estimate", None)
    assert method_comparisons(matrix, estimates=known) == expected


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (0.0, "no score changes."),
        (1e-15, "no score changes."),
        (-0.004, "no score changes by as much as 0.01."),
        (-0.26, "no score changes by more than 0.26."),
    ],
)
def test_the_largest_change_is_never_said_to_be_nothing_and_something(
    change: float, said: str
) -> None:
    alike = {item.method: item for item in method_comparisons(dense(np.tile(np.arange(5), (6, 1))))}
    found = replace(alike[EstimateMethod.EM].comparisons[-1], value_change=change)
    assert method_sentence(found).endswith(said)
