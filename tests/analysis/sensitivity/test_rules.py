from typing import Any

import numpy as np
import pytest

from app.analysis.screening import BT500, Agreement
from app.analysis.sensitivity.rules import RULES, rule_outcomes

from ..builders import DATASETS, dataset, dense


@pytest.mark.data
@pytest.mark.parametrize("name", DATASETS)
def test_p913_rejects_whom_the_reference_rejects_and_says_why(
    vectors: dict[str, Any], name: str
) -> None:
    expected = vectors["datasets"][name]["sureal"]["P913_BR_SR"]["rejected_subject_indices"]
    outcome = next(
        item
        for item in rule_outcomes(dataset(vectors, name))
        if item.method_id == "screening/p913@1"
    )
    assert outcome.rejected == tuple(f"r{i:03d}" for i in expected)
    assert {reason.rater_id for reason in outcome.reasons} == set(outcome.rejected)
    assert all(reason.reason.endswith(".") for reason in outcome.reasons)


def _panel_with_a_constant_and_a_random_rater() -> np.ndarray:
    generator = np.random.default_rng(1)
    quality = generator.integers(0, 5, 60)
    levels = np.clip(quality + generator.integers(-1, 2, (10, 60)), 0, 4)
    levels[0], levels[1] = 2, generator.integers(0, 5, 60)
    return levels


def test_each_rule_rejects_by_itself_and_says_what_follows() -> None:
    by_title = {
        item.title: item
        for item in rule_outcomes(dense(_panel_with_a_constant_and_a_random_rater()))
    }
    assert by_title["Use of the scale"].rejected == ("r000",)
    assert by_title["Agreement with the other raters"].rejected == ("r001",)
    outcome = by_title["Use of the scale"]
    assert outcome.comparisons[0].srcc > 0.9
    assert outcome.sentence.startswith("Would reject 1 of 10 raters; no picture's score")
    assert by_title["Pace"].judged == 0
    assert by_title["Pace"].sentence.startswith("Cannot judge anybody")


def test_both_definitions_of_s_are_among_the_rules() -> None:
    deviations = [rule.check.deviation for rule in RULES if type(rule.check) is BT500]
    assert sorted(deviations) == ["population", "sample"]
    assert len({rule.title for rule in RULES}) == len(RULES)


def test_a_rule_that_rejects_everybody_is_said_to() -> None:
    levels = np.tile(np.arange(4)[:, None], 40)
    outcome = next(
        item for item in rule_outcomes(dense(levels)) if item.title == "Use of the scale"
    )
    assert len(outcome.rejected) == 4
    assert outcome.comparisons == ()
    assert outcome.sentence.startswith("Would reject all 4 raters")


def test_configured_checks_are_added_where_they_differ() -> None:
    matrix = dense(_panel_with_a_constant_and_a_random_rater())
    found = rule_outcomes(matrix, configured=(Agreement(), Agreement(ceiling=0.3)))
    assert len(found) == len(RULES) + 1
    assert found[-1].title == "Agreement with the other raters, as set for this analysis"


def test_nobody_to_judge() -> None:
    for outcome in rule_outcomes(dense([[-1, -1]])):
        assert outcome.rejected == ()
        assert (outcome.judged, outcome.of) == (0, 0)
