"""The configuration of an analysis: what is accepted, and what is filled in."""

import numpy as np
import pytest
from factories import make_protocol

from app.analysis.matrix import RatingMatrix, Scale
from app.analysis.run import Configuration, analyse
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
        ({"weights": {"quality": 1e308, "alignment": 1}}, "weights.quality"),
        ({"agreement": {"error_rate": 5e-324}}, "agreement.error_rate"),
        ({"agreement": {"ceiling": 5e-324}}, "agreement.ceiling"),
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
    result = analyse(matrix, setup.for_ratings(np.full(18, -1)))
    assert result.mos.mean[:, 2] == pytest.approx(np.arange(6))
