"""What in the studies waits for the experimenter, from where they stand."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.database.tables.study import StudyState
from app.study.progress import StudyProgress


@dataclass(frozen=True)
class Need:
    """Something in a study that waits for the experimenter."""

    slug: str
    title: str
    sentence: str


def list_needs(studies: Sequence[StudyProgress]) -> list[Need]:
    """What waits for the experimenter, at most one thing for each study."""
    sentences = ((study, _need(study)) for study in studies)
    return [Need(study.slug, study.title, text) for study, text in sentences if text is not None]


def _need(study: StudyProgress) -> str | None:
    match study.state:
        case StudyState.DRAFT if not study.main_stimuli:
            return "It has no pictures yet. Add some from the pool."
        case StudyState.DRAFT if study.training_stimuli < study.training_wanted:
            missing = study.training_wanted - study.training_stimuli
            noun = "picture is" if missing == 1 else "pictures are"
            return f"{missing} training {noun} still missing."
        case StudyState.DRAFT:
            return "It is ready. Open it to let raters in."
        case StudyState.OPEN | StudyState.PAUSED if study.is_complete:
            return "Every picture has its ratings. Close the study and run the analysis."
        case StudyState.PAUSED:
            return "It is paused, so nobody can rate."
        case StudyState.OPEN if not study.rater_count:
            return "Nobody has joined yet. Send raters the link."
    return None
