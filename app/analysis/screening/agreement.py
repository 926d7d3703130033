"""Does a rater see what the others see? Correlation with the mean of all other raters."""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, NamedTuple

import numpy as np
from scipy import special

from app.analysis.correlation import pearson_within, spearman_within
from app.analysis.matrix import FloatArray, IntArray, RatingMatrix
from app.analysis.screening.evidence import Evidence, Status


class AgreementRule(StrEnum):
    """How the threshold follows from the panel's correlations r; always capped by the ceiling."""

    HALF_MEDIAN = "half-median"
    MEAN_MINUS_SD = "mean-minus-sd"


class LeaveOneOut(NamedTuple):
    """Correlation of each rater with the mean of the others; each shape (raters,).

    pearson, spearman : NaN where not defined.
    stimuli : number of stimuli that the rater and at least one other rated.
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

    Parameters
    ----------
    rule : AgreementRule
        - ``half-median`` (default): half the median of all raters' r. It lies midway between a
          typical rater and one who answers at random, whose r is about zero. `error_rate` below
          goes with this rule.
        - ``mean-minus-sd``: mean(r) - sd(r), ddof 1, as in BT.1788 [1]_, for comparability. In
          a panel without any bad rater it rejects every sixth if agreement is moderate, because
          one sixth of any bell curve lies below; a few bad raters inflate sd until it misses
          the next ones.
    ceiling : float
        The threshold never exceeds this.
    min_stimuli : int
        Fewest stimuli shared with others for a correlation to be looked at; at least 4.
    error_rate : float
        Greatest chance to be accepted of taking a rater for the opposite of what they are.
        With r on Fisher's scale (standard error 1/√(n - 3)), 3 + (z / artanh threshold)² stimuli
        are enough to tell a random rater from the threshold; z = 1.645 at 5 %. A rater with
        fewer who lies below it fails only if not even chance explains it (a reversed scale);
        otherwise the check is not applicable.

    Notes
    -----
    Edge cases:

    - one rater alone, or no stimulus shared with another: not applicable;
    - constant rater, or others whose means never differ: no correlation, not applicable
      (`variation` finds constant raters);
    - a panel without agreement (median of r not above 0): `half-median` has no threshold, and
      the check is not applicable to anyone;
    - the yardstick is the panel: if half of it or more is bad, this check is blind;
    - bias and compression of the scale do not change r.

    References
    ----------
    .. [1] After Recommendation ITU-R BT.1788, annex on screening by correlation.
    """

    name: ClassVar[str] = "agreement"
    version: ClassVar[int] = 1

    rule: AgreementRule = AgreementRule.HALF_MEDIAN
    ceiling: float = 0.70
    min_stimuli: int = 10
    error_rate: float = 0.05

    def __post_init__(self) -> None:
        if self.min_stimuli < 4:
            raise ValueError("The agreement check needs at least four stimuli per rater.")
        if not 0 < self.error_rate < 0.5:
            raise ValueError("An error rate lies between 0 and one half.")

    def evidence(self, matrix: RatingMatrix) -> tuple[Evidence, ...]:
        """Evidence for every rater, dimension by dimension, in the order of the matrix."""
        return tuple(
            item
            for d, dimension in enumerate(matrix.dimensions)
            for item in self._of_dimension(matrix, d, dimension)
        )

    def _of_dimension(self, matrix: RatingMatrix, d: int, dimension: str) -> list[Evidence]:
        found = leave_one_out(matrix, d)
        lower = found.lower
        judged = lower[(found.stimuli >= self.min_stimuli) & ~np.isnan(lower)]
        threshold = relative_threshold(judged, self.rule, self.ceiling)
        enough = self._enough_stimuli(threshold)
        evidence = []
        for i, rater_id in enumerate(matrix.rater_ids):
            n, r = int(found.stimuli[i]), float(lower[i])
            status, reason = self._verdict(r, n, threshold, enough)
            numbers = {
                "pearson": _defined(found.pearson[i]),
                "spearman": _defined(found.spearman[i]),
                "threshold": _defined(threshold),
                "stimuli": n,
                "stimuli_needed": _defined(enough),
            }
            evidence.append(Evidence(self.name, dimension, rater_id, status, reason, numbers))
        return evidence

    def _verdict(self, r: float, n: int, threshold: float, enough: float) -> tuple[Status, str]:
        if n < self.min_stimuli:
            reason = f"Shares {n} stimuli with other raters; this check needs {self.min_stimuli}."
            return Status.NOT_APPLICABLE, reason
        if math.isnan(r):
            reason = "Nothing to compare: these ratings, or the others' means, never differ."
            return Status.NOT_APPLICABLE, reason
        if math.isnan(threshold):
            reason = "The raters agree too little with each other to judge one by the rest."
            return Status.NOT_APPLICABLE, reason
        if r >= threshold:
            seen = f"Agrees with the other raters (correlation {r:.3f} over {n} stimuli)"
            return Status.PASSED, f"{seen}; at least {threshold:.3f} was asked for."
        if n < enough and self._best_case(r, n) >= threshold:
            seen = f"Correlation {r:.3f} with the other raters; {n} stimuli are too few to judge"
            return Status.NOT_APPLICABLE, f"{seen}; about {enough:.0f} are needed here."
        seen = f"Agrees too little with the other raters (correlation {r:.3f} over {n} stimuli)"
        return Status.FAILED, f"{seen}; at least {threshold:.3f} was asked for."

    def _enough_stimuli(self, threshold: float) -> float:
        """Stimuli needed to tell a random rater from the threshold; NaN without threshold."""
        if self.rule is AgreementRule.MEAN_MINUS_SD:
            return self.min_stimuli
        if math.isnan(threshold):
            return math.nan
        return math.ceil(3 + (self._z / math.atanh(min(threshold, _NEARLY_ONE))) ** 2)

    def _best_case(self, r: float, n: int) -> float:
        """The correlation that chance could at best have hidden behind r."""
        fisher = math.atanh(max(-_NEARLY_ONE, min(r, _NEARLY_ONE)))
        return math.tanh(fisher + self._z / math.sqrt(n - 3))

    @property
    def _z(self) -> float:
        return float(special.ndtri(1 - self.error_rate))


_NEARLY_ONE = 1 - 1e-12


def leave_one_out(matrix: RatingMatrix, dimension: int) -> LeaveOneOut:
    """Correlate every rater's levels with the mean of the other raters' levels.

    The mean of the others at stimulus j is (T_j - level) / (n_j - 1), T_j and n_j being the sum
    and the number of its levels; stimuli with n_j = 1 have no others and are left out. Sums of
    integers are exact, so equal means are equal numbers and ties in rank are found exactly.
    """
    shared = matrix.ratings_by_stimulus[matrix.stimulus] >= 2
    rater, stimulus = matrix.rater[shared], matrix.stimulus[shared]
    level = matrix.levels[shared, dimension].astype(np.float64)
    total = np.bincount(stimulus, weights=level, minlength=len(matrix.stimulus_ids))
    others = (total[stimulus] - level) / (matrix.ratings_by_stimulus[stimulus] - 1)
    raters = len(matrix.rater_ids)
    return LeaveOneOut(
        pearson=pearson_within(level, others, rater, raters),
        spearman=spearman_within(level, others, rater, raters),
        stimuli=np.bincount(rater, minlength=raters),
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
        return min(ceiling, median / 2) if median > 0 else math.nan
    sd = float(np.std(correlations, ddof=1)) if len(correlations) > 1 else 0.0
    return min(ceiling, float(np.mean(correlations)) - sd)


def _defined(number: float) -> float | None:
    return float(number) if math.isfinite(number) else None
