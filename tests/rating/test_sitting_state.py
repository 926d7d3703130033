"""The state machine as a table: facts in, step out."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.database.tables.rating import RaterStatus, SittingState
from app.database.tables.study import StudyState
from app.rating.sitting_state import Facts, SittingFacts, StepKind, next_step
from app.study.protocol import SittingRules

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
RULES = SittingRules(break_every_minutes=15)
AT_WORK = SittingFacts(
    state=SittingState.ACTIVE,
    stretch_started_at=NOW - timedelta(minutes=5),
    break_started_at=None,
    lease_expires_at=NOW + timedelta(minutes=30),
    open_training=0,
    open_main=10,
)
OPEN, ACTIVE = StudyState.OPEN, RaterStatus.ACTIVE


@pytest.mark.parametrize(
    ("facts", "step"),
    [
        (Facts(StudyState.DRAFT, None, None), StepKind.UNAVAILABLE),
        (Facts(StudyState.PAUSED, ACTIVE, AT_WORK), StepKind.UNAVAILABLE),
        (Facts(StudyState.CLOSED, ACTIVE, AT_WORK), StepKind.UNAVAILABLE),
        (Facts(OPEN, None, None), StepKind.CONSENT),
        (Facts(OPEN, RaterStatus.EXCLUDED, AT_WORK), StepKind.UNAVAILABLE),
        (Facts(OPEN, RaterStatus.WITHDRAWN, None), StepKind.UNAVAILABLE),
        (Facts(OPEN, ACTIVE, None), StepKind.INSTRUCTIONS),
        # Whoever came when nothing was left to rate has no sitting and is thanked all the same.
        (Facts(OPEN, RaterStatus.COMPLETED, None), StepKind.THANKS),
        (Facts(OPEN, ACTIVE, AT_WORK), StepKind.RATE),
        (Facts(OPEN, ACTIVE, replace(AT_WORK, open_main=0)), StepKind.THANKS),
        (Facts(OPEN, ACTIVE, replace(AT_WORK, state=SittingState.FINISHED)), StepKind.THANKS),
        (Facts(OPEN, RaterStatus.COMPLETED, replace(AT_WORK, open_main=0)), StepKind.THANKS),
        (Facts(OPEN, ACTIVE, replace(AT_WORK, state=SittingState.EXPIRED)), StepKind.INSTRUCTIONS),
        (Facts(OPEN, ACTIVE, replace(AT_WORK, lease_expires_at=NOW)), StepKind.INSTRUCTIONS),
        (
            Facts(OPEN, ACTIVE, replace(AT_WORK, stretch_started_at=NOW - timedelta(minutes=15))),
            StepKind.REST,
        ),
        (Facts(OPEN, ACTIVE, replace(AT_WORK, break_started_at=NOW)), StepKind.REST),
        (
            # Nobody is sent to a break before the training is over, nor after the last picture.
            Facts(OPEN, ACTIVE, replace(AT_WORK, open_training=1, break_started_at=NOW)),
            StepKind.RATE,
        ),
        (
            Facts(OPEN, ACTIVE, replace(AT_WORK, open_main=0, break_started_at=NOW)),
            StepKind.THANKS,
        ),
    ],
)
def test_step_follows_from_the_facts(facts: Facts, step: StepKind) -> None:
    assert next_step(facts, RULES, now=NOW) is step
