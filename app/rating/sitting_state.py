"""The sitting's state machine: from what is known, what does this person see next?

Pure: facts, rules and the time in, one step out.  The browser holds no authority; every page is
drawn from the answer given here.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.database.tables.rating import RaterStatus, SittingState
from app.database.tables.study import StudyState
from app.study.protocol import SittingRules


class StepKind(StrEnum):
    """What a person sees."""

    CONSENT = "consent"
    INSTRUCTIONS = "instructions"
    RATE = "rate"
    REST = "rest"
    THANKS = "thanks"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True)
class SittingFacts:
    """The rater's newest sitting."""

    state: SittingState
    stretch_started_at: datetime
    break_started_at: datetime | None
    lease_expires_at: datetime
    open_training: int
    open_main: int


@dataclass(frozen=True)
class Facts:
    """Everything the decision depends on; ``status`` is None before consent."""

    study_state: StudyState
    status: RaterStatus | None
    sitting: SittingFacts | None


def next_step(facts: Facts, rules: SittingRules, *, now: datetime) -> StepKind:
    """The step that follows from the facts."""
    if facts.study_state is not StudyState.OPEN:
        return StepKind.UNAVAILABLE
    if facts.status is None:
        return StepKind.CONSENT
    if facts.status in {RaterStatus.EXCLUDED, RaterStatus.WITHDRAWN}:
        return StepKind.UNAVAILABLE
    if facts.sitting is None or has_lapsed(facts.sitting, now=now):
        is_completed = facts.status is RaterStatus.COMPLETED
        return StepKind.THANKS if is_completed else StepKind.INSTRUCTIONS
    return _step_of_sitting(facts.sitting, rules, now=now)


def _step_of_sitting(sitting: SittingFacts, rules: SittingRules, *, now: datetime) -> StepKind:
    if sitting.state is SittingState.FINISHED:
        return StepKind.THANKS
    if sitting.open_training + sitting.open_main == 0:
        return StepKind.THANKS
    if sitting.open_training == 0 and is_break_due(sitting, rules, now=now):
        return StepKind.REST
    return StepKind.RATE


def has_lapsed(sitting: SittingFacts, *, now: datetime) -> bool:
    """The sitting was abandoned: its places are, or are about to be, given back."""
    if sitting.state is SittingState.EXPIRED:
        return True
    return sitting.state is SittingState.ACTIVE and sitting.lease_expires_at <= now


def is_break_due(sitting: SittingFacts, rules: SittingRules, *, now: datetime) -> bool:
    """A break has begun, or the rater has worked for as long as the protocol allows."""
    if sitting.break_started_at is not None:
        return True
    return now - sitting.stretch_started_at >= timedelta(minutes=rules.break_every_minutes)
