"""What a study still needs: raters for a goal, intervals so far, time and money left."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import numpy as np
from pydantic import Field, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from app.analysis import planning
from app.analysis.matrix import OVERALL, FloatArray, Scale
from app.analysis.planning import PRESETS, PlannedInterval, Question, Work
from app.errors import InvalidInput, Problem
from app.results.planning.state import PictureState, picture_state, seconds_each
from app.results.ratings.loading import scale_of
from app.results.runs.configuration import Document
from app.results.runs.lookup import find_latest_run
from app.results.runs.summary import DimensionSummary, summary_of
from app.study.progress import StudyProgress, get_progress
from app.study.protocol import Protocol
from app.study.sentences import sentence_of
from app.study.studies import get_study, protocol_of


class Goals(Document):
    """What the study should reach, and what rating costs; what is absent is not asked for."""

    half_width: float | None = Field(default=None, gt=0, le=1000)
    """Half the width of an interval, in scores; an eighth of the scale if absent."""
    reliability: float = Field(default=0.9, gt=0, lt=1)
    """Reliability of the MOS."""
    level: float = Field(default=0.95, gt=0.5, lt=1)
    """Confidence level of the intervals."""
    interval: PlannedInterval = PlannedInterval.STUDENT_T
    question: Question = Question.AI_QUALITY
    """Kind of question to assume numbers from where none are measured."""
    seconds_each: float | None = Field(default=None, gt=0, le=3600)
    """Seconds that one rating takes; measured if absent."""
    pay_per_hour: float | None = Field(default=None, ge=0, le=1e6)
    overhead: float = Field(default=0.0, ge=0, le=0.95)
    """Share of the paid time that is not rating."""


@dataclass(frozen=True)
class DimensionPlan:
    """What one dimension (or ``overall``) needs, and where it stands; None where not known.

    ``is_measured``: whether ``a`` and ``single`` come from the study's newest run.
    ``raters_for_half_width`` and ``raters_for_reliability``: None where the goal is out of reach;
    ``problem`` then says why.
    ``half_width_at_target`` and ``reliability_at_target``: with the protocol's target.
    ``half_width_now`` (median over the pictures), ``widest_now`` and ``share_narrow`` (pictures
    within the goal): expected from each picture's MOS and its usable ratings so far.
    """

    key: str
    label: str
    is_measured: bool
    a: float
    single: float
    raters_for_half_width: int | None
    raters_for_reliability: int | None
    half_width_at_target: float | None
    reliability_at_target: float
    half_width_now: float | None
    widest_now: float | None
    share_narrow: float
    problem: str | None


@dataclass(frozen=True)
class StudyPlan:
    """A study's planning.

    ``raters_needed``: of each picture, for both goals in all dimensions; None if out of reach.
    ``seconds_each``: None when neither given nor measured; ``is_pace_measured`` says which.
    ``to_target`` and ``to_goals``: what is left up to the protocol's target and to the goals.
    ``simulated_raters`` of the run that the measured numbers come from.
    """

    goals: Goals
    half_width: float
    run_id: int | None
    simulated_raters: int
    progress: StudyProgress
    dimensions: tuple[DimensionPlan, ...]
    raters_needed: int | None
    seconds_each: float | None
    is_pace_measured: bool
    missing_to_target: int
    missing_to_goals: int | None
    to_target: Work | None
    to_goals: Work | None
    advice: tuple[str, ...] = planning.ADVICE
    methods: tuple[str, ...] = planning.METHODS

    @property
    def is_measured(self) -> bool:
        """Whether the numbers of the dimensions that raters were asked about are the study's."""
        return all(d.is_measured for d in self.dimensions if d.key != OVERALL)


def parse_goals(document: Mapping[str, Any]) -> Goals:
    """The goals; raises InvalidInput with one problem per wrong field. Empty texts are absent."""
    given = {name: value for name, value in document.items() if value not in ("", None)}
    try:
        return Goals.model_validate(given)
    except ValidationError as error:
        problems = [
            Problem(".".join(map(str, entry["loc"])) or "goals", sentence_of(entry))
            for entry in error.errors()
        ]
        raise InvalidInput("This cannot be planned for.", problems=problems) from None


def question_labels() -> dict[str, str]:
    """The kinds of question to assume numbers from, by the names that goals take."""
    return {question.value: preset.label for question, preset in PRESETS.items()}


