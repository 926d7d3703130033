"""A plan before there is a study: raters, ratings, time and cost from assumed numbers."""

import math
from dataclasses import dataclass

from app.analysis import planning
from app.analysis.matrix import Scale
from app.analysis.planning import PRESETS, Question, Work
from app.errors import InvalidInput
from app.results.planning.study import Goals


@dataclass(frozen=True)
class PlannedQuestion:
    """What one kind of question needs; None where its number was not given.

    ``work``: for all pictures, up to the larger number of raters; None unless the number of
    pictures and the seconds per rating are given.
    """

    label: str
    a: float | None
    single: float | None
    raters_for_half_width: int | None
    raters_for_reliability: int | None
    ratings: int | None
    work: Work | None

    @property
    def raters(self) -> int:
        """Raters of each picture for all goals."""
        return max(self.raters_for_half_width or 0, self.raters_for_reliability or 0)


@dataclass(frozen=True)
class Plan:
    """Raters needed for the goals, for one or more kinds of question."""

    goals: Goals
    half_width: float
    low: float
    high: float
    mos: float
    stimuli: int | None
    questions: tuple[PlannedQuestion, ...]
    advice: tuple[str, ...] = planning.ADVICE
    methods: tuple[str, ...] = planning.METHODS


def plan_ahead(
    goals: Goals,
    *,
    low: float = 1,
    high: float = 5,
    mos: float | None = None,
    question: Question | None = None,
    a: float | None = None,
    single: float | None = None,
    stimuli: int | None = None,
) -> Plan:
    """A plan from a kind of question, from numbers of one's own, or for all kinds of question.

    Raises InvalidInput with the reason if the numbers make no sense or the goals are out of
    reach.
    """
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise InvalidInput("A scale needs a lowest score below its highest.")
    if stimuli is not None and stimuli < 1:
        raise InvalidInput("There must be at least one picture.")
    scale = Scale(low=low, step=high - low, level_max=1)
    half_width = (high - low) / 8 if goals.half_width is None else goals.half_width
    try:
        questions = tuple(
            _planned(label, own_a, own_single, goals, half_width, scale, mos, stimuli)
            for label, own_a, own_single in _numbers(question, a, single)
        )
    except ValueError as refusal:
        raise InvalidInput(str(refusal)) from None
    middle = (low + high) / 2 if mos is None else mos
    return Plan(goals, half_width, low, high, middle, stimuli, questions)


def _numbers(
    question: Question | None, a: float | None, single: float | None
) -> list[tuple[str, float | None, float | None]]:
    """Label, SOS parameter and reliability of one rater of every row of the plan."""
    if question is not None:
        preset = PRESETS[question]
        given_a = preset.a if a is None else a
        return [(preset.label, given_a, preset.single if single is None else single)]
    if a is not None or single is not None:
        return [("As given", a, single)]
    return [(preset.label, preset.a, preset.single) for preset in PRESETS.values()]


def _planned(
    label: str,
    a: float | None,
    single: float | None,
    goals: Goals,
    half_width: float,
    scale: Scale,
    mos: float | None,
    stimuli: int | None,
) -> PlannedQuestion:
    for_width = for_reliability = None
    if a is not None:
        for_width = planning.raters_for_half_width(
            half_width, a=a, scale=scale, mos=mos, level=goals.level, interval=goals.interval
        )
    if single is not None:
        for_reliability = planning.raters_for_reliability(goals.reliability, single=single)
    raters = max(for_width or 0, for_reliability or 0)
    ratings = None if stimuli is None else raters * stimuli
    work = None
    if ratings is not None and goals.seconds_each is not None:
        work = planning.work_left(
            ratings,
            seconds_each=goals.seconds_each,
            pay_per_hour=goals.pay_per_hour,
            overhead=goals.overhead,
        )
    return PlannedQuestion(label, a, single, for_width, for_reliability, ratings, work)
