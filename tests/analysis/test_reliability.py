from itertools import permutations
from typing import Any

import numpy as np
import pytest

from app.analysis.reliability import krippendorff_alpha

from .builders import DATASETS, dataset, dense


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
