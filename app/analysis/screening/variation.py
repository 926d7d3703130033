"""Does a rater use the scale? Spread, entropy and longest run of the levels given."""

import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
from scipy import special

from app.analysis.grouping import centred_within, sum_within
from app.analysis.matrix import FloatArray, IntArray, RatingMatrix
from app.analysis.screening.evidence import Evidence, Status


class LevelUse(NamedTuple):
    """How each rater used the levels of one dimension; each shape (raters,).

    sd : in scores, ddof 1, NaN below two ratings. entropy : bits, 0 for one level only.
    longest_run : most equal levels in a row in order of presentation; 0 without positions.
    run_chance : how many runs as long would be expected by chance; NaN without positions.
    """

    rated: IntArray
    sd: FloatArray
    entropy: FloatArray
    longest_run: IntArray
    run_chance: FloatArray


@dataclass(frozen=True, slots=True)
class Variation:
    """Reject raters who hardly use the scale, or give one level many times in a row.

    In words: a rater fails whose levels are all alike; or whose entropy, the average number of
    yes-or-no questions an answer is worth, is below `min_entropy_share` of the panel's median;
    or whose longest run of one level is at least `min_run` and would not be explained by the
    levels this rater likes: the expected number of such runs, had the same levels been given in
    random order, is below `max_run_chance`.

    Parameters
    ----------
    min_ratings : int
        Below this many ratings the check is not applicable.
    min_entropy_share, max_run_chance : float
    min_run : int

    Notes
    -----
    Edge cases:

    - no rating, or fewer than `min_ratings`: not applicable;
    - no positions in the matrix: the longest run is not looked at, the rest is;
    - median entropy 0 (most raters constant): only the constant ones fail;
    - two raters who use two and five levels evenly have 1 and 2.3 bits: both pass together.
    """

    name: ClassVar[str] = "variation"
    version: ClassVar[int] = 1

    min_ratings: int = 20
    min_entropy_share: float = 0.25
    min_run: int = 10
    max_run_chance: float = 1e-5

    def evidence(self, matrix: RatingMatrix) -> tuple[Evidence, ...]:
        """Evidence for every rater, dimension by dimension, in the order of the matrix."""
        return tuple(
            item
            for d, dimension in enumerate(matrix.dimensions)
            for item in self._of_dimension(matrix, d, dimension)
        )

    def _of_dimension(self, matrix: RatingMatrix, d: int, dimension: str) -> list[Evidence]:
        use = level_use(matrix, d)
        judged = use.entropy[use.rated >= self.min_ratings]
        usual = float(np.median(judged)) if judged.size else 0.0
        ordered = matrix.position is not None
        evidence = []
        for i, rater_id in enumerate(matrix.rater_ids):
            rated, sd, entropy = int(use.rated[i]), float(use.sd[i]), float(use.entropy[i])
            run, chance = int(use.longest_run[i]), float(use.run_chance[i])
            status, reason = self._verdict(rated, sd, entropy, usual, run, chance)
            numbers = {
                "rated": rated,
                "sd": None if math.isnan(sd) else sd,
                "entropy_bits": entropy,
                "panel_median_entropy_bits": usual,
                "longest_run": run if ordered else None,
                "run_chance": None if math.isnan(chance) else chance,
            }
            evidence.append(Evidence(self.name, dimension, rater_id, status, reason, numbers))
        return evidence

    def _verdict(
        self, rated: int, sd: float, entropy: float, usual: float, run: int, chance: float
    ) -> tuple[Status, str]:
        if rated < self.min_ratings:
            reason = f"Gave {rated} ratings; this check needs at least {self.min_ratings}."
            return Status.NOT_APPLICABLE, reason
        if sd == 0:
            return Status.FAILED, f"Gave the same score to all {rated} stimuli."
        if entropy < self.min_entropy_share * usual:
            reason = "Gave nearly always the same score, far more often than the other raters do."
            return Status.FAILED, reason
        if run >= self.min_run and chance < self.max_run_chance:
            return Status.FAILED, f"Gave the same score {run} times in a row, not by chance."
        return Status.PASSED, f"Used the scale like the other raters in {rated} ratings."


def level_use(matrix: RatingMatrix, dimension: int) -> LevelUse:
    """Describe how each rater used the levels of one dimension."""
    level, raters = matrix.levels[:, dimension], len(matrix.rater_ids)
    level_count = matrix.scale.level_max + 1
    tally = np.bincount(matrix.rater * level_count + level, minlength=raters * level_count)
    tally = tally.reshape(raters, level_count)
    run = np.zeros(raters, dtype=np.int64)
    chance = np.full(raters, np.nan)
    if matrix.position is not None:
        order = matrix.presentation_order
        run = longest_runs(level[order], matrix.rater[order], raters)
        chance = expected_runs(tally, run)
    return LevelUse(
        rated=matrix.ratings_by_rater,
        sd=matrix.scale.step * _standard_deviation(matrix, level),
        entropy=_entropy(tally),
        longest_run=run,
        run_chance=chance,
    )


def longest_runs(level: IntArray, rater: IntArray, raters: int) -> IntArray:
    """Length of each rater's longest run of one level; 0 for a rater without ratings.

    Rows must be grouped by rater and, within a rater, in order of presentation.
    """
    first = np.flatnonzero((np.diff(rater, prepend=-1) != 0) | (np.diff(level, prepend=-1) != 0))
    longest = np.zeros(raters, dtype=np.int64)
    np.maximum.at(longest, rater[first], np.diff(first, append=len(level)))
    return longest


def expected_runs(tally: IntArray, run: IntArray) -> FloatArray:
    """Expected number of stretches of `run` equal levels if the order were random.

    `tally` has the shape (raters, levels). There are n - run + 1 stretches; each is all of a
    level given c times with probability C(c, run) / C(n, run). The chance of at least one such
    stretch is at most this number. NaN for a rater without ratings.
    """
    n = tally.sum(axis=1)
    length = run[:, None]
    possible = tally >= length
    count = np.where(possible, tally, length)
    log_ways = special.gammaln(count + 1) - special.gammaln(count - length + 1)
    log_all = special.gammaln(n + 1) - special.gammaln(n - run + 1)
    share = np.where(possible, np.exp(log_ways - log_all[:, None]), 0.0).sum(axis=1)
    return np.where(n > 0, (n - run + 1) * share, np.nan)


def _standard_deviation(matrix: RatingMatrix, level: IntArray) -> FloatArray:
    raters = len(matrix.rater_ids)
    count, _, residual = centred_within(level.astype(np.float64), matrix.rater, raters)
    squares = sum_within(residual * residual, matrix.rater, raters)
    return np.where(count >= 2, np.sqrt(squares / np.maximum(count - 1, 1)), np.nan)


def _entropy(tally: IntArray) -> FloatArray:
    share = tally / np.maximum(tally.sum(axis=1, keepdims=True), 1)
    bits: FloatArray = special.entr(share).sum(axis=1) / math.log(2)
    return bits
