"""Who takes part in a simulation: honest raters with habits of their own, and planted others.

Pure: the same plan and seed give the same panel.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from app.analysis.matrix import FloatArray, IntArray, Scale
from app.analysis.simulation import RaterKind, SimulatedRater, simulated_levels
from app.errors import InvalidInput

MOST_RATERS = 1000

# As shares of the scale's range: on a scale from 0 to 5 biases spread by 0.35, and an honest
# rater repeats a score to about 0.6, which is what panels rating generated images show.
BIAS_SD = 0.07
INCONSISTENCY = 0.12
INCONSISTENCY_SPREAD = 0.25  # standard deviation of its logarithm, from rater to rater

# How long a rater of each kind looks; who does not look is quick.
MEDIAN_DWELL_MS = {
    RaterKind.HONEST: 4500,
    RaterKind.REVERSED: 4500,
    RaterKind.TWO_LEVEL: 3000,
    RaterKind.HALF_RANDOM: 2500,
    RaterKind.SHUFFLED: 2500,
    RaterKind.SHIFTED: 4500,
    RaterKind.RANDOM: 1100,
    RaterKind.CONSTANT: 700,
}
DWELL_SPREAD = 0.35  # standard deviation of its logarithm, from rating to rating

# Independent streams of random numbers: one use of luck never shifts another.
_STREAMS = {name: place for place, name in enumerate(("kinds", "habits", "opinions", "dwell"))}


@dataclass(frozen=True)
class PanelPlan:
    """How many raters, how many of each planted kind, and how likely each is to drop out."""

    raters: int
    planted: Mapping[RaterKind, int] = field(default_factory=dict)
    drop_out: float = 0.0
    seed: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.raters <= MOST_RATERS:
            raise InvalidInput(f"Between 1 and {MOST_RATERS:,} raters can be simulated at once.")
        if min(self.planted.values(), default=0) < 0 or sum(self.planted.values()) > self.raters:
            raise InvalidInput("The planted raters are part of all raters; they cannot be more.")
        if self.seed < 0:
            raise InvalidInput("The seed is a whole number from 0.")
        if not 0 <= self.drop_out <= 1:
            raise InvalidInput("The share of raters who drop out lies between 0 and 1.")


@dataclass(frozen=True)
class PanelMember:
    """One simulated rater; ``stays_for`` is the rating after which they leave without a word."""

    number: int
    habits: SimulatedRater
    stays_for: int | None = None

    @property
    def kind(self) -> RaterKind:
        """How this rater answers."""
        return self.habits.kind


def draw_panel(plan: PanelPlan, scale: Scale, *, sitting_length: int) -> list[PanelMember]:
    """The members of a panel, numbered from 1; planted ones sit anywhere among the others."""
    members = []
    for number, kind in enumerate(_kinds(plan), start=1):
        luck = _stream(plan.seed, "habits", number)
        bias, inconsistency, leaving = luck.normal(), luck.normal(), luck.random()
        length = int(luck.integers(1, sitting_length, endpoint=True))
        habits = SimulatedRater(
            kind,
            bias=float(bias * BIAS_SD * _range(scale)),
            inconsistency=float(
                INCONSISTENCY * _range(scale) * np.exp(INCONSISTENCY_SPREAD * inconsistency)
            ),
        )
        members.append(PanelMember(number, habits, length if leaving < plan.drop_out else None))
    return members


def draw_opinions(
    member: PanelMember, true_scores: FloatArray, scale: Scale, *, seed: int
) -> IntArray:
    """What this rater thinks of every stimulus: levels, shape (stimuli, dimensions)."""
    luck = _stream(seed, "opinions", member.number)
    return simulated_levels(true_scores, member.habits, scale, luck)


def draw_dwell_ms(member: PanelMember, count: int, *, seed: int) -> IntArray:
    """How long this rater would look at so many pictures, one after the other, in ms."""
    luck = _stream(seed, "dwell", member.number)
    drawn = MEDIAN_DWELL_MS[member.kind] * np.exp(DWELL_SPREAD * luck.standard_normal(count))
    dwell_ms: IntArray = np.rint(drawn).astype(np.int64)
    return dwell_ms


def _kinds(plan: PanelPlan) -> list[RaterKind]:
    kinds = [kind for kind, count in plan.planted.items() for _ in range(count)]
    kinds += [RaterKind.HONEST] * (plan.raters - len(kinds))
    order = _stream(plan.seed, "kinds").permutation(len(kinds))
    return [kinds[place] for place in order]


def _stream(seed: int, purpose: str, number: int = 0) -> np.random.Generator:
    return np.random.default_rng([seed, _STREAMS[purpose], number])


def _range(scale: Scale) -> float:
    return scale.high - scale.low
