"""The configuration of an analysis: what is accepted, and what is filled in."""

import numpy as np
import pytest
from factories import make_protocol

from app.analysis.run import Configuration
from app.errors import InvalidInput
from app.results.configuration import AnalysisConfiguration, parse_configuration

NO_TIMES = np.empty(0, dtype=np.int64)


def test_without_a_word_it_is_the_default_of_the_methods():
    setup = AnalysisConfiguration().completed_by(make_protocol()).for_ratings(NO_TIMES)
    default = Configuration()
    assert setup.checks[:3] == default.checks
    assert setup.rejecting == default.rejecting
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
