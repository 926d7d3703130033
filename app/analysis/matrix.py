"""The ratings of one study as integer levels in long form, and their fingerprint.

One type serves dense and sparse designs.  Scores come from first ratings alone, one for each pair
of rater and stimulus; repeats and controls stand beside them, for the checks that read them.
"""

import hashlib
import json
import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

OVERALL = "overall"
"""Name of the weighted mean over dimensions; no dimension may bear it."""

FINGERPRINT_METHOD = "ratings@3"


@dataclass(frozen=True, slots=True)
class Scale:
    """An equally spaced scale: score = low + step * level, level in 0..level_max.

    ACR-5 is ``Scale(low=1, step=1, level_max=4)``; 0 to 5 in tenths is
    ``Scale(low=0, step=0.1, level_max=50)``.
    """

    low: float
    step: float
    level_max: int

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.step) and self.step > 0):
            raise ValueError("A scale needs a finite lowest score and a step above zero.")
        if self.level_max < 1:
            raise ValueError("A scale needs at least two levels.")

    @property
    def high(self) -> float:
        """The highest score."""
        return self.low + self.step * self.level_max

    def scores(self, levels: npt.ArrayLike) -> FloatArray:
        """Scores of levels, or of means of levels; NaN stays NaN."""
        return self.low + self.step * np.asarray(levels, dtype=np.float64)


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
            array = _locked_integers(f"repeats' {name}", getattr(self, name))
            object.__setattr__(self, name, array)

    def of_raters(self, keep: BoolArray) -> "Repeats":
        """The repeats of some raters, who are then numbered through."""
        rows = keep[self.rater]
        rater = (np.cumsum(keep) - 1)[self.rater[rows]]
        return Repeats(rater, self.stimulus[rows], self.levels[rows])

    def canonical(self, rater_place: IntArray, stimulus_place: IntArray) -> "Repeats":
        """The same repeats under new indices, sorted by rater, stimulus and levels."""
        rater, stimulus = rater_place[self.rater], stimulus_place[self.stimulus]
        rows = _sorted_rows(rater, stimulus, self.levels)
        return Repeats(rater[rows], stimulus[rows], self.levels[rows])


class ControlKind(IntEnum):
    """What a control is: a stimulus whose answer is known, or an instruction to be followed."""

    GOLD = 0
    TRAP = 1


@dataclass(frozen=True, eq=False)
class Controls:
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
            array = _locked_integers(f"controls' {name}", getattr(self, name))
            object.__setattr__(self, name, array)
        _require_range("Kind of control", self.kind, max(ControlKind))

    def of_raters(self, keep: BoolArray) -> "Controls":
        """The controls of some raters, who are then numbered through."""
        rows = keep[self.rater]
        rater = (np.cumsum(keep) - 1)[self.rater[rows]]
        return self._with(rater, rows)

    def canonical(self, rater_place: IntArray) -> "Controls":
        """The same controls under new indices, sorted."""
        rater = rater_place[self.rater]
        rows = _sorted_rows(rater, self.kind, self.levels, self.low, self.high)
        return self._with(rater[rows], rows)

    def _with(self, rater: IntArray, rows: npt.NDArray[Any]) -> "Controls":
        return Controls(rater, self.kind[rows], self.levels[rows], self.low[rows], self.high[rows])


