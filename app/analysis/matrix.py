"""The ratings of one study as integer levels in long form, and their fingerprint."""

import hashlib
import json
import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

OVERALL = "overall"
"""Name of the weighted mean over dimensions; no dimension may bear it."""

FINGERPRINT_METHOD = "ratings@2"


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
        Time each rating took in ms, -1 where unknown. No check in this package reads it; it is
        here because the fingerprint covers all that an analysis may depend on.

    Arrays are copied and locked. The number of ratings may be zero.

    Raises
    ------
    ValueError
        Levels are not integers or lie off the scale; an index lies outside its ids; an id
        occurs twice; shapes disagree; a rater rated a stimulus, or holds a position, more than
        once.
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

    def __post_init__(self) -> None:
        for name in ("rater_ids", "stimulus_ids", "dimensions"):
            object.__setattr__(self, name, _unique_ids(name, getattr(self, name)))
        if not self.dimensions or OVERALL in self.dimensions:
            raise ValueError(f"A matrix needs dimensions, none of them called {OVERALL!r}.")
        for name in ("rater", "stimulus", "levels", "position", "dwell_ms"):
            object.__setattr__(self, name, _locked_integers(name, getattr(self, name)))
        self._check_shapes()
        self._check_ranges()
        self._check_one_rating_each()
        self._check_one_rating_per_position()

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
            position=None if self.position is None else self.position[rows],
            dwell_ms=None if self.dwell_ms is None else self.dwell_ms[rows],
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
            position=None if self.position is None else self.position[rows],
            dwell_ms=None if self.dwell_ms is None else self.dwell_ms[rows],
        )

    def fingerprint(self) -> str:
        """SHA-256 (64 hexadecimal digits) of the content, whatever the order of rows and ids.

        Covers ids, dimension keys in protocol order, scale, levels and, if present, positions and
        times: a JSON header, a line feed, then the canonical rows as little-endian 64-bit integers.
        """
        matrix = self.canonical()
        header = json.dumps(
            {
                "format": FINGERPRINT_METHOD,
                "raters": matrix.rater_ids,
                "stimuli": matrix.stimulus_ids,
                "dimensions": matrix.dimensions,
                "scale": [float(self.scale.low), float(self.scale.step), int(self.scale.level_max)],
                "positions": matrix.position is not None,
                "times": matrix.dwell_ms is not None,
            }
        )
        digest = hashlib.sha256(header.encode() + b"\n")
        arrays = (matrix.rater, matrix.stimulus, matrix.levels, matrix.position, matrix.dwell_ms)
        for array in arrays:
            if array is not None:
                digest.update(array.astype("<i8").tobytes())
        return digest.hexdigest()

    def _is_canonical(self) -> bool:
        pairs = self.rater * len(self.stimulus_ids) + self.stimulus
        ids_sorted = all(list(ids) == sorted(ids) for ids in (self.rater_ids, self.stimulus_ids))
        return ids_sorted and bool((np.diff(pairs) > 0).all())

    def _check_shapes(self) -> None:
        rows = (self.ratings,)
        if self.rater.shape != rows or self.stimulus.shape != rows:
            raise ValueError("Rater and stimulus indices must be two rows of equal length.")
        if self.levels.shape != (self.ratings, len(self.dimensions)):
            raise ValueError("Levels must have the shape (ratings, dimensions).")
        if self.position is not None and self.position.shape != rows:
            raise ValueError("Positions must be given for every rating, or for none.")
        if self.dwell_ms is not None and self.dwell_ms.shape != rows:
            raise ValueError("Times must be given for every rating, or for none.")

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
