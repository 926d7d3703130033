"""Does a rater use the scale? Spread, entropy, number and longest run of the levels given."""

import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
from scipy import special

from app.analysis.grouping import Grouping
from app.analysis.matrix import FloatArray, IntArray, RatingMatrix
from app.analysis.screening.evidence import Evidence, Status

# A panel whose median rater uses fewer levels than this says nothing against two.
_LEVELS_OF_A_SCALE = 4

_UNANIMOUS = (
    "All raters gave all stimuli one and the same score: the stimuli do not differ for anybody, so"
    " a rater who never varies stands out from nobody."
)


class LevelUse(NamedTuple):
    """How each rater used the levels of one dimension; each shape (raters,).

    sd : in scores, ddof 1, NaN below two ratings. entropy : bits, 0 for one level only.
    levels : number of different levels. top_two : share of ratings on the rater's two most
    frequent levels; NaN without ratings.
    longest_run : most equal levels in a row in order of presentation; 0 without positions.
    run_chance : how many runs as long would be expected by chance; NaN without positions.
    """

    rated: IntArray
    sd: FloatArray
    entropy: FloatArray
    levels: IntArray
    top_two: FloatArray
    longest_run: IntArray
    run_chance: FloatArray


@dataclass(frozen=True, slots=True)
class Variation:
    """Reject raters who hardly use the scale, or give one level many times in a row.

    In words: a rater fails whose levels are all alike; or whose entropy, the average number of
    yes-or-no questions an answer is worth, is below `min_entropy_share` of the panel's median;
    or who used two levels only, where the panel uses four or more and chance does not explain
    it: with the panel's median share s of ratings on a rater's two favourite levels, all n
    ratings would fall on them with a chance of sⁿ, which is below `max_run_chance`;
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
    - a unanimous panel (two or more raters, one level for everything): the stimuli do not differ
      in this dimension, and who never varies agrees with everybody: not applicable to anyone;
    - raters who never vary, but at different levels, or one such rater alone: they fail;
    - median entropy 0 (most raters constant): only the constant ones fail;
    - a scale of two or three levels, or a panel that uses no more: two levels are enough;
    - a rater of two levels may agree well with the others: it is for the experimenter to see.
    """

    name: ClassVar[str] = "variation"
    version: ClassVar[int] = 2

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
        two = _two_level_chance(use, self.min_ratings)
        is_unanimous = _is_unanimous(matrix, d)
        ordered = matrix.position is not None
        evidence = []
        for i, rater_id in enumerate(matrix.rater_ids):
            rated, sd, entropy = int(use.rated[i]), float(use.sd[i]), float(use.entropy[i])
            run, chance = int(use.longest_run[i]), float(use.run_chance[i])
            is_coarse = use.levels[i] == 2 and two[i] < self.max_run_chance
            status, reason = self._verdict(rated, sd, entropy, usual, is_coarse, run, chance)
            if status is Status.FAILED and is_unanimous:
                status, reason = Status.NOT_APPLICABLE, _UNANIMOUS
            numbers = {
                "rated": rated,
                "sd": None if math.isnan(sd) else sd,
                "entropy_bits": entropy,
                "panel_median_entropy_bits": usual,
                "levels": int(use.levels[i]),
                "longest_run": run if ordered else None,
                "run_chance": None if math.isnan(chance) else chance,
            }
            evidence.append(Evidence(self.name, dimension, rater_id, status, reason, numbers))
        return evidence

    def _verdict(
        self,
        rated: int,
        sd: float,
        entropy: float,
        usual: float,
        is_coarse: bool,
        run: int,
        chance: float,
    ) -> tuple[Status, str]:
        if rated < self.min_ratings:
            reason = f"Gave {rated} ratings; this check needs at least {self.min_ratings}."
            return Status.NOT_APPLICABLE, reason
        if sd == 0:
            return Status.FAILED, f"Gave the same score to all {rated} stimuli."
        if entropy < self.min_entropy_share * usual:
            reason = "Gave nearly always the same score, far more often than the other raters do."
            return Status.FAILED, reason
        if is_coarse:
            return Status.FAILED, f"Used only two scores of the scale in {rated} ratings."
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
        run = longest_runs(level[order], np.repeat(np.arange(raters), matrix.by_rater.n), raters)
        chance = expected_runs(tally, run)
    return LevelUse(
        rated=matrix.ratings_by_rater,
        sd=matrix.scale.step * _standard_deviation(tally),
        entropy=_entropy(tally),
        levels=(tally > 0).sum(axis=1),
        top_two=_top_two(tally),
        longest_run=run,
        run_chance=chance,
    )


def longest_runs(level: IntArray, rater: IntArray, raters: int) -> IntArray:
    """Length of each rater's longest run of one level; 0 for a rater without ratings.

    Rows must be grouped by rater and, within a rater, in order of presentation.
    """
    is_first = np.ones(len(level), dtype=np.bool_)
    is_first[1:] = (rater[1:] != rater[:-1]) | (level[1:] != level[:-1])
    first = np.flatnonzero(is_first)
    return Grouping(rater[first], raters).largest(np.diff(first, append=len(level)))


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


def _standard_deviation(tally: IntArray) -> FloatArray:
    """In levels, ddof 1; exactly zero for one level only, because n Σ u² - (Σ u)² is exact."""
    level, n = np.arange(tally.shape[1]), tally.sum(axis=1)
    squares = n * (tally @ level**2) - (tally @ level) ** 2
    return np.where(n >= 2, np.sqrt(squares / np.maximum(n * (n - 1), 1)), np.nan)


def _entropy(tally: IntArray) -> FloatArray:
    share = tally / np.maximum(tally.sum(axis=1, keepdims=True), 1)
    bits: FloatArray = special.entr(share).sum(axis=1) / math.log(2)
    return bits


def _top_two(tally: IntArray) -> FloatArray:
    n = tally.sum(axis=1)
    most = np.partition(tally, -2, axis=1)[:, -2:].sum(axis=1)
    return np.where(n > 0, most / np.maximum(n, 1), np.nan)


def _is_unanimous(matrix: RatingMatrix, dimension: int) -> bool:
    """Whether two or more raters gave everything one and the same level."""
    level = matrix.levels[:, dimension]
    several = np.count_nonzero(matrix.ratings_by_rater) >= 2
    return bool(several and (level == level[0]).all())


def _two_level_chance(use: LevelUse, min_ratings: int) -> FloatArray:
    """Chance that all of a rater's ratings fall on two levels; 1 where the panel uses few."""
    judged = use.rated >= min_ratings
    if not judged.any() or np.median(use.levels[judged]) < _LEVELS_OF_A_SCALE:
        return np.ones(len(use.rated))
    chance: FloatArray = np.median(use.top_two[judged]) ** use.rated
    return chance
