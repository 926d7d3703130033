"""Two ways of scoring the same stimuli, compared: values, ranks, and order of pairs."""

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from app.analysis.correlation import srcc
from app.analysis.matrix import FloatArray


@dataclass(frozen=True, slots=True)
class Comparison:
    """How the values of one column differ from others of the same stimuli.

    Only stimuli that have a value both ways are compared; NaN where a number is not defined.

    stimuli : how many are compared. lost : how many have a value before, but not after.
    srcc, krcc : rank correlations, Spearman's and Kendall's (tau-b).
    reversed_pairs : share of all pairs of stimuli whose order is reversed; a tie is no order.
    value_change : largest change of a value with its sign, NaN if the units differ.
    rank_change : largest change of rank with its sign; rank 1 is best, equal values share their
        mean rank, a negative change is towards the top.
    value_stimulus, rank_stimulus : ids of the stimuli concerned (the first of several), or "".
    """

    column: str
    stimuli: int
    lost: int
    srcc: float
    krcc: float
    reversed_pairs: float
    value_change: float
    value_stimulus: str
    rank_change: float
    rank_stimulus: str


def comparison(
    column: str,
    before: FloatArray,
    after: FloatArray,
    stimulus_ids: tuple[str, ...],
    *,
    same_unit: bool = True,
) -> Comparison:
    """Compare two rows of values that follow `stimulus_ids`."""
    both = ~(np.isnan(before) | np.isnan(after))
    ids = np.flatnonzero(both)
    old, new = settled(before[both]), settled(after[both])
    value_change, value_place = _largest(new - old if same_unit else np.full(len(old), np.nan))
    rank_change, rank_place = _largest(ranks(new) - ranks(old))
    return Comparison(
        column=column,
        stimuli=len(ids),
        lost=int((np.isnan(after) & ~np.isnan(before)).sum()),
        srcc=srcc(old, new),
        krcc=_krcc(old, new),
        reversed_pairs=reversed_pairs(old, new),
        value_change=value_change,
        value_stimulus=stimulus_ids[ids[value_place]] if value_place >= 0 else "",
        rank_change=rank_change,
        rank_stimulus=stimulus_ids[ids[rank_place]] if rank_place >= 0 else "",
    )


def settled(values: FloatArray) -> FloatArray:
    """Values to nine decimals, so that equal means reached by different sums are ties."""
    return np.round(values, 9)


def in_figures(r: float) -> str:
    """Three decimals; what is not 1 is never written as 1."""
    return "1" if r == 1 else "above 0.999" if r > 0.9995 else f"{r:.3f}"


def ranks(values: FloatArray) -> FloatArray:
    """Ranks of values without NaN: 1 for the highest, equal values share their mean rank."""
    order = np.argsort(-values, kind="stable")
    in_order = values[order]
    first = np.flatnonzero(np.concatenate([[True], in_order[1:] != in_order[:-1]])[: len(values)])
    size = np.diff(first, append=len(values))
    found = np.empty(len(values))
    found[order] = np.repeat(first + (size + 1) / 2, size)
    return found


def reversed_pairs(old: FloatArray, new: FloatArray) -> float:
    """Share of all pairs that are ordered one way in `old` and the other way in `new`.

    From Kendall's tau-b: with C concordant and D discordant pairs,
    C - D = tau √((pairs - ties in old) (pairs - ties in new)) and
    C + D = pairs - ties in old - ties in new + ties in both.
    """
    pairs = _pairs(len(old))
    if pairs == 0:
        return math.nan
    tied_old, tied_new = _tied(old), _tied(new)
    tied_both = _tied(ranks(old) * (2 * len(old) + 1) + ranks(new))
    ordered = pairs - tied_old - tied_new + tied_both
    tau = _krcc(old, new)
    if math.isnan(tau):
        return 0.0
    difference = tau * math.sqrt((pairs - tied_old) * (pairs - tied_new))
    return max(0, round((ordered - difference) / 2)) / pairs


def _krcc(old: FloatArray, new: FloatArray) -> float:
    if len(old) < 2 or np.ptp(old) == 0 or np.ptp(new) == 0:
        return math.nan
    return float(stats.kendalltau(old, new).statistic)


def _largest(changes: FloatArray) -> tuple[float, int]:
    """The change that is largest in size, and its place; NaN and -1 without any."""
    if len(changes) == 0 or np.isnan(changes).all():
        return math.nan, -1
    place = int(np.nanargmax(np.abs(changes)))
    return float(changes[place]), place


def _pairs(n: int) -> int:
    return n * (n - 1) // 2


def _tied(values: FloatArray) -> int:
    counts = np.unique(values, return_counts=True)[1]
    return int((counts * (counts - 1) // 2).sum())
