from typing import Any

import pytest
from factories import NOW

from app.database.tables.rating import RaterStatus
from app.database.tables.study import StudyState
from app.study.needs import list_needs
from app.study.progress import StudyProgress

JOINED = {RaterStatus.ACTIVE: 1}


@pytest.mark.parametrize(
    ("state", "facts", "sentence"),
    [
        (StudyState.DRAFT, {}, "It has no pictures yet. Add some from the pool."),
        (
            StudyState.DRAFT,
            {"main_stimuli": 3, "training_stimuli": 1},
            "1 training picture is still missing.",
        ),
        (
            StudyState.DRAFT,
            {"main_stimuli": 3, "training_stimuli": 2},
            "It is ready. Open it to let raters in.",
        ),
        (
            StudyState.OPEN,
            {"main_stimuli": 3},
            "Nobody has joined yet. Send raters the link.",
        ),
        (StudyState.OPEN, {"main_stimuli": 3, "raters": JOINED}, None),
        (
            StudyState.OPEN,
            {"main_stimuli": 3, "stimuli_at_target": 3, "raters": JOINED},
            "Every picture has its ratings. Close the study and run the analysis.",
        ),
        (StudyState.PAUSED, {"main_stimuli": 3}, "It is paused, so nobody can rate."),
        (StudyState.CLOSED, {"main_stimuli": 3, "stimuli_at_target": 3}, None),
    ],
)
def test_what_waits_for_the_experimenter(
    state: StudyState, facts: dict[str, Any], sentence: str | None
) -> None:
    study = StudyProgress(
        study_id=1,
        slug="example",
        title="An example",
        state=state,
        created_at=NOW,
        target_ratings=5,
        training_wanted=2,
        **facts,
    )
    assert [need.sentence for need in list_needs([study])] == ([sentence] if sentence else [])