@dataclass(frozen=True, eq=False)
class RatingMatrix:
    """Who rated what, and how: one row per rating, in any order, with any gaps.

    Attributes
    ----------
    rater, stimulus : int64, shape (ratings,)
        Indices into `rater_ids` and `stimulus_ids`.
    levels : int64, shape (ratings, dimensions)
        One level per dimension, each in 0..scale.level_max. An act of rating is complete:
        a rating that was not made has no row, and no dimension of a row is missing.
    rater_ids, stimulus_ids : tuple of str
        Unique. An id without ratings is allowed: a stimulus then gets an empty row of results.
    dimensions : tuple of str
        Keys in the order of the protocol; unique; "overall" is reserved.
    scale : Scale
        Common to all dimensions.
    position : int64, shape (ratings,), or None
        Place of each rating in its rater's order of presentation, over all sittings. Only the
        longest-run part of the variation check needs it.
    dwell_ms : int64, shape (ratings,), or None
        Time each rating took in ms, -1 where unknown. Only the pace check needs it.
    sitting : int64, shape (ratings,), or None
        Number of the sitting in which the rater gave each rating. Only scores that are
        standardised by sitting need it.
    repeats : Repeats or None
        What raters said when they saw a stimulus again.
    controls : Controls or None
        What raters said of controls.

    The fingerprint covers all of it. Arrays are copied and locked. There may be no rating at all.

    Raises
    ------
    ValueError
        Levels are not integers or lie off the scale; an index lies outside its ids; an id
        occurs twice; shapes disagree; a rater rated a stimulus, or holds a position, more than
        once (what came later belongs into `repeats`).
    """

    rater: IntArray
    stimulus: IntArray
    levels: IntArray
    rater_ids: tuple[str, ...]
    stimulus_ids: tuple[str, ...]
    dimensions: tuple[str, ...]
    scale: Scale
    position: IntArray | None = None
    dwell_ms: IntArray | None = None
    sitting: IntArray | None = None
    repeats: Repeats | None = None
    controls: Controls | None = None

    def __post_init__(self) -> None:
        for name in ("rater_ids", "stimulus_ids", "dimensions"):
            object.__setattr__(self, name, _unique_ids(name, getattr(self, name)))
        if not self.dimensions or OVERALL in self.dimensions:
            raise ValueError(f"A matrix needs dimensions, none of them called {OVERALL!r}.")
        for name in ("rater", "stimulus", "levels", *_OPTIONAL):
            object.__setattr__(self, name, _locked_integers(name, getattr(self, name)))
        self._check_shapes()
        self._check_ranges()
        self._check_one_rating_each()
        self._check_one_rating_per_position()
        self._check_repeats()
        self._check_controls()

    @classmethod
    def from_labels(
        cls,
        raters: Sequence[str],
        stimuli: Sequence[str],
        levels: npt.ArrayLike,
        *,
        dimensions: Sequence[str],
        scale: Scale,
        rater_ids: Iterable[str] | None = None,
        stimulus_ids: Iterable[str] | None = None,
        position: npt.ArrayLike | None = None,
    ) -> Self:
        """Build a matrix from one rater id and one stimulus id per rating.

        Give `stimulus_ids` (or `rater_ids`) when some of them may have no rating yet.
        """
        rater_ids = tuple(sorted(set(raters)) if rater_ids is None else rater_ids)
        stimulus_ids = tuple(sorted(set(stimuli)) if stimulus_ids is None else stimulus_ids)
        return cls(
            rater=_indices("rater", raters, rater_ids),
            stimulus=_indices("stimulus", stimuli, stimulus_ids),
            levels=np.asarray(levels).reshape(len(raters), len(dimensions)),
            rater_ids=rater_ids,
            stimulus_ids=stimulus_ids,
            dimensions=tuple(dimensions),
            scale=scale,
            position=None if position is None else np.asarray(position),
        )

    @property
    def ratings(self) -> int:
        """Number of ratings."""
        return len(self.rater)

    @cached_property
    def ratings_by_rater(self) -> IntArray:
        """Number of stimuli each rater rated, shape (raters,)."""
        return np.bincount(self.rater, minlength=len(self.rater_ids))

    @cached_property
    def ratings_by_stimulus(self) -> IntArray:
        """Number of raters of each stimulus, shape (stimuli,)."""
        return np.bincount(self.stimulus, minlength=len(self.stimulus_ids))

    @cached_property
    def presentation_order(self) -> IntArray:
        """Row numbers sorted by rater, then position (if there are positions)."""
        if self.position is None:
            return np.argsort(self.rater, kind="stable")
        return np.lexsort((self.position, self.rater))

    def of_raters(self, rater_ids: Collection[str]) -> "RatingMatrix":
        """The ratings of some raters; every stimulus stays listed, rated or not."""
        chosen = set(rater_ids)
        if unknown := chosen.difference(self.rater_ids):
            raise ValueError(f"Unknown raters: {', '.join(sorted(unknown))}.")
        keep = np.array([rater_id in chosen for rater_id in self.rater_ids], dtype=np.bool_)
        rows = keep[self.rater]
        return replace(
            self,
            rater=(np.cumsum(keep) - 1)[self.rater[rows]],
            stimulus=self.stimulus[rows],
            levels=self.levels[rows],
            rater_ids=tuple(x for x in self.rater_ids if x in chosen),
            position=_some(self.position, rows),
            dwell_ms=_some(self.dwell_ms, rows),
            sitting=_some(self.sitting, rows),
            repeats=None if self.repeats is None else self.repeats.of_raters(keep),
            controls=None if self.controls is None else self.controls.of_raters(keep),
        )

    def canonical(self) -> "RatingMatrix":
        """The same ratings with ids sorted and rows sorted by rater, then stimulus."""
        if self._is_canonical():
            return self
        rater_place, stimulus_place = _places(self.rater_ids), _places(self.stimulus_ids)
        rater, stimulus = rater_place[self.rater], stimulus_place[self.stimulus]
        rows = np.argsort(rater * len(self.stimulus_ids) + stimulus)
        return replace(
            self,
            rater=rater[rows],
            stimulus=stimulus[rows],
            levels=self.levels[rows],
            rater_ids=tuple(sorted(self.rater_ids)),
            stimulus_ids=tuple(sorted(self.stimulus_ids)),
            position=_some(self.position, rows),
            dwell_ms=_some(self.dwell_ms, rows),
            sitting=_some(self.sitting, rows),
            repeats=self.repeats and self.repeats.canonical(rater_place, stimulus_place),
            controls=self.controls and self.controls.canonical(rater_place),
        )

    def fingerprint(self) -> str:
        """SHA-256 (64 hexadecimal digits) of the content, whatever the order of rows and ids.

        Covers ids, dimension keys in protocol order, scale, levels and, if present, positions,
        times, sittings, repeats and controls: a JSON header, a line feed, then the canonical rows
        as little-endian 64-bit integers.
        """
        matrix = self.canonical()
        header = json.dumps(
            {
                "format": FINGERPRINT_METHOD,
                "raters": matrix.rater_ids,
                "stimuli": matrix.stimulus_ids,
                "dimensions": matrix.dimensions,
                "scale": [float(self.scale.low), float(self.scale.step), int(self.scale.level_max)],
                "parts": [name for name in _ALL_PARTS if getattr(matrix, name) is not None],
            }
        )
        digest = hashlib.sha256(header.encode() + b"\n")
        for array in (matrix.rater, matrix.stimulus, matrix.levels):
            digest.update(array.astype("<i8").tobytes())
        for name in _ALL_PARTS:
            part = getattr(matrix, name)
            if part is not None:
                for array in (part,) if isinstance(part, np.ndarray) else vars(part).values():
                    digest.update(array.astype("<i8").tobytes())
        return digest.hexdigest()

    def _is_canonical(self) -> bool:
        if self.repeats is not None or self.controls is not None:
            return False
        pairs = self.rater * len(self.stimulus_ids) + self.stimulus
        ids_sorted = all(list(ids) == sorted(ids) for ids in (self.rater_ids, self.stimulus_ids))
        return ids_sorted and bool((np.diff(pairs) > 0).all())

    def _check_shapes(self) -> None:
        rows = (self.ratings,)
        if self.rater.shape != rows or self.stimulus.shape != rows:
            raise ValueError("Rater and stimulus indices must be two rows of equal length.")
        if self.levels.shape != (self.ratings, len(self.dimensions)):
            raise ValueError("Levels must have the shape (ratings, dimensions).")
        for name, what in _OPTIONAL.items():
            array = getattr(self, name)
            if array is not None and array.shape != rows:
                raise ValueError(f"{what} must be given for every rating, or for none.")

    def _check_ranges(self) -> None:
        _require_range("Rater index", self.rater, len(self.rater_ids) - 1)
        _require_range("Stimulus index", self.stimulus, len(self.stimulus_ids) - 1)
        _require_range("Level", self.levels, self.scale.level_max)

    def _check_one_rating_each(self) -> None:
        pairs = np.sort(self.rater * len(self.stimulus_ids) + self.stimulus)
        twice = np.flatnonzero(pairs[1:] == pairs[:-1])
        if twice.size:
            rater, stimulus = divmod(int(pairs[twice[0]]), len(self.stimulus_ids))
            raise ValueError(
                f"Rater {self.rater_ids[rater]} rated stimulus {self.stimulus_ids[stimulus]} more "
                "than once; keep one rating of each pair."
            )

    def _check_one_rating_per_position(self) -> None:
        if self.position is None:
            return
        order = self.presentation_order
        same_rater = np.diff(self.rater[order]) == 0
        if (same_rater & (np.diff(self.position[order]) == 0)).any():
            raise ValueError("Two ratings of a rater have the same position; number them through.")

    def _check_repeats(self) -> None:
        if self.repeats is None:
            return
        rows = len(self.repeats.rater)
        if self.repeats.stimulus.shape != (rows,):
            raise ValueError("Repeats need a rater and a stimulus each.")
        self._check_side_levels("repeat", rows, self.repeats.levels)
        _require_range("Rater index of a repeat", self.repeats.rater, len(self.rater_ids) - 1)
        _require_range(
            "Stimulus index of a repeat", self.repeats.stimulus, len(self.stimulus_ids) - 1
        )

    def _check_controls(self) -> None:
        if self.controls is None:
            return
        rows = len(self.controls.rater)
        if self.controls.kind.shape != (rows,):
            raise ValueError("Controls need a rater and a kind each.")
        if not self.controls.levels.shape == self.controls.low.shape == self.controls.high.shape:
            raise ValueError("Controls need a lowest and a highest level for each level.")
        self._check_side_levels("control", rows, self.controls.levels)
        _require_range("Rater index of a control", self.controls.rater, len(self.rater_ids) - 1)

    def _check_side_levels(self, what: str, rows: int, levels: IntArray) -> None:
        if levels.shape != (rows, len(self.dimensions)):
            raise ValueError(f"Each {what} needs one level for each dimension.")
        _require_range(f"Level of a {what}", levels, self.scale.level_max)


