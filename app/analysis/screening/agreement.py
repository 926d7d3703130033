"""Does a rater see what the others see? Correlation with the mean of all other raters."""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, NamedTuple

import numpy as np
from scipy import special

from app.analysis.correlation import pearson, spearman
from app.analysis.grouping import Grouping
from app.analysis.matrix import BoolArray, FloatArray, IntArray, RatingMatrix
from app.analysis.screening.evidence import Evidence, Status, defined
from app.analysis.screening.panel_mean import ROUNDING, lowest_at


class AgreementRule(StrEnum):
    """How the threshold follows from the panel's correlations r; always capped by the ceiling."""

    HALF_MEDIAN = "half-median"
    MEAN_MINUS_SD = "mean-minus-sd"


class LeaveOneOut(NamedTuple):
    """Correlation of each rater with the mean of the others; each shape (raters,).

    pearson, spearman : NaN where not defined.
    stimuli : number of stimuli that the rater and at least one other who counts rated.
    """

    pearson: FloatArray
    spearman: FloatArray
    stimuli: IntArray

    @property
    def lower(self) -> FloatArray:
        """The lower of the two, NaN where either is not defined."""
        return np.minimum(self.pearson, self.spearman)


@dataclass(frozen=True, slots=True)
class Agreement:
    """Reject raters who agree much less with the others than is usual in this panel.

    In words: r is the correlation, over the stimuli a rater rated, between that rater's scores
    and the mean of all *other* raters' scores; the lower of Pearson and Spearman counts. The
    threshold is relative, since what counts as good agreement depends on the question asked.

    Those who fall below the threshold (or have no r) are then taken out of the others' means, r
    and threshold are computed again, and so on until nothing changes: where a picture has two or
    three ratings, one random rater among them would otherwise make the honest ones look bad, and
    hide behind it. Everyone is judged by the last yardstick, also those who are not part of it.

    Parameters
    ----------
    rule : AgreementRule
        - ``half-median`` (default): half the median of all raters' r. It lies midway between a
          typical rater and one who answers at random, whose r is about zero. `error_rate` below
          and the renewal of the yardstick go with this rule.
        - ``mean-minus-sd``: mean(r) - sd(r), ddof 1, as in BT.1788 [1]_, for comparability. In
          a panel without any bad rater it rejects every sixth if agreement is moderate, because
          one sixth of any bell curve lies below; a few bad raters inflate sd until it misses
          the next ones.
    ceiling : float
        The threshold never exceeds this.
    min_stimuli : int
        Fewest stimuli shared with others for a correlation to be looked at; at least 4.
    error_rate : float
        How seldom a typical rater, one at the median, may come out as low as this one by chance
        for this one to fail. On Fisher's scale, artanh r, chance has a standard error of
        1/√(n - 3): a rater below the threshold fails if artanh median - artanh r exceeds z such
        errors, z = 2.58 at 0.5 %. Otherwise the stimuli are too few to judge, and the check is
        not applicable. With 3 + (z / (artanh median - artanh threshold))² or more it always is.
    max_false_share : float
        Among many raters somebody is always unlucky. If the k-th least likely of the raters below
        the threshold, of m judged, would be so low with a chance of up to k `max_false_share` / m,
        and no later one, that bound takes the place of `error_rate` where it is smaller (k = 1 if
        there is none). Of those who fail, about this share at most are typical raters [2]_.
        Where many are bad it changes nothing; where nobody is, hardly anybody fails.

    Notes
    -----
    Edge cases:

    - one rater alone, or no stimulus shared with another: not applicable;
    - constant rater, or others whose means never differ: no correlation, not applicable
      (`variation` finds constant raters);
    - a panel without agreement (median of r not above 0): `half-median` has no threshold, and
      the check is not applicable to anyone;
    - the yardstick is the panel: if half of it or more is bad, this check is blind, and a
      minority who really sees things differently looks like bad raters;
    - half-random raters lie near the threshold: about two thirds of them are found;
    - bias and compression of the scale do not change r.

    References
    ----------
    .. [1] After Recommendation ITU-R BT.1788, annex on screening by correlation.
    .. [2] Y. Benjamini, Y. Hochberg, "Controlling the false discovery rate", J. R. Stat. Soc.
       B 57(1), 1995.
    """

    name: ClassVar[str] = "agreement"
    version: ClassVar[int] = 2

    rule: AgreementRule = AgreementRule.HALF_MEDIAN
    ceiling: float = 0.70
    min_stimuli: int = 10
    error_rate: float = 0.005
    max_false_share: float = 0.05

    def __post_init__(self) -> None:
        if self.min_stimuli < 4:
            raise ValueError("The agreement check needs at least four stimuli per rater.")
        if not 0 < self.error_rate < 0.5:
            raise ValueError("An error rate lies between 0 and one half.")
        if not 0 < self.max_false_share <= 1:
            raise ValueError("A share of false alarms lies between 0 and 1.")

    def evidence(self, matrix: RatingMatrix) -> tuple[Evidence, ...]:
        """Evidence for every rater, dimension by dimension, in the order of the matrix."""
        return tuple(
            item
            for d, dimension in enumerate(matrix.dimensions)
            for item in self._of_dimension(matrix, d, dimension)
        )

    def _of_dimension(self, matrix: RatingMatrix, d: int, dimension: str) -> list[Evidence]:
        found, judged = self._settled(matrix, d)
        lower = found.lower
        threshold = relative_threshold(judged, self.rule, self.ceiling)
        typical = float(np.median(judged)) if judged.size else math.nan
        z = self._errors_below(found, typical, threshold)
        enough = self._enough_stimuli(typical, threshold, z)
        evidence = []
        for i, rater_id in enumerate(matrix.rater_ids):
            n, r = int(found.stimuli[i]), float(lower[i])
            status, reason = self._verdict(r, n, typical, threshold, enough, z)
            numbers = {
                "pearson": defined(found.pearson[i]),
                "spearman": defined(found.spearman[i]),
                "threshold": defined(threshold),
                "stimuli": n,
                "stimuli_needed": defined(enough),
            }
            evidence.append(Evidence(self.name, dimension, rater_id, status, reason, numbers))
        return evidence

    def _settled(self, matrix: RatingMatrix, d: int) -> tuple[LeaveOneOut, FloatArray]:
        """The correlations with the last yardstick, and those of them that set the threshold."""
        counting: BoolArray | None = None
        for _ in range(_MOST_YARDSTICKS):
            found = leave_one_out(matrix, d, counting)
            lower = found.lower
            judged = lower[(found.stimuli >= self.min_stimuli) & ~np.isnan(lower)]
            threshold = relative_threshold(judged, self.rule, self.ceiling)
            above: BoolArray = lower >= lowest_at(threshold)
            is_settled = above.all() if counting is None else bool((above == counting).all())
            if is_settled or self.rule is AgreementRule.MEAN_MINUS_SD or above.sum() < 2:
                break
            counting = above
        return found, judged

    def _verdict(
        self, r: float, n: int, typical: float, threshold: float, enough: float, z: float
    ) -> tuple[Status, str]:
        if n < self.min_stimuli:
            reason = f"Shares {n} stimuli with other raters; this check needs {self.min_stimuli}."
            return Status.NOT_APPLICABLE, reason
        if math.isnan(r):
            reason = "Nothing to compare: these ratings, or the others' means, never differ."
            return Status.NOT_APPLICABLE, reason
        if math.isnan(threshold):
            reason = "The raters agree too little with each other to judge one by the rest."
            return Status.NOT_APPLICABLE, reason
        if r >= lowest_at(threshold):
            seen = f"Agrees with the other raters (correlation {r:.3f} over {n} stimuli)"
            return Status.PASSED, f"{seen}; at least {threshold:.3f} was asked for."
        if n < enough and _lowest_by_chance(typical, n, z) <= r:
            seen = f"Correlation {r:.3f} with the other raters; {n} stimuli are too few to judge"
            return Status.NOT_APPLICABLE, f"{seen}; about {enough:.0f} are needed here."
        seen = f"Agrees too little with the other raters (correlation {r:.3f} over {n} stimuli)"
        return Status.FAILED, f"{seen}; at least {threshold:.3f} was asked for."

    def _errors_below(self, found: LeaveOneOut, typical: float, threshold: float) -> float:
        """How many standard errors below a typical rater one must lie to fail."""
        is_judged = (found.stimuli >= self.min_stimuli) & ~np.isnan(found.lower)
        r, n = found.lower[is_judged], found.stimuli[is_judged]
        low = r < lowest_at(threshold)
        errors = (_fisher(typical) - _fisher(r[low])) * np.sqrt(n[low] - 3)
        chance = np.sort(special.ndtr(-errors))
        bound = self.max_false_share * np.arange(1, len(chance) + 1) / max(len(r), 1)
        kept_by = np.flatnonzero(chance <= bound)
        k = int(kept_by[-1]) + 1 if kept_by.size else 1
        rate = min(self.error_rate, self.max_false_share * k / max(len(r), 1))
        return -float(special.ndtri(rate))

    def _enough_stimuli(self, typical: float, threshold: float, z: float) -> float:
        """Stimuli that tell a typical rater from one at the threshold; NaN without threshold."""
        if self.rule is AgreementRule.MEAN_MINUS_SD:
            return self.min_stimuli
        if math.isnan(threshold):
            return math.nan
        return math.ceil(3 + (z / float(_fisher(typical) - _fisher(threshold))) ** 2)


