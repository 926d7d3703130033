from itertools import permutations
from typing import Any

import krippendorff
import numpy as np
import pytest
from scipy import stats

from app.analysis.matrix import Scale
from app.analysis.reliability import krippendorff_alpha
from app.analysis.reliability.alpha import _resampled_alpha, alpha_bounds

from ..builders import DATASETS, dataset, dense, shuffled


def pairwise_alpha(table: list[list[int]]) -> float:
    """Krippendorff's definition by pairs of ratings, for tables with -1 as missing."""
    units = [[x for x in column if x >= 0] for column in zip(*table, strict=True)]
    units = [unit for unit in units if len(unit) >= 2]
    everything = [x for unit in units for x in unit]
    n = len(everything)
    observed = (
        sum(sum((a - b) ** 2 for a, b in permutations(unit, 2)) / (len(unit) - 1) for unit in units)
        / n
    )
    expected = sum((a - b) ** 2 for a, b in permutations(everything, 2)) / (n * (n - 1))
    return float(1 - observed / expected)


@pytest.mark.data
@pytest.mark.parametrize("name", DATASETS)
def test_alpha_agrees_with_the_reference(vectors: dict[str, Any], name: str) -> None:
    expected = vectors["datasets"][name]["other"]["krippendorff_alpha_interval"]
    assert krippendorff_alpha(dataset(vectors, name)) == pytest.approx([expected] * 2, abs=1e-9)


def test_alpha_is_the_pairwise_definition_with_gaps_and_single_ratings() -> None:
    table = [[0, 1, -1, 4, 3], [1, 1, -1, 3, -1], [-1, 2, 4, 4, -1]]
    assert krippendorff_alpha(dense(table))[0] == pytest.approx(pairwise_alpha(table), abs=1e-12)


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ([[0, 2, 4], [0, 2, 4]], 1.0),
        ([[0, 4], [4, 0]], -0.5),
        ([[3, 3], [3, 3]], np.nan),
        ([[0, 4, -1], [-1, -1, 2]], np.nan),
        ([[-1, -1], [-1, -1]], np.nan),
    ],
)
def test_alpha_edge_cases(table: list[list[int]], expected: float) -> None:
    assert krippendorff_alpha(dense(table))[0] == pytest.approx(expected, nan_ok=True)


def test_alpha_has_one_number_per_dimension_and_overall() -> None:
    # Quality is agreed upon, alignment is opposed; overall with all weight on quality is quality.
    table = [[[0, 0], [4, 4]], [[0, 4], [4, 0]]]
    weights = {"quality": 1.0, "alignment": 0.0}
    assert krippendorff_alpha(dense(table), weights=weights) == pytest.approx([1, -0.5, 1])


@pytest.mark.data
@pytest.mark.parametrize("name", DATASETS)
def test_alpha_agrees_with_the_package_of_that_name(vectors: dict[str, Any], name: str) -> None:
    scores = np.array(vectors["datasets"][name]["scores"], dtype=np.float64)
    expected = krippendorff.alpha(reliability_data=scores, level_of_measurement="interval")
    assert krippendorff_alpha(dataset(vectors, name))[0] == pytest.approx(expected, abs=1e-9)


def slow_bounds(table: np.ndarray, counts: np.ndarray) -> list[float]:
    """Alpha of each resample by pairs of different raters, with loops."""
    found = []
    for drawn in counts:
        observed = n = 0.0
        everything: list[tuple[float, int]] = []
        own = 0.0
        for j in range(table.shape[1]):
            here = [i for i in range(len(table)) if table[i, j] >= 0 and drawn[i] > 0]
            m = sum(drawn[i] for i in here)
            pairs = [(i, k) for i, k in permutations(here, 2)]
            if not pairs:
                continue
            weight = sum(drawn[i] * drawn[k] for i, k in pairs)
            apart = sum(drawn[i] * drawn[k] * (table[i, j] - table[k, j]) ** 2 for i, k in pairs)
            observed += m * apart / weight
            n += m
            own += sum(drawn[i] ** 2 for i in here)
            everything += [(table[i, j], drawn[i]) for i in here]
        expected = sum(w * v * (x - y) ** 2 for x, w in everything for y, v in everything)
        found.append(1 - (observed / n) / (expected / (n * n - own)) if expected else np.nan)
    return found


