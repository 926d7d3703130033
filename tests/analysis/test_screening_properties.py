"""What no check may depend on: order and names, where on the scale, its unit, other dimensions."""

from collections.abc import Callable, Collection
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from app.analysis.matrix import ControlKind, ControlRatings, IntArray, RatingMatrix, Repeats, Scale
from app.analysis.screening import (
    BT500,
    BT1788,
    P913,
    VQEG,
    Agreement,
    AgreementRule,
    BT500OnZ,
    Check,
    Controls,
    Deviation,
    Pace,
    Status,
    Variation,
    Yardstick,
)

from .builders import ACR5, dense, shuffled

# Limits so low that a handful of ratings is judged, and ties abound.
CHECKS: tuple[Check, ...] = (
    BT500(min_stimuli=1),
    BT500(min_stimuli=1, deviation=Deviation.SAMPLE),
    BT500OnZ(min_stimuli=1),
    P913(min_stimuli=1),
    P913(min_stimuli=1, deviation=Deviation.SAMPLE),
    Agreement(min_stimuli=4, error_rate=0.4),
    Agreement(min_stimuli=4, rule=AgreementRule.MEAN_MINUS_SD),
    Variation(min_ratings=3, min_run=3, max_run_chance=0.5),
    Controls(min_gold=1, min_repeats=1, min_repeats_of_others=1, max_retest_chance=0.5),
    Pace(min_ratings=1),
    VQEG(min_stimuli=2),
    BT1788(min_stimuli=2),
    BT1788(min_stimuli=2, yardstick=Yardstick.OTHERS),
)
EVERY_CHECK = pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
# Numbers that say where on the scale a rater is.
POSITIONS = {"bias", "mean"}
# Numbers in scores.
IN_SCORES = {"bias", "mean", "sd", "repeat_distance", "others_repeat_distance"}

Found = dict[tuple[str, str], tuple[Status, dict[str, float | None]]]


@st.composite
def matrices(draw: st.DrawFn, highest: int = 4) -> RatingMatrix:
    """A few raters of a few stimuli in two dimensions, with gaps, times, controls and repeats."""
    raters, stimuli = draw(st.integers(1, 6)), draw(st.integers(1, 10))
    levels = draw(arrays.arrays(np.int64, (raters, stimuli, 2), elements=st.integers(0, highest)))
    gaps = draw(arrays.arrays(np.bool_, (raters, stimuli)))
    if draw(st.booleans()):
        levels = np.where(gaps[:, :, None], -1, levels)
    luck = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return with_everything(dense(levels), luck, highest)


def with_everything(matrix: RatingMatrix, luck: np.random.Generator, highest: int) -> RatingMatrix:
    """Positions, times, and a repeat or a control for about half of the ratings."""
    again, known = (np.flatnonzero(luck.random(matrix.ratings) < 0.5) for _ in range(2))
    low = luck.integers(0, highest, (len(known), 2), endpoint=True)
    return replace(
        matrix,
        position=luck.permutation(matrix.ratings),
        dwell_ms=luck.integers(-1, 2000, matrix.ratings),
        repeats=Repeats(
            matrix.rater[again],
            matrix.stimulus[again],
            luck.integers(0, highest, (len(again), 2), endpoint=True),
        ),
        controls=ControlRatings(
            rater=matrix.rater[known],
            kind=luck.choice([ControlKind.GOLD, ControlKind.TRAP], len(known)),
            levels=matrix.levels[known],
            low=low,
            high=np.minimum(low + luck.integers(0, 2, low.shape), highest),
        ),
    )


def found_by(check: Check, matrix: RatingMatrix) -> Found:
    """Status and numbers by rater and dimension."""
    return {
        (item.rater_id, item.dimension): (item.status, dict(item.numbers))
        for item in check.evidence(matrix)
    }


def assert_alike(
    found: Found, expected: Found, *, apart_from: Collection[str] = (), scale: float = 1
) -> None:
    """The same raters, verdicts and numbers; numbers in scores larger by a factor."""
    assert found.keys() == expected.keys()
    for key, (status, numbers) in found.items():
        then_status, then = expected[key]
        assert status is then_status, (key, numbers, then)
        for name in then.keys() - set(apart_from):
            assert numbers[name] == pytest.approx(_times(then[name], name, scale), abs=1e-9)


def _times(number: float | None, name: str, scale: float) -> float | None:
    return number if number is None or name not in IN_SCORES else scale * number


def with_levels(
    matrix: RatingMatrix, change: Callable[[IntArray], IntArray], *, scale: Scale = ACR5
) -> RatingMatrix:
    """All levels given and expected, changed alike; a change may turn the scale round."""
    repeats, controls = matrix.repeats, matrix.controls
    assert repeats is not None
    assert controls is not None
    ends = change(controls.low), change(controls.high)
    return replace(
        matrix,
        levels=change(matrix.levels),
        scale=scale,
        repeats=replace(repeats, levels=change(repeats.levels)),
        controls=replace(
            controls, levels=change(controls.levels), low=np.minimum(*ends), high=np.maximum(*ends)
        ),
    )


def of_dimension(matrix: RatingMatrix, d: int) -> RatingMatrix:
    """The same acts of rating in one dimension only."""
    repeats, controls = matrix.repeats, matrix.controls
    assert repeats is not None
    assert controls is not None
    one = slice(d, d + 1)
    return replace(
        matrix,
        levels=matrix.levels[:, one],
        dimensions=matrix.dimensions[one],
        repeats=replace(repeats, levels=repeats.levels[:, one]),
        controls=replace(
            controls,
            levels=controls.levels[:, one],
            low=controls.low[:, one],
            high=controls.high[:, one],
        ),
    )


