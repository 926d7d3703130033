"""One metric on the images of each generator, and between generators."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.analysis.correlation import srcc
from app.analysis.matrix import BoolArray, FloatArray
from app.analysis.metric_evaluation.correlations import Correlations, comparable, correlations
from app.analysis.metric_evaluation.sorted_study import SortedStudy, srcc_interval


@dataclass(frozen=True, slots=True)
class GeneratorRow:
    """One metric on the images of one generator, as in `MetricRow`."""

    generator: str
    n: int
    missing: int
    correlations: Correlations
    srcc_low: float
    srcc_high: float


def generator_rows(metric: int, study: SortedStudy, level: float) -> tuple[GeneratorRow, ...]:
    """A row for each generator, in the order of `generator_names`."""
    return tuple(
        _generator_row(name, metric, study, study.generator == index, level)
        for index, name in enumerate(study.generator_names)
    )


def _generator_row(
    name: str, metric: int, study: SortedStudy, images: BoolArray, level: float
) -> GeneratorRow:
    mos = study.mos[images]
    found = correlations(study.predictions[metric, images], mos)
    low, high = srcc_interval(metric, study, images, found.srcc, level)
    missing = int(np.isfinite(mos).sum()) - found.n
    return GeneratorRow(name, found.n, missing, found, low, high)


def srcc_within(rows: Sequence[GeneratorRow]) -> float:
    """Mean SRCC over generators, weighted by images; NaN if none has one."""
    known = [row for row in rows if not np.isnan(row.correlations.srcc)]
    images = sum(row.n for row in known)
    return sum(row.n * row.correlations.srcc for row in known) / images if images else float("nan")


def srcc_between(x: FloatArray, study: SortedStudy) -> float:
    """SRCC between means of each generator; NaN with fewer than three generators."""
    both = comparable(x, study.mos)
    present = [
        rows
        for g in range(len(study.generator_names))
        if (rows := both & (study.generator == g)).any()
    ]
    if len(present) < 3:
        return float("nan")
    return srcc([x[rows].mean() for rows in present], [study.mos[rows].mean() for rows in present])
