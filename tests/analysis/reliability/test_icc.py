from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pingouin
import pytest
from scipy import stats

from app.analysis.reliability.blocks import block_table, complete_block
from app.analysis.reliability.icc import intraclass_correlation, variance_components

from ..builders import DATASETS, dataset, dense, shuffled

# P. E. Shrout, J. L. Fleiss, 1979, table 2: six targets, four judges; ICC(2,1) .29, (2,4) .62.
SHROUT_FLEISS = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]],
    dtype=np.float64,
)


def components_of(table: np.ndarray) -> tuple[float, float, float]:
    """Variance components of a table (stimuli, raters) with NaN as gaps."""
    stimulus, rater = np.nonzero(~np.isnan(table))
    found = variance_components(
        table[stimulus, rater], stimulus, rater, stimuli=table.shape[0], raters=table.shape[1]
    )
    return found.between_stimuli, found.between_raters, found.residual


@pytest.fixture
def all_digits() -> Iterator[None]:
    """Pingouin rounds its bounds to two decimals unless told otherwise."""
    before = pingouin.options["round.column.CI95"]
    pingouin.options["round.column.CI95"] = 15
    yield
    pingouin.options["round.column.CI95"] = before


def by_pingouin(table: np.ndarray) -> pd.DataFrame:
    stimuli, raters = table.shape
    long = pd.DataFrame(
        {
            "stimulus": np.repeat(np.arange(stimuli), raters),
            "rater": np.tile(np.arange(raters), stimuli),
            "score": table.ravel(),
        }
    )
    found = pingouin.intraclass_corr(long, targets="stimulus", raters="rater", ratings="score")
    return found.set_index("Type")


# The package's own use of pandas is what the warning is about.
@pytest.mark.filterwarnings("ignore:The inplace keyword")
@pytest.mark.data
@pytest.mark.parametrize("name", DATASETS)
def test_it_agrees_with_pingouin_bounds_included(
    vectors: dict[str, Any], all_digits: None, name: str
) -> None:
    matrix = dataset(vectors, name)
    table = block_table(matrix, matrix.levels[:, 0].astype(np.float64), complete_block(matrix))
    expected = by_pingouin(table)
    found = intraclass_correlation(table)
    assert found.single == pytest.approx(expected.loc["ICC(A,1)", "ICC"], abs=1e-9)
    assert found.average == pytest.approx(expected.loc["ICC(A,k)", "ICC"], abs=1e-9)
    single, average = expected.loc["ICC(A,1)", "CI95"], expected.loc["ICC(A,k)", "CI95"]
    assert (found.single_low, found.single_high) == pytest.approx(tuple(single), abs=1e-9)
    assert (found.average_low, found.average_high) == pytest.approx(tuple(average), abs=1e-9)


@pytest.mark.data
@pytest.mark.parametrize("name", DATASETS)
def test_it_agrees_with_the_published_vectors(vectors: dict[str, Any], name: str) -> None:
    other = vectors["datasets"][name]["other"]
    if "icc" not in other:
        pytest.skip("this set has gaps, and the vectors no ICC")
    matrix = dataset(vectors, name)
    block = complete_block(matrix)
    assert block.ratings == matrix.ratings
    found = intraclass_correlation(block_table(matrix, matrix.levels[:, 0] + 1.0, block))
    assert found.single == pytest.approx(other["icc"]["ICC2"], abs=1e-9)
    assert found.average == pytest.approx(other["icc"]["ICC2k"], abs=1e-9)
    rounded = [round(found.single_low, 2), round(found.single_high, 2)]
    assert rounded == other["icc_pingouin_ci95"]["ICC(A,1)"]


def test_the_textbook_example() -> None:
    found = intraclass_correlation(SHROUT_FLEISS)
    assert (found.single, found.average) == pytest.approx((0.2898, 0.6201), abs=1e-4)
    # Bounds in the form of McGraw and Wong, table 7, written out on their own.
    n, k, rho = 6, 4, found.single
    msr, msc, mse = 11.24167, 32.48611, 1.01944
    a = k * rho / (n * (1 - rho))
    b = 1 + k * rho * (n - 1) / (n * (1 - rho))
    freedom = (a * msc + b * mse) ** 2 / (
        (a * msc) ** 2 / (k - 1) + (b * mse) ** 2 / ((n - 1) * (k - 1))
    )
    upper, lower = stats.f.ppf(0.975, n - 1, freedom), stats.f.ppf(0.975, freedom, n - 1)
    rest = k * msc + (k * n - k - n) * mse
    low = n * (msr - upper * mse) / (upper * rest + n * msr)
    high = n * (lower * msr - mse) / (rest + n * lower * msr)
    assert (found.single_low, found.single_high) == pytest.approx((low, high), abs=1e-4)


@pytest.mark.parametrize(
    "table", [np.ones((1, 3)), np.ones((3, 1)), np.ones((4, 3)), np.array([[1.0, np.nan], [2, 3]])]
)
def test_what_has_no_icc(table: np.ndarray) -> None:
    found = intraclass_correlation(table)
    assert np.isnan([found.single, found.average, found.single_low, found.average_high]).all()