_NEARLY_ONE = 1 - 1e-12

# The yardstick settles after one renewal or two; this only ends a circle.
_MOST_YARDSTICKS = 6


def leave_one_out(
    matrix: RatingMatrix, dimension: int, counting: BoolArray | None = None
) -> LeaveOneOut:
    """Correlate every rater's levels with the mean of the other raters' levels.

    The mean of the others at stimulus j is (T_j - level) / (n_j - 1), T_j and n_j being the sum
    and the number of its levels; stimuli with n_j = 1 have no others and are left out. Sums of
    integers are exact, so equal means are equal numbers and ties in rank are found exactly.

    With `counting`, shape (raters,), only these raters enter the means; all are still compared.
    """
    level, by_stimulus = matrix.levels[:, dimension], matrix.by_stimulus
    if counting is None:
        own, n = np.ones_like(level), by_stimulus.n
        total = matrix.level_sums.total[:, dimension].astype(np.int64)
    else:
        own = matrix.by_rater.of_values(counting.astype(np.int64))
        total, n = by_stimulus.integer_sum(own * level), by_stimulus.integer_sum(own)
    raters = len(matrix.rater_ids)
    found = LeaveOneOut(np.empty(raters), np.empty(raters), np.empty(raters, dtype=np.int64))
    for rows, groups, by_rater in matrix.by_rater.blocks():
        stimulus, is_own = matrix.stimulus[rows], own[rows]
        others, others_n = total[stimulus] - is_own * level[rows], n[stimulus] - is_own
        of_block = _with_others(level[rows], others, others_n, by_rater)
        for array, part in zip(found, of_block, strict=True):
            array[groups] = part
    return found