def test_bounds_are_expanded_quantiles_over_different_raters_by_hand() -> None:
    generator = np.random.default_rng(2)
    table = np.clip(generator.integers(0, 3, 9) + generator.integers(0, 3, (6, 9)), 0, 4)
    table[generator.random((6, 9)) < 0.2] = -1
    counts = np.random.default_rng(5).multinomial(6, np.full(6, 1 / 6), size=60)
    tail = stats.norm.cdf(-stats.t.ppf(0.975, 5) * np.sqrt(6 / 5))
    found = alpha_bounds(dense(table), resamples=60, seed=5)
    expected = np.nanquantile(slow_bounds(table, counts), (tail, 1 - tail))
    assert (found.low[0], found.high[0]) == pytest.approx(expected, abs=1e-9)


def test_with_every_rater_drawn_once_the_resample_is_alpha_itself() -> None:
    generator = np.random.default_rng(3)
    table = generator.integers(-1, 5, (5, 30, 2))
    table[table.min(axis=2) < 0] = -1
    matrix = dense(table)
    once = np.ones((5, 2), dtype=np.int16)
    shares = np.array([0.5, 0.5])
    found = _resampled_alpha(matrix, matrix.rater, once, shares)
    assert found[:, 0] == pytest.approx(krippendorff_alpha(matrix), abs=1e-12)


def test_bounds_do_not_depend_on_the_order() -> None:
    generator = np.random.default_rng(4)
    matrix = dense(generator.integers(0, 5, (7, 25)))
    one, two = alpha_bounds(matrix), alpha_bounds(shuffled(matrix, 3))
    np.testing.assert_array_equal([one.low, one.high], [two.low, two.high])


@pytest.mark.parametrize("raters", [0, 1, 2, 4])
def test_few_raters_have_no_bounds(raters: int) -> None:
    found = alpha_bounds(dense(np.arange(3 * raters).reshape(raters, 3) % 5))
    assert np.isnan([found.low, found.high]).all()
    assert found.resamples == 0


def test_perfect_agreement_and_no_differences() -> None:
    perfect = alpha_bounds(dense([[0, 2, 4]] * 6))
    assert perfect.low == pytest.approx([1, 1])
    assert perfect.high == pytest.approx([1, 1])
    alike = alpha_bounds(dense([[2, 2, 2]] * 6))
    assert np.isnan([alike.low, alike.high]).all()
    assert (alike.defined == 0).all()


def test_bounds_cover_the_alpha_of_a_large_panel() -> None:
    # 60 panels of 12 raters with a bias of their own; the plain bootstrap covers about 60 %.
    generator = np.random.default_rng(12)
    hits = 0
    for _ in range(60):
        quality = generator.normal(0, 20, 60)
        truth = quality.var() / (quality.var() + 8**2 + 20**2)
        rated = quality + generator.normal(0, 8, (12, 1)) + generator.normal(0, 20, (12, 60))
        levels = np.clip(np.rint(rated + 150), 0, 300).astype(int)
        found = alpha_bounds(dense(levels, scale=Scale(0, 1, 300)), resamples=300)
        hits += int(found.low[0] <= truth <= found.high[0])
    assert hits >= 53


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_a_level_is_a_share(level: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        alpha_bounds(dense([[0, 1]] * 5), level=level)


@pytest.mark.parametrize("seed", range(6))
def test_alpha_has_the_same_bits_in_any_order(seed: int) -> None:
    matrix = dense(np.random.default_rng(3).integers(0, 5, (15, 31, 2)))
    other = shuffled(matrix, seed)
    assert krippendorff_alpha(matrix).tobytes() == krippendorff_alpha(other).tobytes()
