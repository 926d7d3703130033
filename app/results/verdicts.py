"""Verdicts about raters: what a run said of each, with the evidence in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.arrays import is_one_of
from app.database.tables import AnalysisRun, Rater, RunRater
from app.database.tables.rating import RaterStatus
from app.database.tables.results import Verdict
from app.results.rater_evidence import CheckEvidence, RaterEvidence


@dataclass(frozen=True, slots=True)
class RaterVerdict:
    """One rater in a run; ``status`` is where they stand now, not when the run was made."""

    rater_id: int
    public_code: str
    status: RaterStatus
    n: int
    verdict: Verdict
    evidence: RaterEvidence
    rejecting: frozenset[str]

    @property
    def grounds(self) -> tuple[CheckEvidence, ...]:
        """The failed checks for which the rater was rejected; empty for one who is kept."""
        return tuple(item for item in self.evidence.failed if item.check in self.rejecting)


async def list_verdicts(
    session: AsyncSession, *, run_id: int, rater_ids: Sequence[int] | None = None
) -> Sequence[RaterVerdict]:
    """What a run said of its raters, or of some of them: the rejected first, then by code."""
    query = (
        select(Rater.public_code, Rater.status, RunRater, AnalysisRun.configuration["rejecting"])
        .join(Rater, Rater.id == RunRater.rater_id)
        .join(AnalysisRun, AnalysisRun.id == RunRater.run_id)
        .where(RunRater.run_id == run_id)
        .order_by(RunRater.verdict.desc(), Rater.public_code)
    )
    if rater_ids is not None:
        query = query.where(is_one_of(RunRater.rater_id, rater_ids))
    return [
        RaterVerdict(
            rater_id=row.rater_id,
            public_code=public_code,
            status=status,
            n=row.n,
            verdict=row.verdict,
            evidence=RaterEvidence.model_validate(row.evidence),
            rejecting=frozenset(rejecting),
        )
        for public_code, status, row, rejecting in await session.execute(query)
    ]