def _with_others(
    level: IntArray, others: IntArray, others_n: IntArray, by_rater: Grouping
) -> LeaveOneOut:
    """Correlate levels with sums of others' levels divided by the number of these others."""
    shared = others_n > 0
    if not shared.all():
        level, others, others_n = level[shared], others[shared], others_n[shared]
        by_rater = Grouping(by_rater.group[shared], by_rater.groups)
    mean = others / others_n
    # Sums over equally many others are ordered like their means, and integers are ranked faster.
    is_balanced = others_n.size and others_n.min() == others_n.max()
    return LeaveOneOut(
        pearson=pearson(level.astype(np.float64), mean, by_rater),
        spearman=spearman(level, others if is_balanced else mean, by_rater),
        stimuli=by_rater.n,
    )


def relative_threshold(correlations: FloatArray, rule: AgreementRule, ceiling: float) -> float:
    """The least correlation asked of a rater, from the correlations of all raters judged.

    NaN if there are none, or if `half-median` finds no agreement (a median not above zero);
    with one rater, `mean-minus-sd` uses sd = 0.
    """
    if len(correlations) == 0:
        return math.nan
    if rule is AgreementRule.HALF_MEDIAN:
        median = float(np.median(correlations))
        return min(ceiling, median / 2) if median > ROUNDING else math.nan
    sd = float(np.std(correlations, ddof=1)) if len(correlations) > 1 else 0.0
    return min(ceiling, float(np.mean(correlations)) - sd)


def _lowest_by_chance(typical: float, n: int, z: float) -> float:
    """The correlation that a typical rater stays above but for a chance of Φ(-z)."""
    return math.tanh(float(_fisher(typical)) - z / math.sqrt(n - 3))


def _fisher(r: FloatArray | float) -> FloatArray:
    """Fisher's scale, on which chance spreads all correlations alike; ±1 are not reached."""
    scaled: FloatArray = np.arctanh(np.clip(r, -_NEARLY_ONE, _NEARLY_ONE))
    return scaled