async def study_plan(
    session: AsyncSession, slug: str, now: datetime, *, goals: Goals | None = None
) -> StudyPlan:
    """What a study needs for its goals, and what is left; raises NotFound, InvalidInput.

    1. SOS parameter and reliability of one rater: from the newest run, else assumed from the
       kind of question.
    2. Raters for the goals; expected interval of each picture with the ratings it has now.
    3. Missing ratings, and their time and cost at the pace of the people who rate (programs set
       the pace only where nobody else takes part).
    """
    goals = goals or Goals()
    study = await get_study(session, slug=slug)
    protocol = protocol_of(study)
    half_width = _half_width(goals, scale_of(protocol.scale))
    progress = await get_progress(session, slug=slug, now=now)
    run = await find_latest_run(session, study_id=study.id)
    summary = summary_of(run) if run else None
    state = await picture_state(session, study_id=study.id, run_id=run.id if run else None)
    dimensions = tuple(
        _dimension(key, label, measured, goals, half_width, protocol, state)
        for key, label, measured in _columns(protocol, summary.dimensions if summary else ())
    )
    pace = await seconds_each(session, study_id=study.id, by_programs=not progress.people)
    seconds = goals.seconds_each or pace
    needed = _raters_needed(dimensions)
    to_target = progress.ratings_wanted - progress.ratings_towards_target
    to_goals = None if needed is None else int(np.maximum(needed - state.usable, 0).sum())
    return StudyPlan(
        goals=goals,
        half_width=half_width,
        run_id=run.id if run else None,
        simulated_raters=summary.simulated_raters if summary else 0,
        progress=progress,
        dimensions=dimensions,
        raters_needed=needed,
        seconds_each=seconds,
        is_pace_measured=goals.seconds_each is None and pace is not None,
        missing_to_target=to_target,
        missing_to_goals=to_goals,
        to_target=_work(to_target, seconds, goals),
        to_goals=_work(to_goals, seconds, goals),
    )


def _half_width(goals: Goals, scale: Scale) -> float:
    if goals.half_width is None:
        return (scale.high - scale.low) / 8
    if goals.half_width > (scale.high - scale.low) / 2:
        sentence = f"At most {(scale.high - scale.low) / 2:g}, half of this scale."
        raise InvalidInput(
            "This cannot be planned for.", problems=[Problem("half_width", sentence)]
        )
    return goals.half_width


def _columns(
    protocol: Protocol, measured: tuple[DimensionSummary, ...]
) -> list[tuple[str, str, DimensionSummary | None]]:
    """Dimensions of the protocol and overall, each with what a run measured, if it did."""
    by_key = {dimension.key: dimension for dimension in measured}
    columns = [(d.key, d.label) for d in protocol.dimensions] + [(OVERALL, "Overall")]
    return [(key, label, by_key.get(key)) for key, label in columns]


def _dimension(
    key: str,
    label: str,
    measured: DimensionSummary | None,
    goals: Goals,
    half_width: float,
    protocol: Protocol,
    state: PictureState,
) -> DimensionPlan:
    scale, target = scale_of(protocol.scale), protocol.target_ratings
    a, single, is_measured = _spread(measured, goals.question)
    width = partial(
        planning.expected_half_width, a=a, scale=scale, level=goals.level, interval=goals.interval
    )
    for_width, width_problem = _asked(
        lambda: planning.raters_for_half_width(
            half_width, a=a, scale=scale, level=goals.level, interval=goals.interval
        )
    )
    for_reliability, problem = _asked(
        lambda: planning.raters_for_reliability(goals.reliability, single=single)
    )
    now = width(state.usable, mos=_likely_mos(state, key, scale))
    known = now[~np.isnan(now)]
    at_target = float(width(target))
    return DimensionPlan(
        key=key,
        label=label,
        is_measured=is_measured,
        a=a,
        single=single,
        raters_for_half_width=for_width,
        raters_for_reliability=for_reliability,
        half_width_at_target=at_target if target >= 2 else None,
        reliability_at_target=planning.reliability_of_mean(target, single),
        half_width_now=float(np.median(known)) if known.size else None,
        widest_now=float(known.max()) if known.size else None,
        share_narrow=float((known <= half_width).sum() / now.size) if now.size else 0.0,
        problem=width_problem or problem,
    )


def _likely_mos(state: PictureState, key: str, scale: Scale) -> FloatArray:
    """Each picture's MOS so far, drawn to the middle of the scale by one rating's weight.

    A few ratings that are all at an end of the scale do not mean that the next ones will be.
    """
    middle = (scale.low + scale.high) / 2
    mos = state.mos_in(key, middle)
    likely: FloatArray = (state.usable * mos + middle) / (state.usable + 1)
    return np.clip(likely, scale.low, scale.high)


def _spread(measured: DimensionSummary | None, question: Question) -> tuple[float, float, bool]:
    """SOS parameter and reliability of one rater, and whether they are the study's own."""
    if measured is not None and measured.sos_a and measured.alpha is not None:
        # With ddof 1, a few raters who use the ends only can come out a little above 1.
        return min(measured.sos_a, 1.0), measured.alpha, True
    return PRESETS[question].a, PRESETS[question].single, False


def _asked(question: Callable[[], int]) -> tuple[int | None, str | None]:
    """An answer, or the sentence that says why there is none."""
    try:
        return question(), None
    except ValueError as refusal:
        return None, str(refusal)


def _raters_needed(dimensions: tuple[DimensionPlan, ...]) -> int | None:
    """Raters that reach both goals in every dimension asked about; overall is what follows."""
    asked = [d for d in dimensions if d.key != OVERALL]
    needed = [n for d in asked for n in (d.raters_for_half_width, d.raters_for_reliability)]
    known = [n for n in needed if n is not None]
    return max(known) if len(known) == len(needed) else None


def _work(ratings: int | None, seconds: float | None, goals: Goals) -> Work | None:
    if ratings is None or seconds is None:
        return None
    return planning.work_left(
        ratings,
        seconds_each=seconds,
        pay_per_hour=goals.pay_per_hour,
        overhead=goals.overhead,
    )
