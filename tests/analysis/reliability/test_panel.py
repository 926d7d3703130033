import math
from typing import Any

import numpy as np
import pytest

from app.analysis.reliability import panel_reliability
from app.analysis.reliability.panel import METHODS

from ..builders import dataset, dense, shuffled


@pytest.mark.data
def test_everything_about_a_real_panel(vectors: dict[str, Any]) -> None:
    found = panel_reliability(dataset(vectors, "AVT_AI_PROMPT_MATCHING"))
    quality, overall = found.columns
    assert (quality.column, overall.column) == ("quality", "overall")
    assert quality.alpha.value == pytest.approx(0.5352766852828081, abs=1e-9)
    assert quality.alpha.low < 0.5 < 0.56 < quality.alpha.high
    assert "moderately" in quality.alpha.sentence
    assert quality.icc_single.raters == 22
    assert quality.icc_single.stimuli == 143
    assert "143 stimuli that all of them rated" in quality.icc_single.sentence
    assert quality.split_half_srcc.value == pytest.approx(0.96, abs=0.01)
    assert "almost the same order" in quality.split_half_srcc.sentence
    assert quality.ceiling_srcc.value == pytest.approx(math.sqrt(quality.split_half_srcc.value))
    assert found.pairs == ()
    assert (found.raters, found.stimuli, found.ratings) == (22, 146, 3209)


def test_the_same_ratings_give_the_same_numbers_in_any_order() -> None:
    generator = np.random.default_rng(1)
    table = generator.integers(0, 5, (7, 30, 2))
    table[generator.random((7, 30)) < 0.2] = -1
    matrix = dense(table)
    assert repr(panel_reliability(matrix)) == repr(panel_reliability(shuffled(matrix, 2)))


def test_raters_and_stimuli_without_ratings_change_nothing() -> None:
    generator = np.random.default_rng(2)
    table = generator.integers(0, 5, (6, 12, 2))
    wider = np.full((8, 14, 2), -1)
    wider[:6, :12] = table
    assert repr(panel_reliability(dense(table))) == repr(panel_reliability(dense(wider)))


@pytest.mark.parametrize(
    "table", [np.full((0, 0, 2), -1), np.full((3, 4, 2), -1), [[[1, 2]]], np.full((6, 5, 2), 3)]
)
def test_nothing_to_say_is_said_in_sentences(table: Any) -> None:
    found = panel_reliability(dense(np.array(table)))
    for column in found.columns:
        for coefficient in column.coefficients:
            assert math.isnan(coefficient.value)
            assert math.isnan(coefficient.low)
            assert coefficient.interval == ""
            assert coefficient.sentence.startswith("Not ")
    (pair,) = found.pairs
    assert pair.sentence.startswith("Not defined")


def test_a_scrap_of_a_sparse_design_is_no_basis_for_an_icc() -> None:
    generator = np.random.default_rng(3)
    table = np.full((40, 60), -1)
    for stimulus in range(60):
        table[generator.permutation(40)[:4], stimulus] = generator.integers(0, 5, 4)
    (column, _) = panel_reliability(dense(table)).columns
    assert math.isnan(column.icc_single.value)
    assert column.icc_single.ratings == 0
    assert "variance components" in column.icc_single.sentence
    assert not math.isnan(column.components.value)


def test_few_raters_get_alpha_without_an_interval() -> None:
    found = panel_reliability(dense([[0, 1, 4], [1, 1, 3], [0, 2, 4]]))
    alpha = found.columns[0].alpha
    assert not math.isnan(alpha.value)
    assert math.isnan(alpha.low)
    assert "takes 5 raters" in alpha.sentence
    assert found.resamples == 0


def test_every_method_has_an_id_and_every_number_one_of_them() -> None:
    generator = np.random.default_rng(4)
    found = panel_reliability(dense(generator.integers(0, 5, (6, 12, 2))))
    assert found.methods == METHODS
    assert len(set(METHODS)) == len(METHODS)
    used = {item.method for column in found.columns for item in column.coefficients}
    assert used < set(METHODS)


def test_sentences_never_show_a_negative_zero() -> None:
    generator = np.random.default_rng(5)
    (pair,) = panel_reliability(dense(generator.integers(0, 5, (30, 400, 2)))).pairs
    assert "-0.00" not in pair.sentence
    assert "judge the two apart" in pair.sentence