# What may be known of each rating, as sentences name it.
_OPTIONAL = {"position": "Positions", "dwell_ms": "Times", "sitting": "Sittings"}
_ALL_PARTS = (*_OPTIONAL, "repeats", "controls")


def _some(values: IntArray | None, rows: npt.NDArray[Any]) -> IntArray | None:
    return None if values is None else values[rows]


def _sorted_rows(*columns: IntArray) -> IntArray:
    """The order of rows that sorts by the first column, then by the next ones."""
    keys = [key for column in columns for key in np.atleast_2d(column.T)]
    return np.lexsort(keys[::-1])


def _unique_ids(name: str, ids: Iterable[str]) -> tuple[str, ...]:
    ids = tuple(ids)
    if len(set(ids)) < len(ids):
        raise ValueError(f"The {name} must be unique.")
    return ids


def _locked_integers(name: str, values: npt.ArrayLike | None) -> IntArray | None:
    if values is None:
        return None
    array = np.asarray(values)
    if array.size and array.dtype.kind not in "iu":
        raise ValueError(f"The {name} array must hold integers, not {array.dtype}.")
    locked = np.array(array, dtype=np.int64, order="C")
    locked.setflags(write=False)
    return locked


def _require_range(what: str, values: IntArray, highest: int) -> None:
    outside = (values < 0) | (values > highest)
    if outside.any():
        raise ValueError(f"{what} {values[outside][0]} lies outside 0..{highest}.")


def _indices(what: str, labels: Sequence[str], ids: tuple[str, ...]) -> IntArray:
    place = {label: index for index, label in enumerate(ids)}
    try:
        return np.array([place[label] for label in labels], dtype=np.int64)
    except KeyError as unknown:
        raise ValueError(f"Unknown {what} {unknown}.") from None


def _places(ids: tuple[str, ...]) -> IntArray:
    """Where each id stands once the ids are sorted."""
    order = sorted(range(len(ids)), key=ids.__getitem__)
    places = np.empty(len(ids), dtype=np.int64)
    places[order] = np.arange(len(ids))
    return places
