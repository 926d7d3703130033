"""Tables of the results: an analysis run, and what it said of each stimulus and each rater."""

from enum import StrEnum

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.database.tables.base import Base, BigId, CreatedAt, JsonObject, one_of


class Verdict(StrEnum):
    """What a run said of a rater."""

    KEPT = "kept"
    REJECTED = "rejected"


class AnalysisRun(Base):
    """One analysis: configuration, fingerprint of the ratings, versions, and a summary."""

    __tablename__ = "analysis_run"
    __table_args__ = (Index(None, "study_id"),)

    id: Mapped[BigId]
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"))
    configuration: Mapped[JsonObject]
    fingerprint: Mapped[str]
    versions: Mapped[JsonObject]
    summary: Mapped[JsonObject]
    seconds: Mapped[float]
    created_by: Mapped[str]
    created_at: Mapped[CreatedAt]


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


class RunRater(Base):
    """What a run said of one rater, with the evidence of every check."""

    __tablename__ = "run_rater"
    __table_args__ = (one_of("verdict", Verdict),)

    run_id: Mapped[int] = mapped_column(
        ForeignKey("analysis_run.id", ondelete="CASCADE"), primary_key=True
    )
    rater_id: Mapped[int] = mapped_column(ForeignKey("rater.id"), primary_key=True)
    n: Mapped[int]
    verdict: Mapped[Verdict]
    evidence: Mapped[JsonObject]
