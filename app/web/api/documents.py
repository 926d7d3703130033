"""The documents of the API: what goes out, and the one that comes in."""

from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, Field

from app.database.tables import AnalysisRun, Study
from app.database.tables.rating import RaterStatus
from app.database.tables.results import Decision, RunState, Verdict
from app.database.tables.study import StudyState
from app.results.runs.configuration import AnalysisConfiguration
from app.results.runs.summary import RunSummary, RunVersions, summary_of, versions_of
from app.results.scores import Score, StimulusScores
from app.results.screening.evidence import RaterEvidence
from app.results.screening.verdicts import RaterVerdict
from app.study.progress import StudyProgress
from app.study.protocol import Protocol
from app.study.studies import protocol_of


class ProblemDocument(BaseModel):
    """What went wrong, after RFC 9457."""

    title: str
    status: int
    detail: str
    """A sentence."""
    problems: list[dict[str, str]]
    """Single mistakes: ``where`` and a ``sentence``."""


class ProblemDetail(BaseModel):
    """Why a run failed, in a sentence, and single mistakes if there are any."""

    sentence: str
    problems: list[dict[str, str]]


def _refusal(description: str) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": ProblemDocument.model_json_schema()}}
    return {"description": description, "content": content}


REFUSALS: dict[int | str, dict[str, Any]] = {
    401: _refusal("No valid API token was sent."),
    403: _refusal("The token's account may not do this."),
    404: _refusal("There is nothing at this address."),
    409: _refusal("This cannot be done in the present state."),
    422: _refusal("The request could not be understood."),
}
CSV_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {"description": "A CSV file in UTF-8.", "content": {"text/csv": {}}}
}


TABLE_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The table as CSV (UTF-8), JSON or Parquet, by the ending of the address.",
        "content": {"text/csv": {}, "application/json": {}, "application/vnd.apache.parquet": {}},
    }
}


class StudyProgressDocument(BaseModel):
    """Where a study stands; ratings are the usable ones, of active and completed raters."""

    slug: str
    title: str
    state: StudyState
    created_at: datetime
    main_stimuli: int
    target_ratings: int = Field(description="Usable ratings wanted for each stimulus.")
    stimuli_at_target: int
    usable_ratings: int
    ratings_wanted: int
    raters: dict[RaterStatus, int] = Field(description="How many raters have each status.")

    @classmethod
    def of(cls, progress: StudyProgress) -> Self:
        """The document of one study's progress."""
        return cls(**{name: getattr(progress, name) for name in StudyProgressDocument.model_fields})


class StudyDocument(StudyProgressDocument):
    """A study with its protocol and its newest analysis."""

    protocol: Protocol
    protocol_version: int
    latest_run_id: int | None

    @classmethod
    def of_study(cls, study: Study, progress: StudyProgress, latest: AnalysisRun | None) -> Self:
        """The document of one study."""
        return cls(
            **dict(StudyProgressDocument.of(progress)),
            protocol=protocol_of(study),
            protocol_version=study.protocol_version,
            latest_run_id=latest.id if latest else None,
        )


class ProgressDocument(BaseModel):
    """How far a run has come that is under way."""

    step: str = Field(description="What it is at.")
    done: int = Field(description="Steps behind it.")
    of: int = Field(description="Steps in all.")


class RunDocument(BaseModel):
    """An analysis run: configuration, origin and summary; the results are null until it is done."""

    id: int
    state: RunState
    progress: ProgressDocument | None = Field(description="Null unless the run is under way.")
    error: ProblemDetail | None = Field(description="Why the run failed; null unless it did.")
    created_at: datetime
    created_by: str
    finished_at: datetime | None
    seconds: float | None
    fingerprint: str | None = Field(description="SHA-256 of the ratings that were analysed.")
    configuration: AnalysisConfiguration
    versions: RunVersions | None
    summary: RunSummary | None

    @classmethod
    def of(cls, run: AnalysisRun) -> Self:
        """The document of one run."""
        return cls(
            id=run.id,
            state=run.state,
            progress=run.progress or None,
            error=run.error,
            created_at=run.created_at,
            created_by=run.created_by,
            finished_at=run.finished_at,
            seconds=run.seconds,
            fingerprint=run.fingerprint,
            configuration=AnalysisConfiguration.model_validate(run.configuration),
            versions=versions_of(run) if run.versions else None,
            summary=summary_of(run) if run.summary else None,
        )


class StimulusDocument(BaseModel):
    """A stimulus with its scores."""

    stimulus_id: int
    image_id: int
    name: str = Field(description="Name in all exports of the study.")
    generator: str
    prompt: str
    scores: dict[str, Score] = Field(description="By dimension, and ``overall``.")

    @classmethod
    def of(cls, stimulus: StimulusScores, name: str) -> Self:
        """The document of one stimulus."""
        return cls(
            stimulus_id=stimulus.stimulus_id,
            image_id=stimulus.image_id,
            name=name,
            generator=stimulus.generator,
            prompt=stimulus.prompt,
            scores=stimulus.scores,
        )


class ScorePage(BaseModel):
    """Some stimuli of a run, by id."""

    items: list[StimulusDocument]
    next_after: int | None = Field(
        description="Ask for ``after`` this id to get the next page; null on the last one."
    )


class RaterDocument(BaseModel):
    """A rater in a run: verdict and evidence."""

    public_code: str
    status: RaterStatus = Field(description="Where the rater stands now.")
    n: int = Field(description="Ratings that were screened.")
    is_proposed: bool = Field(description="Whether the checks propose to reject the rater.")
    decision: Decision | None = Field(
        description="The experimenter's, as it stood when the run was made."
    )
    verdict: Verdict = Field(
        description="Rejected: proposed and not overruled, or confirmed. Rejected raters are"
        " left out of the run."
    )
    grounds: list[str] = Field(description="Sentences for which the rater was proposed.")
    evidence: RaterEvidence

    @classmethod
    def of(cls, rater: RaterVerdict) -> Self:
        """The document of one rater."""
        return cls(
            public_code=rater.public_code,
            status=rater.status,
            n=rater.n,
            is_proposed=rater.is_proposed,
            decision=rater.decision,
            verdict=rater.verdict,
            grounds=[item.reason for item in rater.grounds],
            evidence=rater.evidence,
        )
