"""The MOS with and without each rater, without averaging anything again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from app.analysis.grouping import centred_within, sum_within
from app.analysis.matrix import FloatArray, IntArray, RatingMatrix
from app.analysis.opinion_scores import mean_opinion_scores
from app.analysis.overall import column_names, normalised_weights, with_overall
from app.analysis.sensitivity.comparison import ranks, settled

LEAVE_ONE_OUT_METHOD = "sensitivity/leave-one-out@1"

MOST_RANKED = 2_000_000
"""Ranks to be computed at most in one column; beyond, only raters of the largest effect get any."""


@dataclass(frozen=True, slots=True, eq=False)
class RaterInfluence:
    """What would change if one rater were left out; arrays of shape (raters, columns).

    value_change : largest change of a MOS, with its sign, in scores; 0 for a rater without
        ratings. value_stimulus : id of the stimulus concerned, "" if none.
    lost : stimuli that would be left without any rating.
    srcc : rank correlation of the MOS with and without the rater.
    rank_change, rank_stimulus : largest change of rank, as in `Comparison`.
        srcc and ranks are NaN ("") where they were not computed, see `rater_influence`.
    alpha_change : Krippendorff's alpha without the rater less alpha with them; positive if the
        others agree better among themselves.
    sentences : one for each rater, for people who are no statisticians.
    """

    columns: tuple[str, ...]
    rater_ids: tuple[str, ...]
    ratings: IntArray
    value_change: FloatArray
    value_stimulus: tuple[tuple[str, ...], ...]
    lost: IntArray
    srcc: FloatArray
    rank_change: FloatArray
    rank_stimulus: tuple[tuple[str, ...], ...]
    alpha_change: FloatArray
    sentences: tuple[str, ...]


def rater_influence(
    matrix: RatingMatrix, *, weights: Mapping[str, float] | None = None
) -> RaterInfluence:
    """Leave out each rater in turn.

    In closed form: with MOS m_j of n_j ratings, leaving out a rating u changes it by
    (m_j - u) / (n_j - 1), and no other stimulus changes. Alpha likewise follows from the sums it
    is made of. Ranks have to be sorted anew for each rater; where raters × stimuli exceed
    2 million they are computed for those raters only whose largest change of a MOS is largest.

    Notes
    -----
    Edge cases: a rater without ratings changes nothing; a stimulus that only this rater rated is
    lost, not changed, and takes no part in the ranks; two raters: what remains is the other.
    """
    shares = normalised_weights(matrix.dimensions, weights)
    values = matrix.scale.step * with_overall(matrix.levels.astype(np.float64), shares)
    mos = mean_opinion_scores(matrix, weights=weights).mean - matrix.scale.low
    # Of a single dimension, the overall score is that dimension.
    distinct = range(1 if len(shares) == 1 else len(shares) + 1)
    left = [_left_out(matrix, values[:, c], mos[:, c]) for c in distinct]
    alpha = [alpha_changes(matrix, values[:, c]) for c in distinct]
    if len(shares) == 1:
        left, alpha = left * 2, alpha * 2
    alone = matrix.ratings_by_stimulus[matrix.stimulus] == 1
    lost = np.bincount(matrix.rater[alone], minlength=len(matrix.rater_ids))
    columns = column_names(matrix)
    return RaterInfluence(
        columns=columns,
        rater_ids=matrix.rater_ids,
        ratings=matrix.ratings_by_rater,
        value_change=np.column_stack([column.value_change for column in left]),
        value_stimulus=_names(matrix, [column.value_place for column in left]),
        lost=lost,
        srcc=np.column_stack([column.srcc for column in left]),
        rank_change=np.column_stack([column.rank_change for column in left]),
        rank_stimulus=_names(matrix, [column.rank_place for column in left]),
        alpha_change=np.column_stack(alpha),
        sentences=tuple(
            _sentence(left[-1], matrix, rater, int(lost[rater]))
            for rater in range(len(matrix.rater_ids))
        ),
    )


class _LeftOut(NamedTuple):
    """One column of `RaterInfluence`; places are indices of stimuli, -1 for none."""

    value_change: FloatArray
    value_place: IntArray
    srcc: FloatArray
    rank_change: FloatArray
    rank_place: IntArray


def _left_out(matrix: RatingMatrix, values: FloatArray, mos: FloatArray) -> _LeftOut:
    """Leave out each rater, for one column of values, one per rating, and their means."""
    others = matrix.ratings_by_stimulus[matrix.stimulus] - 1
    change = np.full(len(values), np.nan)
    np.divide(mos[matrix.stimulus] - values, others, out=change, where=others > 0)
    raters = len(matrix.rater_ids)
    value_change, value_place = np.zeros(raters), np.full(raters, -1)
    srcc, rank_change = np.full(raters, np.nan), np.full(raters, np.nan)
    rank_place = np.full(raters, -1)
    rows_of = _rows_of_raters(matrix)
    for rater, rows in enumerate(rows_of):
        if others[rows].any():
            row = rows[np.nanargmax(np.abs(change[rows]))]
            value_change[rater], value_place[rater] = change[row], matrix.stimulus[row]
    before = _Ranked(mos)
    for rater in _ranked_raters(matrix, value_change):
        rows = rows_of[rater]
        after = mos.copy()
        after[matrix.stimulus[rows]] += change[rows]
        srcc[rater], rank_change[rater], rank_place[rater] = before.against(after)
    return _LeftOut(value_change, value_place, srcc, rank_change, rank_place)


class _Ranked:
    """Values ranked once, to be compared with others."""

    def __init__(self, values: FloatArray) -> None:
        self._values = settled(values)
        self._known = ~np.isnan(values)
        self._ranks = ranks(self._values[self._known])

    def against(self, after: FloatArray) -> tuple[float, float, int]:
        """Rank correlation, largest change of rank, and the place of that change."""
        both = self._known & ~np.isnan(after)
        if both.sum() < 2:
            return np.nan, np.nan, -1
        same = bool((both == self._known).all())
        old = self._ranks if same else ranks(self._values[both])
        new = ranks(settled(after[both]))
        change = new - old
        largest = int(np.argmax(np.abs(change)))
        middle = (len(old) + 1) / 2
        old, new = old - middle, new - middle
        spread = np.sqrt((old * old).sum() * (new * new).sum())
        srcc = float((old * new).sum() / spread) if spread > 0 else np.nan
        return srcc, float(change[largest]), int(np.flatnonzero(both)[largest])


def _rows_of_raters(matrix: RatingMatrix) -> list[IntArray]:
    """The rows of each rater, sorted by stimulus."""
    order = np.lexsort((matrix.stimulus, matrix.rater))
    return np.split(order, np.cumsum(matrix.ratings_by_rater)[:-1])


def _ranked_raters(matrix: RatingMatrix, value_change: FloatArray) -> IntArray:
    """Raters for whom ranks are computed: all with ratings, or those of the largest effect."""
    room = max(1, MOST_RANKED // max(1, len(matrix.stimulus_ids)))
    by_effect = np.argsort(-np.abs(value_change), kind="stable")
    return by_effect[matrix.ratings_by_rater[by_effect] > 0][:room]


def alpha_changes(matrix: RatingMatrix, values: FloatArray) -> FloatArray:
    """Krippendorff's alpha without each rater less alpha with all, shape (raters,).

    Alpha is 1 - (n - 1) / n · W / T over stimuli with two or more ratings: n counts their
    ratings, W sums m_j s_j² and T the squares about their common mean. Without a rating u of a
    stimulus with m ratings, sum of squares Q about their mean, and deviation d from it, m s²
    goes from m / (m - 1) · Q to (m - 1) / (m - 2) · (Q - m / (m - 1) · d²); a stimulus of two
    ratings drops out altogether. All of it is summed per rater, so nothing is computed twice.

    NaN for a rater without ratings, and where alpha is not defined with or without them.
    """
    raters, m_all = len(matrix.rater_ids), matrix.ratings_by_stimulus
    pairable = m_all[matrix.stimulus] >= 2
    rater, stimulus = matrix.rater[pairable], matrix.stimulus[pairable]
    if len(rater) == 0:
        return np.full(raters, np.nan)
    value = values[pairable] - values[pairable].mean()
    _, _, d = centred_within(value, stimulus, len(m_all))
    m = m_all[stimulus].astype(np.float64)
    q = sum_within(d * d, stimulus, len(m_all))[stimulus]
    pair = m == 2
    partner = np.where(pair, sum_within(value, stimulus, len(m_all))[stimulus] - value, 0.0)
    kept = np.where(pair, 0.0, (m - 1) / np.maximum(m - 2, 1) * (q - m / (m - 1) * d * d))
    within = kept - m / (m - 1) * q
    sums = np.array(
        [
            [float((m / (m - 1) * d * d).sum()), float((value * value).sum()), 0.0, len(value)],
            *np.column_stack(
                [
                    sum_within(part, rater, raters)
                    for part in (within, -(value**2 + partner**2), -(value + partner), -1.0 - pair)
                ]
            ),
        ]
    )
    alpha = _alphas(np.vstack([sums[:1], sums[0] + sums[1:]]))
    return np.where(matrix.ratings_by_rater > 0, alpha[1:] - alpha[0], np.nan)


def _alphas(sums: FloatArray) -> FloatArray:
    """Alpha of rows of W, the sum of squares, the sum and the number of pairable ratings."""
    within, squares, total, n = sums.T
    about_mean = squares - total * total / np.maximum(n, 1)
    defined = (n >= 2) & (about_mean > 1e-12 * np.maximum(squares, 1))
    ratio = np.full(len(n), np.nan)
    np.divide(within * (n - 1), n * about_mean, out=ratio, where=defined)
    return 1.0 - ratio


def _names(matrix: RatingMatrix, places: list[IntArray]) -> tuple[tuple[str, ...], ...]:
    """Ids of stimuli, one row for each rater; "" where there is none."""
    return tuple(
        tuple(matrix.stimulus_ids[place] if place >= 0 else "" for place in row)
        for row in np.column_stack(places)
    )


def _sentence(overall: _LeftOut, matrix: RatingMatrix, rater: int, lost: int) -> str:
    """What leaving out this rater would do to the overall score, in words."""
    if matrix.ratings_by_rater[rater] == 0:
        return "Gave no rating that counts, so leaving this rater out changes nothing."
    words = ["Leaving out this rater"]
    if overall.value_place[rater] < 0:
        words.append("changes no score of the others' pictures")
    else:
        words.append(f"moves no picture by more than {abs(overall.value_change[rater]):.2f}")
    places = abs(overall.rank_change[rater])
    if not np.isnan(places):
        words.append(f"and none by more than {places:g} place{'' if places == 1 else 's'}")
    end = ""
    if lost:
        end = f" {lost} picture{'' if lost == 1 else 's'} would be left without any rating."
    return " ".join(words) + "." + end
