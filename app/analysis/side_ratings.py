"""Ratings that stand beside the matrix and enter no score: repeats, and what controls expect."""

from dataclasses import dataclass
from enum import IntEnum

from app.analysis.arrays import (
    BoolArray,
    IntArray,
    is_ascending,
    locked_integers,
    order_of_columns,
    require_range,
)


@dataclass(frozen=True, eq=False)
class Repeats:
    """Ratings of stimuli that the same rater had rated before; they enter no score.

    rater, stimulus : int64, shape (repeats,), indices into the ids of the matrix.
    levels : int64, shape (repeats, dimensions).

    A pair may occur several times.
    """

    rater: IntArray
    stimulus: IntArray
    levels: IntArray

    def __post_init__(self) -> None:
        for name in ("rater", "stimulus", "levels"):
            array = locked_integers(f"repeats' {name}", getattr(self, name))
            object.__setattr__(self, name, array)
        if self.rater.ndim != 1 or self.stimulus.shape != self.rater.shape:
            raise ValueError("Repeats need a rater and a stimulus each.")

    def check(self, *, raters: int, stimuli: int, dimensions: int, level_max: int) -> None:
        """Raise ValueError unless the repeats fit a matrix of this size."""
        require_range("Rater index of a repeat", self.rater, raters - 1)
        require_range("Stimulus index of a repeat", self.stimulus, stimuli - 1)
        _require_levels("repeat", self.levels, (len(self.rater), dimensions), level_max)

    def of_raters(self, keep: BoolArray, rater_place: IntArray) -> "Repeats":
        """The repeats of the raters kept, who get new indices."""
        rows = keep[self.rater]
        return Repeats(rater_place[self.rater[rows]], self.stimulus[rows], self.levels[rows])

    def canonical(self, rater_place: IntArray, stimulus_place: IntArray) -> "Repeats":
        """The same repeats under new indices, sorted by rater, stimulus and levels."""
        rater, stimulus = rater_place[self.rater], stimulus_place[self.stimulus]
        rows = order_of_columns(rater, stimulus, self.levels)
        return Repeats(rater[rows], stimulus[rows], self.levels[rows])

    @property
    def is_canonical(self) -> bool:
        """Whether the rows are sorted."""
        return is_ascending(order_of_columns(self.rater, self.stimulus, self.levels))


class ControlKind(IntEnum):
    """What a control is: a stimulus whose answer is known, or an instruction to be followed."""

    GOLD = 0
    TRAP = 1


@dataclass(frozen=True, eq=False)
class ControlRatings:
    """Ratings of controls, with the levels that were expected; they enter no score by themselves.

    rater : int64, shape (controls,), indices into the matrix' `rater_ids`.
    kind : int64, shape (controls,), values of `ControlKind`.
    levels, low, high : int64, shape (controls, dimensions): the level given, and the lowest and
        highest that are accepted. Where `low` lies above `high`, nothing was expected.
    """

    rater: IntArray
    kind: IntArray
    levels: IntArray
    low: IntArray
    high: IntArray

    def __post_init__(self) -> None:
        for name in ("rater", "kind", "levels", "low", "high"):
            array = locked_integers(f"controls' {name}", getattr(self, name))
            object.__setattr__(self, name, array)
        if self.rater.ndim != 1 or self.kind.shape != self.rater.shape:
            raise ValueError("Controls need a rater and a kind each.")
        if not self.levels.shape == self.low.shape == self.high.shape:
            raise ValueError("Controls need a lowest and a highest level for each level.")
        require_range("Kind of control", self.kind, max(ControlKind))

    def check(self, *, raters: int, dimensions: int, level_max: int) -> None:
        """Raise ValueError unless the controls fit a matrix of this size."""
        require_range("Rater index of a control", self.rater, raters - 1)
        _require_levels("control", self.levels, (len(self.rater), dimensions), level_max)

    def of_raters(self, keep: BoolArray, rater_place: IntArray) -> "ControlRatings":
        """The controls of the raters kept, who get new indices."""
        rows = keep[self.rater]
        return ControlRatings(
            rater_place[self.rater[rows]],
            self.kind[rows],
            self.levels[rows],
            self.low[rows],
            self.high[rows],
        )

    def canonical(self, rater_place: IntArray) -> "ControlRatings":
        """The same controls under new indices, sorted by rater, kind, levels and bounds."""
        rater = rater_place[self.rater]
        rows = order_of_columns(rater, self.kind, self.levels, self.low, self.high)
        return ControlRatings(
            rater[rows], self.kind[rows], self.levels[rows], self.low[rows], self.high[rows]
        )

    @property
    def is_canonical(self) -> bool:
        """Whether the rows are sorted."""
        columns = (self.rater, self.kind, self.levels, self.low, self.high)
        return is_ascending(order_of_columns(*columns))


def _require_levels(what: str, levels: IntArray, shape: tuple[int, int], level_max: int) -> None:
    if levels.shape != shape:
        raise ValueError(f"Each {what} needs one level for each dimension.")
    require_range(f"Level of a {what}", levels, level_max)
