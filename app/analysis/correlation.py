"""Pearson and Spearman correlation, of two rows of numbers or within many groups at once."""

import numpy as np
import numpy.typing as npt

from app.analysis.grouping import centred_within, ranks_within, sum_within
from app.analysis.matrix import FloatArray, IntArray


def pearson_within(x: FloatArray, y: FloatArray, group: IntArray, groups: int) -> FloatArray:
    """Pearson correlation of x and y within each group, shape (groups,).

    NaN for a group with fewer than two pairs, or in which x or y never differs.
    """
    dx = centred_within(x, group, groups).residual
    dy = centred_within(y, group, groups).residual
    spread = np.sqrt(sum_within(dx * dx, group, groups) * sum_within(dy * dy, group, groups))
    defined = spread > 0
    r = np.full(groups, np.nan)
    np.divide(sum_within(dx * dy, group, groups), spread, out=r, where=defined)
    clipped: FloatArray = np.clip(r, -1.0, 1.0)
    return clipped


def spearman_within(x: FloatArray, y: FloatArray, group: IntArray, groups: int) -> FloatArray:
    """Spearman correlation within each group: Pearson on mean ranks, with the same NaN policy."""
    return pearson_within(ranks_within(x, group), ranks_within(y, group), group, groups)


def srcc(x: npt.ArrayLike, y: npt.ArrayLike) -> float:
    """Spearman's rank correlation of two rows of numbers; ties share their mean rank.

    Pairs with a NaN are left out. NaN when fewer than two pairs remain or one side is constant.

    Raises
    ------
    ValueError
        The two rows differ in length.
    """
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if x.shape != y.shape or x.ndim != 1:
        raise ValueError("A correlation needs two rows of equal length.")
    both = ~(np.isnan(x) | np.isnan(y))
    one_group = np.zeros(int(both.sum()), dtype=np.int64)
    return float(spearman_within(x[both], y[both], one_group, 1)[0])
