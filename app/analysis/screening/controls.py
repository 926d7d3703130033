"""Does a rater meet what is known? Gold stimuli, traps, and pictures shown a second time."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from scipy import special

from app.analysis.matrix import ControlKind, IntArray, RatingMatrix
from app.analysis.screening.evidence import Evidence, Status


@dataclass(frozen=True, eq=False)
class Kept:
    """How often each rater was shown a kind of control, and missed it; each shape (raters,)."""

    shown: IntArray
    missed: IntArray

    @cached_property
    def _in_all(self) -> tuple[int, int]:
        return int(self.shown.sum()), int(self.missed.sum())

    def chance(self, i: int) -> float:
        """Chance of missing so many or more at the rate at which the other raters miss them.

        The others' rate is (missed + 1) / (shown + 2), Laplace's, so that others who never miss,
        or who were never shown any, do not make a single miss impossible.
        """
        shown, missed = int(self.shown[i]), int(self.missed[i])
        all_shown, all_missed = self._in_all
        others = (all_missed - missed + 1) / (all_shown - shown + 2)
        return float(special.bdtrc(missed - 1, shown, others))


@dataclass(frozen=True, eq=False)
class Retest:
    """Distances in levels between first and repeated ratings, tallied.

    tally : int64, shape (raters, levels): how often each rater was so many levels apart.
    """

    tally: IntArray

    @cached_property
    def repeats(self) -> IntArray:
        """Repeats of each rater, shape (raters,)."""
        repeats: IntArray = self.tally.sum(axis=1)
        return repeats

    @cached_property
    def distances(self) -> IntArray:
        """Total distance of each rater's repeats in levels, shape (raters,)."""
        return self.tally @ np.arange(self.tally.shape[1])

    @cached_property
    def of_all(self) -> IntArray:
        """The tally of the whole panel, shape (levels,)."""
        tally: IntArray = self.tally.sum(axis=0)
        return tally

    @cached_property
    def _in_all(self) -> tuple[int, int]:
        return int(self.repeats.sum()), int(self.distances.sum())

    def repeats_of_others(self, i: int) -> int:
        """Repeats of all other raters."""
        return self._in_all[0] - int(self.repeats[i])

    def mean(self, i: int) -> float | None:
        """The rater's mean distance in levels."""
        own = int(self.repeats[i])
        return int(self.distances[i]) / own if own else None

    def mean_of_others(self, i: int) -> float | None:
        """The mean distance of all other raters' repeats in levels."""
        others = self.repeats_of_others(i)
        return (self._in_all[1] - int(self.distances[i])) / others if others else None

    def chance(self, i: int) -> float:
        """Chance of a total distance as large or larger, had it been drawn from the others'.

        The distribution of the total is the others' distribution, convolved with itself once for
        each repeat. One share of the rater's own is mixed in, so that few repeats of others
        prove little.
        """
        own, others = self.tally[i], self.of_all - self.tally[i]
        share = (others + own / own.sum()) / (others.sum() + 1)
        total = np.ones(1)
        for _ in range(int(own.sum())):
            total = np.convolve(total, share)
        return float(min(1.0, total[int(self.distances[i]) :].sum()))


