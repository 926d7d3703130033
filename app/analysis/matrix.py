"""The ratings of one study as integer levels in long form, and their fingerprint.

One type serves dense and sparse designs.  Scores come from first ratings alone, one for each pair
of rater and stimulus; repeats and controls stand beside them, for the checks that read them.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from app.analysis.arrays import (
    BoolArray,
    FloatArray,
    IntArray,
    lock,
    locked_integers,
    order_of_keys,
    require_range,
    rows_of,
)
from app.analysis.fingerprint import digest
from app.analysis.grouping import Grouping
from app.analysis.level_sums import LevelSums
from app.analysis.scale import Scale
from app.analysis.side_ratings import ControlKind, ControlRatings, Repeats

__all__ = [
    "FINGERPRINT_METHOD",
    "OVERALL",
    "BoolArray",
    "ControlKind",
    "ControlRatings",
    "FloatArray",
    "IntArray",
    "RatingMatrix",
    "Repeats",
    "Scale",
]

OVERALL = "overall"
"""Name of the weighted mean over dimensions; no dimension may bear it."""

FINGERPRINT_METHOD = "ratings@4"


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
    controls : ControlRatings or None
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
    controls: ControlRatings | None = None

    def __post_init__(self) -> None:
        for name in ("rater_ids", "stimulus_ids", "dimensions"):
            object.__setattr__(self, name, _unique_ids(name, getattr(self, name)))
        if not self.dimensions or OVERALL in self.dimensions:
            raise ValueError(f"A matrix needs dimensions, none of them called {OVERALL!r}.")
        for name in (*_ALWAYS, *_OPTIONAL):
            given = getattr(self, name)
            if given is not None:
                object.__setattr__(self, name, locked_integers(name, given))
        self._check_shapes()
        self._check_ranges()
        self._check_one_rating_each()
        self._check_one_rating_per_position()
        self._check_side_ratings()

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
    def by_rater(self) -> Grouping:
        """The ratings grouped by rater."""
        return Grouping(self.rater, len(self.rater_ids))

    @cached_property
    def by_stimulus(self) -> Grouping:
        """The ratings grouped by stimulus."""
        return Grouping(self.stimulus, len(self.stimulus_ids))

    @property
    def ratings_by_rater(self) -> IntArray:
        """Number of stimuli each rater rated, shape (raters,)."""
        return self.by_rater.n

    @property
    def ratings_by_stimulus(self) -> IntArray:
        """Number of raters of each stimulus, shape (stimuli,)."""
        return self.by_stimulus.n

    @cached_property
    def level_sums(self) -> LevelSums:
        """Exact sums of the levels of each stimulus."""
        return LevelSums.of(self.levels, self.by_stimulus, self.scale.level_max)

    @cached_property
    def presentation_order(self) -> IntArray:
        """Row numbers sorted by rater, then position (if there are positions)."""
        if self.position is None:
            return np.argsort(self.rater, kind="stable")
        if self.ratings == 0:
            return np.empty(0, dtype=np.int64)
        first, last = int(self.position.min()), int(self.position.max())
        places = (last - first + 1) * len(self.rater_ids)
        if places >= _LARGEST_KEY:
            return np.lexsort((self.position, self.rater))
        return order_of_keys(self.rater * (last - first + 1) + (self.position - first), places)

    def of_raters(self, rater_ids: Collection[str]) -> "RatingMatrix":
        """The ratings of some raters; every stimulus stays listed, rated or not."""
        chosen = set(rater_ids)
        if unknown := chosen.difference(self.rater_ids):
            raise ValueError(f"Unknown raters: {', '.join(sorted(unknown))}.")
        if len(chosen) == len(self.rater_ids):
            return self
        keep = np.array([rater_id in chosen for rater_id in self.rater_ids], dtype=np.bool_)
        rows, place = np.flatnonzero(keep[self.rater]), np.cumsum(keep) - 1
        return self._with_rows(
            rows,
            rater=lock(place[self.rater[rows]]),
            stimulus=rows_of(self.stimulus, rows),
            rater_ids=tuple(x for x in self.rater_ids if x in chosen),
            repeats=self.repeats and self.repeats.of_raters(keep, place),
            controls=self.controls and self.controls.of_raters(keep, place),
        )

    def canonical(self) -> "RatingMatrix":
        """The same ratings with ids sorted and rows sorted by rater, then stimulus."""
        if self._is_canonical:
            return self
        rater_place, stimulus_place = _places(self.rater_ids), _places(self.stimulus_ids)
        rater, stimulus = rater_place[self.rater], stimulus_place[self.stimulus]
        pairs = rater * len(self.stimulus_ids) + stimulus
        rows = order_of_keys(pairs, len(self.rater_ids) * len(self.stimulus_ids))
        return self._with_rows(
            rows,
            rater=rows_of(rater, rows),
            stimulus=rows_of(stimulus, rows),
            rater_ids=tuple(sorted(self.rater_ids)),
            stimulus_ids=tuple(sorted(self.stimulus_ids)),
            repeats=self.repeats and self.repeats.canonical(rater_place, stimulus_place),
            controls=self.controls and self.controls.canonical(rater_place),
        )

    def fingerprint(self) -> str:
        """SHA-256 (64 hexadecimal digits) of the content, whatever the order of rows and ids.

        Covers ids, dimension keys in protocol order, scale, levels and, if present, positions,
        times, sittings, repeats and controls, in canonical order; `fingerprint.digest` says how.
        """
        matrix = self.canonical()
        columns = {name: getattr(matrix, name) for name in (*_ALWAYS, *_OPTIONAL)}
        for table in ("repeats", "controls"):
            side = getattr(matrix, table)
            columns |= {} if side is None else {f"{table}.{k}": v for k, v in vars(side).items()}
        header = {
            "format": FINGERPRINT_METHOD,
            "raters": matrix.rater_ids,
            "stimuli": matrix.stimulus_ids,
            "dimensions": matrix.dimensions,
            "scale": [float(self.scale.low), float(self.scale.step), int(self.scale.level_max)],
        }
        return digest(header, {k: array for k, array in columns.items() if array is not None})

    @cached_property
    def _is_sorted(self) -> bool:
        """Whether rows are sorted by rater, then stimulus, and no pair occurs twice."""
        (rater, rater_after), (stimulus, stimulus_after) = (
            (index[:-1], index[1:]) for index in (self.rater, self.stimulus)
        )
        is_next = (rater_after == rater) & (stimulus_after > stimulus)
        return bool((is_next | (rater_after > rater)).all())

    @cached_property
    def _is_canonical(self) -> bool:
        return (
            self._is_sorted
            and all(list(ids) == sorted(ids) for ids in (self.rater_ids, self.stimulus_ids))
            and (self.repeats is None or self.repeats.is_canonical)
            and (self.controls is None or self.controls.is_canonical)
        )

    def _with_rows(self, rows: IntArray, **changes: Any) -> "RatingMatrix":
        """Some of these ratings, or all in another order: what held before needs no new check."""
        for name in ("levels", *_OPTIONAL):
            array = getattr(self, name)
            changes[name] = None if array is None else rows_of(array, rows)
        part = object.__new__(RatingMatrix)
        for field in fields(self):
            value = changes.get(field.name, getattr(self, field.name))
            object.__setattr__(part, field.name, value)
        return part

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
        require_range("Rater index", self.rater, len(self.rater_ids) - 1)
        require_range("Stimulus index", self.stimulus, len(self.stimulus_ids) - 1)
        require_range("Level", self.levels, self.scale.level_max)

    def _check_one_rating_each(self) -> None:
        if self._is_sorted:
            return
        raters, stimuli = len(self.rater_ids), len(self.stimulus_ids)
        pairs = self.rater * stimuli + self.stimulus
        pairs = pairs[order_of_keys(pairs, raters * stimuli)]
        twice = np.flatnonzero(pairs[1:] == pairs[:-1])
        if twice.size:
            rater, stimulus = divmod(int(pairs[twice[0]]), stimuli)
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

    def _check_side_ratings(self) -> None:
        raters, stimuli = len(self.rater_ids), len(self.stimulus_ids)
        dimensions, level_max = len(self.dimensions), self.scale.level_max
        if self.repeats is not None:
            self.repeats.check(
                raters=raters, stimuli=stimuli, dimensions=dimensions, level_max=level_max
            )
        if self.controls is not None:
            self.controls.check(raters=raters, dimensions=dimensions, level_max=level_max)


_ALWAYS = ("rater", "stimulus", "levels")
# What may be known of each rating, as sentences name it.
_OPTIONAL = {"position": "Positions", "dwell_ms": "Times", "sitting": "Sittings"}

# Keys beyond this would not fit 64 bits.
_LARGEST_KEY = 2**62


def _unique_ids(name: str, ids: Iterable[str]) -> tuple[str, ...]:
    ids = tuple(ids)
    if len(set(ids)) < len(ids):
        raise ValueError(f"The {name} must be unique.")
    return ids


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
