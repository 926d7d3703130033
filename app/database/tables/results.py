"""Tables of the results: an analysis run, and what it said of each stimulus and each rater."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ARRAY, CheckConstraint, Double, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.database.tables.base import Base, BigId, CreatedAt, JsonObject, one_of


class Verdict(StrEnum):
    """What a run said of a rater."""

    KEPT = "kept"
    REJECTED = "rejected"


class RunState(StrEnum):
    """Where an analysis run stands; only ``done`` ones have results."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Decision(StrEnum):
    """The experimenter's word on a proposal of the screening."""

    CONFIRMED = "confirmed"
    OVERRULED = "overruled"


class AnalysisRun(Base):
    """One analysis: configuration, fingerprint of the ratings, versions, and a summary.

    The fingerprint, versions, summary and seconds are known once the run is done.  ``progress``
    says what a running one is at (``step``, ``done``, ``of``), ``error`` why a failed one failed.
    """

    __tablename__ = "analysis_run"
    __table_args__ = (
        Index(None, "study_id"),
        one_of("state", RunState),
        CheckConstraint(
            "state <> 'done' OR (fingerprint IS NOT NULL AND versions IS NOT NULL"
            " AND summary IS NOT NULL AND seconds IS NOT NULL)",
            name="done_is_complete",
        ),
    )

    id: Mapped[BigId]
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"))
    configuration: Mapped[JsonObject]
    state: Mapped[RunState] = mapped_column(server_default=RunState.DONE)
    progress: Mapped[JsonObject] = mapped_column(server_default=text("'{}'"))
    error: Mapped[JsonObject | None]
    fingerprint: Mapped[str | None]
    versions: Mapped[JsonObject | None]
    summary: Mapped[JsonObject | None]
    seconds: Mapped[float | None]
    created_by: Mapped[str]
    created_at: Mapped[CreatedAt]
    finished_at: Mapped[datetime | None]


class RunScore(Base):
    """What a run said of one stimulus in one dimension (or ``overall``)."""

    __tablename__ = "run_score"

    run_id: Mapped[int] = mapped_column(
        ForeignKey("analysis_run.id", ondelete="CASCADE"), primary_key=True
    )
    stimulus_id: Mapped[int] = mapped_column(ForeignKey("stimulus.id"), primary_key=True)
    dimension: Mapped[str] = mapped_column(primary_key=True)
    n: Mapped[int]
    mos: Mapped[float | None]
    sos: Mapped[float | None]
    ci_low: Mapped[float | None]
    ci_high: Mapped[float | None]
    z_n: Mapped[int]
    z_mos: Mapped[float | None]
    z_sos: Mapped[float | None]
    z_ci_low: Mapped[float | None]
    z_ci_high: Mapped[float | None]


class RunEstimate(Base):
    """What one method of estimation made of every stimulus in one dimension (or ``overall``).

    The arrays follow the stimuli of the run in ``run_score``, by stimulus id; NULL where there is
    no value or no interval.  ``effective_n`` is to how many equally weighted ratings they amount.
    """

    __tablename__ = "run_estimate"

    run_id: Mapped[int] = mapped_column(
        ForeignKey("analysis_run.id", ondelete="CASCADE"), primary_key=True
    )
    method: Mapped[str] = mapped_column(primary_key=True)
    dimension: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[list[float | None]] = mapped_column(ARRAY(Double))
    ci_low: Mapped[list[float | None]] = mapped_column(ARRAY(Double))
    ci_high: Mapped[list[float | None]] = mapped_column(ARRAY(Double))
    effective_n: Mapped[list[float | None]] = mapped_column(ARRAY(Double))


class RunSection(Base):
    """One part of a run's report, as a document: reliability, sensitivity, factors …"""

    __tablename__ = "run_section"

    run_id: Mapped[int] = mapped_column(
        ForeignKey("analysis_run.id", ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(primary_key=True)
    document: Mapped[JsonObject]


class ScreeningDecision(Base):
    """What the experimenter decided about a rater whom the screening proposed to reject.

    Append-only: the newest row of a rater counts, and one whose ``decision`` is empty takes the
    earlier ones back.
    """

    __tablename__ = "screening_decision"
    __table_args__ = (Index(None, "rater_id"), one_of("decision", Decision))

    id: Mapped[BigId]
    rater_id: Mapped[int] = mapped_column(ForeignKey("rater.id"))
    run_id: Mapped[int | None] = mapped_column(ForeignKey("analysis_run.id", ondelete="SET NULL"))
    decision: Mapped[Decision | None]
    reason: Mapped[str]
    decided_by: Mapped[str]
    decided_at: Mapped[CreatedAt]


class RunRater(Base):
    """What a run said of one rater, with the evidence of every check.

    ``is_proposed``: a check that rejects has failed.  ``decision`` is the experimenter's, as it
    stood when the run was made; the verdict follows from both.
    """

    __tablename__ = "run_rater"
    __table_args__ = (one_of("verdict", Verdict), one_of("decision", Decision))

    run_id: Mapped[int] = mapped_column(
        ForeignKey("analysis_run.id", ondelete="CASCADE"), primary_key=True
    )
    rater_id: Mapped[int] = mapped_column(ForeignKey("rater.id"), primary_key=True)
    n: Mapped[int]
    is_proposed: Mapped[bool]
    decision: Mapped[Decision | None]
    verdict: Mapped[Verdict]
    evidence: Mapped[JsonObject]