def test_perfect_agreement_has_no_bounds() -> None:
    found = intraclass_correlation(np.repeat([[1.0], [3], [5]], 4, axis=1))
    assert (found.single, found.average) == (1, 1)
    assert np.isnan([found.single_low, found.average_high]).all()


def test_raters_who_differ_by_a_constant_agree_less_than_perfectly() -> None:
    found = intraclass_correlation(np.array([[1.0, 2.1], [3, 4.1], [5, 6.1]]))
    assert 0.5 < found.single < 1
    assert np.isnan(found.single_low)


def test_bounds_widen_with_the_level() -> None:
    narrow, wide = (intraclass_correlation(SHROUT_FLEISS, level=level) for level in (0.5, 0.99))
    assert wide.single_low < narrow.single_low < narrow.single_high < wide.single_high
    with pytest.raises(ValueError, match="between 0 and 1"):
        intraclass_correlation(SHROUT_FLEISS, level=1.0)


def test_components_of_a_complete_table_are_the_analysis_of_variance() -> None:
    stimuli, raters, residual = components_of(SHROUT_FLEISS)
    assert residual == pytest.approx(1.01944, abs=1e-5)
    assert stimuli == pytest.approx((11.24167 - 1.01944) / 4, abs=1e-5)
    assert raters == pytest.approx((32.48611 - 1.01944) / 6, abs=1e-5)
    share = stimuli / (stimuli + raters + residual)
    assert share == pytest.approx(intraclass_correlation(SHROUT_FLEISS).single, abs=1e-12)


def test_components_are_unbiased_with_gaps() -> None:
    generator = np.random.default_rng(6)
    found = []
    for _ in range(300):
        table = (
            generator.normal(0, 2, (30, 1))
            + generator.normal(0, 1, (1, 20))
            + generator.normal(0, 3, (30, 20))
        )
        table[generator.random((30, 20)) < 0.7] = np.nan
        found.append(components_of(table))
    # Three standard errors of 300 runs.
    error = 3 * np.std(found, axis=0) / np.sqrt(300)
    assert (np.abs(np.mean(found, axis=0) - [4, 1, 9]) < error).all()


@pytest.mark.parametrize(
    "table",
    [
        np.full((3, 3), np.nan),
        np.array([[1.0, 2, 3]]),
        np.array([[1.0], [2], [3]]),
        np.where(np.eye(4) > 0, 2.0, np.nan),
    ],
)
def test_components_that_cannot_be_told_apart(table: np.ndarray) -> None:
    assert np.isnan(components_of(table)).all()


def test_a_shift_changes_no_component_and_a_scale_squares() -> None:
    plain = components_of(SHROUT_FLEISS)
    assert components_of(3 * SHROUT_FLEISS + 100) == pytest.approx([9 * x for x in plain])


def sizes(table: list[list[int]]) -> tuple[list[int], list[int]]:
    block = complete_block(dense(table))
    return block.raters.tolist(), block.stimuli.tolist()


def test_a_complete_design_is_its_own_block() -> None:
    assert sizes([[1, 2, 3], [2, 3, 4]]) == ([0, 1], [0, 1, 2])


def test_a_rater_with_many_gaps_is_left_out_of_the_block() -> None:
    table = [[1, 2, 3, 1, 2], [2, 3, 4, 0, 1], [0, 1, 2, 3, 4], [1, -1, -1, -1, -1]]
    assert sizes(table) == ([0, 1, 2], [0, 1, 2, 3, 4])


def test_a_stimulus_with_gaps_is_left_out_of_the_block() -> None:
    table = [[1, 2, 3, 1, -1], [2, 3, 4, 0, 1], [0, 1, 2, 3, -1]]
    assert sizes(table) == ([0, 1, 2], [0, 1, 2, 3])


def test_groups_of_raters_with_stimuli_of_their_own() -> None:
    table = np.full((7, 20), -1)
    table[:3, :9] = 1
    table[3:, 9:] = 2
    assert sizes(table.tolist()) == ([3, 4, 5, 6], list(range(9, 20)))


@pytest.mark.parametrize("table", [[[1, 2, 3]], [[1, -1], [-1, 2]], [[1], [2]], [[-1, -1]]])
def test_no_block(table: list[list[int]]) -> None:
    assert complete_block(dense(table)).ratings == 0


def test_the_block_does_not_depend_on_the_order() -> None:
    generator = np.random.default_rng(8)
    table = generator.integers(0, 5, (9, 40))
    table[generator.random((9, 40)) < 0.15] = -1
    matrix = dense(table)
    other = shuffled(matrix, 5)

    def names(x: Any) -> tuple[set[str], set[str]]:
        block = complete_block(x)
        return (
            {x.rater_ids[i] for i in block.raters},
            {x.stimulus_ids[j] for j in block.stimuli},
        )

    assert names(matrix) == names(other)
    raters, stimuli = names(matrix)
    assert len(raters) >= 3
    assert len(stimuli) >= 3
    chosen = complete_block(matrix)
    assert (table[np.ix_(chosen.raters, chosen.stimuli)] >= 0).all()