@dataclass(frozen=True, slots=True)
class Controls:
    """Reject raters who miss what is known, or contradict themselves more than others do.

    In words, a rater fails

    - on *gold stimuli*, whose score is known within a tolerance: if more than `max_missed_share`
      of them are missed, and so many misses would happen with a chance below `max_gold_chance`
      if the rater missed them as often as the others do. Gold that everybody misses is bad gold;
    - on *traps*, which tell what to answer: if more than `max_missed_share` of them are missed,
      whatever the others do;
    - on *repeats*, pictures shown a second time: if the two scores lie on average more than
      `max_retest_ratio` times as far apart as the other raters', and chance does not explain it
      (below `max_retest_chance`).

    Parameters
    ----------
    max_missed_share : float
        One miss among three or more is a slip.
    max_gold_chance, max_retest_chance : float
    max_retest_ratio : float
        People differ in how well they repeat themselves; one and a half times is not yet odd.
    min_gold, min_repeats : int
        With fewer of them a rater is not judged by them.
    min_repeats_of_others : int
        With fewer, what is usual is not known, and nobody is judged by repeats.

    Notes
    -----
    Edge cases:

    - no gold, trap or repeat, or too few: not applicable, with the numbers there are;
    - nothing was expected in this dimension: the control does not count in it;
    - a repeat of a picture without a first rating: does not count;
    - everyone misses the gold: nobody fails on it;
    - a constant rater repeats themselves perfectly, which `variation` is for;
    - a picture shown a third time: compared with its first rating, like the second.
    """

    name: ClassVar[str] = "controls"
    version: ClassVar[int] = 1

    max_missed_share: float = 1 / 3
    max_gold_chance: float = 0.01
    min_gold: int = 2
    max_retest_ratio: float = 1.5
    max_retest_chance: float = 0.001
    min_repeats: int = 3
    min_repeats_of_others: int = 20

    def evidence(self, matrix: RatingMatrix) -> tuple[Evidence, ...]:
        """Evidence for every rater, dimension by dimension, in the order of the matrix."""
        return tuple(
            item
            for d, dimension in enumerate(matrix.dimensions)
            for item in self._of_dimension(matrix, d, dimension)
        )

    def _of_dimension(self, matrix: RatingMatrix, d: int, dimension: str) -> list[Evidence]:
        gold = kept_controls(matrix, d, ControlKind.GOLD)
        traps = kept_controls(matrix, d, ControlKind.TRAP)
        retest = retest_distances(matrix, d)
        evidence = []
        for i, rater_id in enumerate(matrix.rater_ids):
            parts = (self._gold(gold, i), self._traps(traps, i), self._repeats(retest, i))
            numbers: dict[str, float | None] = {
                "gold": int(gold.shown[i]),
                "gold_missed": int(gold.missed[i]),
                "traps": int(traps.shown[i]),
                "traps_missed": int(traps.missed[i]),
                "repeats": int(retest.repeats[i]),
                "repeat_distance": _times(matrix.scale.step, retest.mean(i)),
                "others_repeat_distance": _times(matrix.scale.step, retest.mean_of_others(i)),
            }
            status, reason = _together(parts)
            evidence.append(Evidence(self.name, dimension, rater_id, status, reason, numbers))
        return evidence

    def _gold(self, gold: Kept, i: int) -> tuple[Status, str]:
        shown, missed = int(gold.shown[i]), int(gold.missed[i])
        if shown == 0:
            return Status.NOT_APPLICABLE, ""
        seen = f"Missed {missed} of {shown} pictures whose score is known"
        if shown < self.min_gold:
            return Status.NOT_APPLICABLE, f"{seen}; this check needs {self.min_gold}."
        if missed <= self.max_missed_share * shown:
            return Status.PASSED, f"{seen}."
        if gold.chance(i) >= self.max_gold_chance:
            return Status.PASSED, f"{seen}, which the other raters miss, too."
        return Status.FAILED, f"{seen}, far more than the other raters do."

    def _traps(self, traps: Kept, i: int) -> tuple[Status, str]:
        shown, missed = int(traps.shown[i]), int(traps.missed[i])
        if shown == 0:
            return Status.NOT_APPLICABLE, ""
        seen = f"Did not follow {missed} of {shown} instructions hidden among the pictures"
        is_too_many = missed > self.max_missed_share * shown
        return (Status.FAILED if is_too_many else Status.PASSED), f"{seen}."

    def _repeats(self, retest: Retest, i: int) -> tuple[Status, str]:
        own, others = int(retest.repeats[i]), retest.repeats_of_others(i)
        if own == 0:
            return Status.NOT_APPLICABLE, ""
        seen = f"Saw {own} pictures a second time"
        if own < self.min_repeats:
            return Status.NOT_APPLICABLE, f"{seen}; this check needs {self.min_repeats}."
        if others < self.min_repeats_of_others:
            reason = (
                f"{seen}; the other raters have {others} repeats, which are too few to compare."
            )
            return Status.NOT_APPLICABLE, reason
        mean, usual = retest.mean(i) or 0.0, retest.mean_of_others(i) or 0.0
        if mean > self.max_retest_ratio * usual and retest.chance(i) < self.max_retest_chance:
            return Status.FAILED, f"{seen} and scored them quite differently, unlike other raters."
        return Status.PASSED, f"{seen} and scored them about as steadily as the other raters."


def kept_controls(matrix: RatingMatrix, dimension: int, kind: ControlKind) -> Kept:
    """How many controls of this kind each rater was shown and missed in this dimension."""
    raters = len(matrix.rater_ids)
    if matrix.controls is None:
        nothing = np.zeros(raters, dtype=np.int64)
        return Kept(nothing, nothing)
    low, high = matrix.controls.low[:, dimension], matrix.controls.high[:, dimension]
    level = matrix.controls.levels[:, dimension]
    counts = (matrix.controls.kind == kind) & (low <= high)
    missed = counts & ((level < low) | (level > high))
    rater = matrix.controls.rater
    return Kept(
        shown=np.bincount(rater[counts], minlength=raters),
        missed=np.bincount(rater[missed], minlength=raters),
    )


def retest_distances(matrix: RatingMatrix, dimension: int) -> Retest:
    """Tally, for each rater, how far their repeated ratings lie from the first ones."""
    raters, levels = len(matrix.rater_ids), matrix.scale.level_max + 1
    if matrix.repeats is None or matrix.ratings == 0:
        return Retest(np.zeros((raters, levels), dtype=np.int64))
    stimuli = len(matrix.stimulus_ids)
    first = matrix.rater * stimuli + matrix.stimulus
    again = matrix.repeats.rater * stimuli + matrix.repeats.stimulus
    order = np.argsort(first, kind="stable")  # of a sorted matrix no more than one look
    place = np.minimum(np.searchsorted(first, again, sorter=order), len(first) - 1)
    row = order[place]
    known = first[row] == again
    apart = np.abs(matrix.repeats.levels[:, dimension] - matrix.levels[row, dimension])[known]
    cell = matrix.repeats.rater[known] * levels + apart
    return Retest(np.bincount(cell, minlength=raters * levels).reshape(raters, levels))


def _together(parts: tuple[tuple[Status, str], ...]) -> tuple[Status, str]:
    """Failed if any part failed, else passed if any passed; failures are told first and alone."""
    for status in (Status.FAILED, Status.PASSED, Status.NOT_APPLICABLE):
        reasons = [reason for found, reason in parts if found is status and reason]
        if reasons:
            return status, " ".join(reasons)
    return Status.NOT_APPLICABLE, "Was shown no control pictures, and none a second time."


def _times(step: float, levels: float | None) -> float | None:
    return None if levels is None else step * levels
