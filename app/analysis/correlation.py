"""Pearson and Spearman correlation, of two rows of numbers or within many groups at once."""

import numpy as np
import numpy.typing as npt

from app.analysis.arrays import FloatArray, IntArray
from app.analysis.grouping import Grouping


def pearson(x: FloatArray, y: FloatArray, grouping: Grouping) -> FloatArray:
    """Pearson correlation of x and y within each group, shape (groups,).

    NaN for a group with fewer than two pairs, or in which x or y never differs.
    """
    dx, dy = grouping.centred(x).residual, grouping.centred(y).residual
    spread = np.sqrt(grouping.sum(dx * dx) * grouping.sum(dy * dy))
    r = np.full(grouping.groups, np.nan)
    np.divide(grouping.sum(dx * dy), spread, out=r, where=spread > 0)
    clipped: FloatArray = np.clip(r, -1.0, 1.0)
    return clipped


def spearman(x: FloatArray | IntArray, y: FloatArray | IntArray, grouping: Grouping) -> FloatArray:
    """Spearman correlation within each group: Pearson on mean ranks, with the same NaN policy."""
    return pearson(grouping.ranks(x), grouping.ranks(y), grouping)


def pearson_within(x: FloatArray, y: FloatArray, group: IntArray, groups: int) -> FloatArray:
    """Pearson correlation within groups that are not known as a `Grouping` yet."""
    return pearson(x, y, Grouping(group, groups))


def spearman_within(x: FloatArray, y: FloatArray, group: IntArray, groups: int) -> FloatArray:
    """Spearman correlation within groups that are not known as a `Grouping` yet."""
    return spearman(x, y, Grouping(group, groups))


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
