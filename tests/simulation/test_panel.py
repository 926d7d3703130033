"""Who takes part: as many of each kind as planned, the same ones for the same seed."""

from collections import Counter

import numpy as np
import pytest

from app.analysis.matrix import Scale
from app.analysis.simulation import RaterKind, SimulatedRater
from app.errors import InvalidInput
from app.simulation.panel import (
    MEDIAN_DWELL_MS,
    PanelMember,
    PanelPlan,
    draw_dwell_ms,
    draw_opinions,
    draw_panel,
)

SCALE = Scale(low=0, step=0.1, level_max=50)
ACR5 = Scale(low=1, step=1, level_max=4)


def test_a_panel_has_as_many_of_each_kind_as_planned() -> None:
    plan = PanelPlan(20, {RaterKind.RANDOM: 2, RaterKind.REVERSED: 3})
    members = draw_panel(plan, SCALE, sitting_length=10)
    assert [member.number for member in members] == list(range(1, 21))
    kinds = Counter(member.kind for member in members)
    assert kinds == {RaterKind.HONEST: 15, RaterKind.REVERSED: 3, RaterKind.RANDOM: 2}


def test_the_same_seed_draws_the_same_panel() -> None:
    def draw(seed: int) -> list[PanelMember]:
        plan = PanelPlan(12, {RaterKind.CONSTANT: 2}, drop_out=0.5, seed=seed)
        return draw_panel(plan, SCALE, sitting_length=40)

    assert draw(3) == draw(3) != draw(4)


def test_habits_follow_the_range_of_the_scale() -> None:
    plan = PanelPlan(400)
    wide = draw_panel(plan, SCALE, sitting_length=10)
    narrow = draw_panel(plan, ACR5, sitting_length=10)
    assert np.std([member.habits.bias for member in wide]) == pytest.approx(0.35, rel=0.1)
    assert np.median([m.habits.inconsistency for m in wide]) == pytest.approx(0.6, rel=0.1)
    assert narrow[0].habits.bias == pytest.approx(wide[0].habits.bias * 4 / 5)


@pytest.mark.parametrize(("share", "expected"), [(0.0, 0), (0.25, 100), (1.0, 400)])
def test_drop_outs_leave_within_their_first_sitting(share: float, expected: int) -> None:
    members = draw_panel(PanelPlan(400, drop_out=share), SCALE, sitting_length=30)
    leaving = [m.stays_for for m in members if m.stays_for is not None]
    assert len(leaving) == pytest.approx(expected, abs=25)
    assert all(1 <= after <= 30 for after in leaving)


@pytest.mark.parametrize(
    ("raters", "planted", "drop_out", "seed"),
    [
        (0, {}, 0, 1),
        (1001, {}, 0, 1),
        (2, {RaterKind.RANDOM: 3}, 0, 1),
        (2, {RaterKind.RANDOM: -1}, 0, 1),
        (2, {}, 1.5, 1),
        (2, {}, float("nan"), 1),
        (2, {}, 0, -1),
    ],
)
def test_an_impossible_panel_is_refused(
    raters: int, planted: dict[RaterKind, int], drop_out: float, seed: int
) -> None:
    with pytest.raises(InvalidInput):
        PanelPlan(raters, planted, drop_out=drop_out, seed=seed)


def test_opinions_stay_the_same_when_pictures_are_added() -> None:
    member = PanelMember(7, SimulatedRater())
    truth = np.full((5, 2), 2.5)
    few, more = (draw_opinions(member, truth[:n], SCALE, seed=1) for n in (3, 5))
    assert few.tolist() == more[:3].tolist()


def test_raters_of_one_panel_differ_in_opinion() -> None:
    truth = np.full((20, 2), 2.5)
    one, other = (
        draw_opinions(PanelMember(number, SimulatedRater()), truth, SCALE, seed=1)
        for number in (1, 2)
    )
    assert one.tolist() != other.tolist()


@pytest.mark.parametrize("kind", list(RaterKind))
def test_who_does_not_look_is_quick(kind: RaterKind) -> None:
    times = draw_dwell_ms(PanelMember(1, SimulatedRater(kind)), 2000, seed=1)
    assert np.median(times) == pytest.approx(MEDIAN_DWELL_MS[kind], rel=0.05)
    assert times.min() > 0


@pytest.mark.parametrize("kind", list(RaterKind))
def test_every_kind_of_rater_has_opinions_on_the_scale(kind: RaterKind) -> None:
    truth = np.linspace(0.5, 4.5, 40).reshape(20, 2)
    (member,) = draw_panel(PanelPlan(1, {kind: 1}), SCALE, sitting_length=10)
    opinions = draw_opinions(member, truth, SCALE, seed=1)
    assert member.kind is kind
    assert opinions.shape == truth.shape
    assert 0 <= opinions.min() <= opinions.max() <= SCALE.level_max