@EVERY_CHECK
@given(matrix=matrices(), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)
def test_order_changes_nothing(check: Check, matrix: RatingMatrix, seed: int) -> None:
    assert_alike(found_by(check, shuffled(matrix, seed)), found_by(check, matrix))


@EVERY_CHECK
@given(matrix=matrices(), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)
def test_names_change_nothing(check: Check, matrix: RatingMatrix, seed: int) -> None:
    luck = np.random.default_rng(seed)
    names = [f"name{i}" for i in luck.permutation(len(matrix.rater_ids))]
    pictures = tuple(f"picture{j}" for j in luck.permutation(len(matrix.stimulus_ids)))
    # Put in the order of the new names, as every analysis is.
    renamed = replace(matrix, rater_ids=tuple(names), stimulus_ids=pictures).canonical()
    expected = {
        (names[matrix.rater_ids.index(rater_id)], dimension): what
        for (rater_id, dimension), what in found_by(check, matrix).items()
    }
    assert_alike(found_by(check, renamed), expected)


@EVERY_CHECK
@given(matrix=matrices(highest=2), up=st.integers(1, 2))
@settings(max_examples=15, deadline=None)
def test_it_does_not_matter_where_on_the_scale_the_panel_is(
    check: Check, matrix: RatingMatrix, up: int
) -> None:
    higher = with_levels(matrix, lambda levels: levels + up)
    assert_alike(found_by(check, higher), found_by(check, matrix), apart_from=POSITIONS)


@EVERY_CHECK
@given(matrix=matrices())
@settings(max_examples=15, deadline=None)
def test_a_scale_read_from_the_other_end_gives_the_same_verdicts(
    check: Check, matrix: RatingMatrix
) -> None:
    turned = with_levels(matrix, lambda levels: 4 - levels)
    sides = {"above", "below"}
    found, expected = found_by(check, turned), found_by(check, matrix)
    assert_alike(found, expected, apart_from=POSITIONS | sides)
    for key, (_, numbers) in found.items():
        if sides <= numbers.keys():
            assert numbers["above"] == expected[key][1]["below"]


@EVERY_CHECK
@given(matrix=matrices(), factor=st.integers(2, 7))
@settings(max_examples=15, deadline=None)
def test_the_unit_of_the_scale_does_not_matter(
    check: Check, matrix: RatingMatrix, factor: int
) -> None:
    wide = Scale(low=1, step=1, level_max=4 * factor)
    wider = with_levels(matrix, lambda levels: factor * levels, scale=wide)
    found, expected = found_by(check, wider), found_by(check, matrix)
    assert_alike(found, expected, apart_from=POSITIONS, scale=factor)


@EVERY_CHECK
@given(matrix=matrices(), d=st.integers(0, 1))
@settings(max_examples=15, deadline=None)
def test_one_dimension_says_nothing_of_another(check: Check, matrix: RatingMatrix, d: int) -> None:
    both, dimension = found_by(check, matrix), matrix.dimensions[d]
    alone = found_by(check, of_dimension(matrix, d))
    expected = {key: what for key, what in both.items() if key[1] in (dimension, "overall")}
    assert_alike(alone, expected)


# Where everybody else is the yardstick, the own twin is one of them.
SAME_AMONG_TWINS = [
    BT500(min_stimuli=1),
    BT500OnZ(min_stimuli=1),
    P913(min_stimuli=1),
    Variation(min_ratings=3, min_run=3, max_run_chance=0.5),
    Pace(min_ratings=1),
    VQEG(min_stimuli=2),
]


@pytest.mark.parametrize("check", SAME_AMONG_TWINS, ids=lambda check: check.name)
@given(
    levels=arrays.arrays(np.int64, (5, 8), elements=st.integers(0, 4)),
    gaps=arrays.arrays(np.bool_, (5, 8)),
)
@settings(max_examples=15, deadline=None)
def test_a_panel_of_twins_is_judged_like_the_panel(
    check: Check, levels: IntArray, gaps: IntArray
) -> None:
    # One stimulus that only one rater saw would be shared by the twins.
    seen = np.where(gaps & ((~gaps).sum(axis=0) >= 3), -1, levels)
    once, twice = found_by(check, dense(seen)), found_by(check, dense(np.vstack([seen, seen])))
    for i in range(5):
        mine, twins = (
            {key[1]: what for key, what in found.items() if key[0] == f"r{k:03d}"}
            for found, k in ((once, i), (twice, i + 5))
        )
        assert_alike({("", d): x for d, x in twins.items()}, {("", d): x for d, x in mine.items()})


@pytest.mark.parametrize("check", SAME_AMONG_TWINS[:3], ids=lambda check: check.name)
@given(levels=arrays.arrays(np.int64, (6, 12), elements=st.integers(0, 4)))
@settings(max_examples=15, deadline=None)
def test_the_same_pictures_twice_change_no_share(check: Check, levels: IntArray) -> None:
    once, twice = (found_by(check, dense(table)) for table in (levels, np.hstack([levels] * 2)))
    counts = {"above", "below", "rated", "sd"}
    assert_alike(twice, once, apart_from=counts)


@pytest.mark.parametrize(
    "check", [c for c in CHECKS if c.name not in ("pace", "controls")], ids=lambda check: check.name
)
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)
def test_a_rater_without_ratings_and_a_stimulus_nobody_rated_change_nothing(
    check: Check, seed: int
) -> None:
    table = np.random.default_rng(seed).integers(-1, 5, (6, 12))
    more = np.full((7, 13), -1)
    more[:6, :12] = table
    found = found_by(check, dense(more))
    without = {key: what for key, what in found.items() if key[0] != "r006"}
    assert_alike(without, found_by(check, dense(table)))
    assert all(what[0] is Status.NOT_APPLICABLE for key, what in found.items() if key[0] == "r006")
