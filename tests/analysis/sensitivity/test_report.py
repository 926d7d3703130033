import numpy as np
import pytest

from app.analysis.estimates import EstimateMethod, estimate
from app.analysis.run import Configuration, analyse, before_screening
from app.analysis.screening import EveryoneRejectedError, Variation
from app.analysis.sensitivity import sensitivity

from ..builders import dense, shuffled


def _levels() -> np.ndarray:
    generator = np.random.default_rng(1)
    quality = generator.integers(0, 5, 60)
    levels = np.clip(quality + generator.integers(-1, 2, (12, 60)), 0, 4)
    levels[0], levels[1] = 2, generator.integers(0, 5, 60)
    return levels


def test_keeps_and_rejects_whom_the_analysis_does() -> None:
    matrix = dense(_levels())
    for setup in (
        Configuration(),
        Configuration(rejecting=frozenset()),
        Configuration(overruled=frozenset({"r001"}), confirmed=frozenset({"r005"})),
    ):
        assert sensitivity(matrix, setup).rejected == analyse(matrix, setup).rejected


def test_methods_see_the_kept_and_raters_and_rules_see_everybody() -> None:
    matrix = dense(_levels())
    found = sensitivity(matrix)
    assert found.rejected == ("r000", "r001")
    assert found.raters.rater_ids == matrix.rater_ids
    assert {rule.of for rule in found.rules} == {12}
    kept = matrix.of_raters(found.kept)
    change = (
        estimate(kept, EstimateMethod.EM).value[:, 0]
        - estimate(kept, EstimateMethod.MOS).value[:, 0]
    )
    em = next(item for item in found.methods if item.method is EstimateMethod.EM)
    assert abs(em.comparisons[0].value_change) == pytest.approx(np.abs(change).max(), abs=1e-8)
    assert any("2 raters were left out" in sentence for sentence in found.advice)


def test_order_does_not_matter() -> None:
    matrix = dense(_levels())
    found, other = sensitivity(matrix), sensitivity(shuffled(matrix, 3))
    assert other.methods == found.methods
    assert other.rules == found.rules
    assert other.advice == found.advice
    assert other.raters.sentences == found.raters.sentences
    for name in ("value_change", "srcc", "rank_change", "alpha_change", "lost", "ratings"):
        assert getattr(other.raters, name).tobytes() == getattr(found.raters, name).tobytes()
    assert other.raters.rank_stimulus == found.raters.rank_stimulus


def test_raters_without_ratings_take_no_part() -> None:
    levels = np.vstack([_levels(), np.full((1, 60), -1)])
    assert sensitivity(dense(levels)).raters.rater_ids == dense(_levels()).rater_ids


def test_where_everybody_is_rejected_it_says_so_instead_of_raising() -> None:
    matrix = dense(np.tile(np.arange(4)[:, None], 40))
    setup = Configuration(checks=(Variation(),), rejecting=frozenset({"variation"}))
    with pytest.raises(EveryoneRejectedError):
        analyse(matrix, setup)
    found = sensitivity(matrix, setup)
    assert (found.kept, found.rejected) == ((), matrix.rater_ids)
    assert "reject every rater" in found.advice[0]
    assert not any("left out" in sentence for sentence in found.advice[1:])
    everybody = sensitivity(matrix, Configuration(rejecting=frozenset()))
    assert repr(found.methods) == repr(everybody.methods)  # NaN equals nothing


def test_p913_starts_from_all_but_those_whom_the_experimenter_rejects() -> None:
    matrix = dense(_levels())
    setup = Configuration(confirmed=frozenset({"r005"}))
    p913 = next(x for x in sensitivity(matrix, setup).methods if x.method is EstimateMethod.P913)
    assert any("11 raters" in x or "nobody" in x for x in p913.warnings)
    kept = matrix.of_raters(analyse(matrix, setup).rejected)
    values = [
        estimate(kept, EstimateMethod.P913, before_screening=start).value[:, 0]
        for start in (before_screening(matrix, setup), matrix)
    ]
    mos = estimate(matrix.of_raters(sensitivity(matrix, setup).kept), EstimateMethod.MOS)
    changes = [np.abs(value - mos.value[:, 0]).max() for value in values]
    found = abs(p913.comparisons[0].value_change)
    assert found == pytest.approx(changes[0], abs=1e-8)
    assert found != pytest.approx(changes[1], abs=1e-8)


def test_no_ratings_at_all() -> None:
    found = sensitivity(dense([[-1, -1]]))
    assert found.kept == found.rejected == ()
    assert found.advice == ("There are no ratings yet.",)
