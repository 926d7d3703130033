"""SRCC, KRCC and PLCC of one metric with the MOS, over the images that have both."""

from dataclasses import dataclass

import numpy as np

from app.analysis.correlation import pearson_within, srcc
from app.analysis.matrix import BoolArray, FloatArray, IntArray

SRCC_METHOD = "metrics/srcc@1"
KRCC_METHOD = "metrics/krcc@1"
PLCC_METHOD = "metrics/plcc@1"


@dataclass(frozen=True, slots=True)
class Correlations:
    """Three correlations over the same `n` images; NaN where not defined."""

    n: int
    srcc: float
    krcc: float
    plcc: float


def comparable(prediction: FloatArray, mos: FloatArray) -> BoolArray:
    """Where both are numbers; NaN and infinity both count as missing."""
    both: BoolArray = np.isfinite(prediction) & np.isfinite(mos)
    return both


def correlations(prediction: FloatArray, mos: FloatArray) -> Correlations:
    """Correlate predictions with the MOS of the same images.

    In words: SRCC is Pearson's correlation of the ranks, equal values sharing their mean rank.
    KRCC is Kendall's tau-b [1]_: pairs in the same order less pairs in opposite order, over the
    geometric mean of the pairs that differ in the one and in the other. PLCC is Pearson's
    correlation of the values as they are, without any mapping. Signs are kept: a metric for which
    low is good has negative ones.

    Parameters
    ----------
    prediction, mos : float, shape (images,)
        NaN or infinite where missing; an image counts if it has both.

    Notes
    -----
    Edge cases: with fewer than two such images, or when one side never differs, all three are
    NaN. The order of images changes no bit of SRCC and KRCC.

    Raises ValueError if the two differ in length.

    References
    ----------
    .. [1] M. G. Kendall, "The treatment of ties in ranking problems", Biometrika 33(3), 1945.
    """
    if prediction.shape != mos.shape or prediction.ndim != 1:
        raise ValueError("A correlation needs two rows of equal length.")
    both = comparable(prediction, mos)
    x, y = prediction[both], mos[both]
    return Correlations(n=len(x), srcc=srcc(x, y), krcc=_tau_b(x, y), plcc=pearson(x, y))


def pearson(x: FloatArray, y: FloatArray) -> float:
    """Pearson's correlation of two rows without gaps; NaN if one never differs."""
    return float(pearson_within(x, y, np.zeros(len(x), dtype=np.int64), 1)[0])


def _tau_b(x: FloatArray, y: FloatArray) -> float:
    """Kendall's tau-b in O(n log n), between exact integers up to the last division."""
    n = len(x)
    _, x_rank, x_count = np.unique(x, return_inverse=True, return_counts=True)
    _, y_rank, y_count = np.unique(y, return_inverse=True, return_counts=True)
    _, both_count = np.unique(x_rank * n + y_rank, return_counts=True)
    pairs, x_ties, y_ties, both_ties = (
        _pairs(np.array([n])),
        _pairs(x_count),
        _pairs(y_count),
        _pairs(both_count),
    )
    if pairs in (x_ties, y_ties):
        return float("nan")
    discordant = _inversions(y_rank[np.lexsort((y_rank, x_rank))])
    difference = pairs - x_ties - y_ties + both_ties - 2 * discordant
    return difference / float(np.sqrt(float(pairs - x_ties)) * np.sqrt(float(pairs - y_ties)))


def _pairs(counts: IntArray) -> int:
    """How many unordered pairs groups of these sizes hold."""
    return int((counts * (counts - 1) // 2).sum())


def _inversions(ranks: IntArray) -> int:
    """Pairs whose earlier rank is higher: bit by bit, those that first differ in this bit."""
    total = 0
    for bit in range(int(ranks.max()).bit_length() - 1, -1, -1):
        group = ranks >> (bit + 1)
        ones = (ranks >> bit) & 1
        before = np.cumsum(ones) - ones
        start = np.searchsorted(group, group)
        total += int((before - before[start])[ones == 0].sum())
        ranks = ranks[np.argsort(ranks >> bit, kind="stable")]
    return total
