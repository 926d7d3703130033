"""The configuration of an analysis: what is accepted, and what is filled in."""

import numpy as np
import pytest
from factories import make_protocol

from app.analysis.matrix import RatingMatrix, Scale
from app.analysis.run import Configuration, analyse
from app.analysis.screening import (
    BT1788,
    P913,
    VQEG,
    BT500OnZ,
    Controls,
    Deviation,
    Pace,
    Yardstick,
)
from app.errors import InvalidInput
from app.results.runs.configuration import AnalysisConfiguration, parse_configuration


def test_without_a_word_it_is_the_default_of_the_methods():
    setup = AnalysisConfiguration().completed_by(make_protocol()).for_analysis()
    default = Configuration()
    assert setup.checks == default.checks
    assert setup.rejecting == default.rejecting
    assert setup.confirmed == setup.overruled == frozenset()
    assert (setup.interval, setup.level) == (default.interval, default.level)


def test_what_is_stored_reads_back_the_same():
    given = parse_configuration(
        {"bt500": {"deviation": "sample"}, "rejecting": ["pace", "bt500", "pace"], "level": 0.9}
    )
    completed = given.completed_by(make_protocol())
    assert completed.rejecting == ("bt500", "pace")
    assert completed.pace.fast_ms == make_protocol().fast_ms
    stored = completed.model_dump(mode="json")
    assert AnalysisConfiguration.model_validate(stored) == completed
    assert completed.completed_by(make_protocol()) == completed


@pytest.mark.parametrize(
    ("document", "where"),
    [
        ({"level": 1.5}, "level"),
        ({"level": 0}, "level"),
        ({"rejecting": ["astrology"]}, "configuration"),
        ({"interval": "gut-feeling"}, "interval"),
        ({"agreement": {"min_stimuli": 3}}, "agreement.min_stimuli"),
        ({"bt500": {"deviatoin": "sample"}}, "bt500.deviatoin"),
        ({"weights": {"quality": 0, "alignment": 0}}, "configuration"),
        ({"weights": {"quality": -1}}, "weights.quality"),
        ({"weights": {"quality": float("nan")}}, "weights.quality"),
        ({"weights": {"quality": float("inf")}}, "weights.quality"),
        ({"weights": {"quality": 1e308, "alignment": 1}}, "weights.quality"),
        ({"agreement": {"error_rate": 5e-324}}, "agreement.error_rate"),
        ({"agreement": {"ceiling": 5e-324}}, "agreement.ceiling"),
        ({"also": ["agreement"]}, "configuration"),
        ({"confirmed": ["1", "2"], "overruled": ["2"]}, "configuration"),
        ({"controls": {"max_missed_share": 2}}, "controls.max_missed_share"),
        ({"vqeg": {"yardstick": "mine"}}, "vqeg.yardstick"),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_mistakes_are_named_by_their_place(document, where):
    with pytest.raises(InvalidInput) as refusal:
        parse_configuration(document)
    assert [problem.where for problem in refusal.value.problems] == [where]


@pytest.mark.parametrize(
    "weights", [{"quality": 1.0}, {"quality": 1.0, "alignment": 1.0, "beauty": 1.0}]
)
def test_weights_name_exactly_the_dimensions(weights):
    with pytest.raises(InvalidInput, match="exactly the dimensions quality, alignment"):
        AnalysisConfiguration(weights=weights).completed_by(make_protocol())


def test_the_outermost_settings_that_are_accepted_can_be_computed():
    agreement = {"error_rate": 1e-6, "ceiling": 1e-6, "min_stimuli": 4}
    document = {"agreement": agreement, "weights": {"quality": 1e6, "alignment": 5e-324}}
    setup = parse_configuration(document).completed_by(make_protocol())
    matrix = RatingMatrix(
        rater=np.repeat(np.arange(3), 6),
        stimulus=np.tile(np.arange(6), 3),
        levels=np.array([[0, 0], [1, 2], [2, 1], [3, 4], [4, 3], [5, 5]] * 3),
        rater_ids=("a", "b", "c"),
        stimulus_ids=tuple("uvwxyz"),
        dimensions=("quality", "alignment"),
        scale=Scale(low=0, step=1, level_max=5),
    )
    result = analyse(matrix, setup.for_analysis())
    assert result.mos.mean[:, 2] == pytest.approx(np.arange(6))


def made(document: dict[str, object]) -> list[str]:
    setup = parse_configuration(document).completed_by(make_protocol())
    return [check.name for check in setup.for_analysis().checks]


def test_published_procedures_are_made_when_asked_for_or_rejected_by():
    usual = ["bt500", "agreement", "variation", "controls", "pace"]
    assert made({}) == usual
    assert made({"also": ["p913", "vqeg"]}) == [*usual, "vqeg", "p913"]
    assert made({"rejecting": ["bt1788"]}) == [*usual, "bt1788"]
    assert made({"also": ["bt500-on-z"]}) == [*usual, "bt500-on-z"]
    stored = parse_configuration({"rejecting": ["bt1788"]}).completed_by(make_protocol())
    assert stored.also == ("bt1788",)


def test_parameters_of_every_check_reach_it():
    document = {
        "p913": {"deviation": "sample", "max_share": 0.1},
        "vqeg": {"threshold": 0.5, "yardstick": "others"},
        "bt1788": {"ceiling": 0.85},
        "bt500_on_z": {"min_stimuli": 30},
        "controls": {"min_gold": 5},
        "pace": {"fast_ms": 300},
        "also": ["p913", "vqeg", "bt1788", "bt500-on-z"],
    }
    checks = parse_configuration(document).completed_by(make_protocol()).for_analysis().checks
    by_name = {check.name: check for check in checks}
    assert by_name["p913"] == P913(deviation=Deviation.SAMPLE, max_share=0.1)
    assert by_name["vqeg"] == VQEG(threshold=0.5, yardstick=Yardstick.OTHERS)
    assert by_name["bt1788"] == BT1788(ceiling=0.85)
    assert by_name["bt500-on-z"] == BT500OnZ(min_stimuli=30)
    assert by_name["controls"] == Controls(min_gold=5)
    assert by_name["pace"] == Pace(fast_ms=300)


def test_decisions_of_the_moment_are_taken_unless_others_are_stated():
    open_one = AnalysisConfiguration()
    decided = open_one.decided_by(confirmed=["7"], overruled=["9"])
    assert (decided.confirmed, decided.overruled) == (("7",), ("9",))
    stated = AnalysisConfiguration(confirmed=())
    assert stated.decided_by(confirmed=["7"], overruled=["9"]) == stated
    assert decided.undecided() == open_one
