"""Verdicts about raters: what a run said of each, with the evidence in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.arrays import is_one_of
from app.database.tables import AnalysisRun, Rater, RunRater
from app.database.tables.rating import RaterStatus
from app.database.tables.results import Decision, Verdict
from app.results.runs.configuration import ALWAYS, ON_REQUEST
from app.results.screening.decisions import load_decided
from app.results.screening.evidence import CheckEvidence, RaterEvidence


class Standing(StrEnum):
    """What the checks proposed for a rater, and what a person made of it."""

    KEPT = "kept"  # not proposed
    PROPOSED = "proposed"  # rejected, and nobody has decided yet
    CONFIRMED = "confirmed"  # rejected, and a person agreed
    OVERRULED = "overruled"  # kept by a person, whatever the checks propose


@dataclass(frozen=True, slots=True)
class RaterVerdict:
    """One rater in a run; ``status`` is where they stand now, not when the run was made.

    ``decision`` is the experimenter's, as it stood when the run was made.
    """

    rater_id: int
    public_code: str
    status: RaterStatus
    n: int
    is_proposed: bool
    decision: Decision | None
    verdict: Verdict
    evidence: RaterEvidence
    rejecting: frozenset[str]

    @property
    def standing(self) -> Standing:
        """What the checks proposed and what a person made of it, when the run was made."""
        return standing_of(is_proposed=self.is_proposed, decision=self.decision)

    @property
    def grounds(self) -> tuple[CheckEvidence, ...]:
        """The failed checks for which a rater was proposed; empty for one who was not."""
        return tuple(item for item in self.evidence.failed if item.check in self.rejecting)


@dataclass(frozen=True, slots=True)
class RuleCount:
    """How many raters one check fails, passes and cannot judge; each rater counts once."""

    check: str
    is_rejecting: bool
    failed: int
    passed: int
    not_applicable: int


def standing_of(*, is_proposed: bool, decision: Decision | None) -> Standing:
    """A decision goes before the proposal it is about."""
    if decision is not None:
        return Standing(decision.value)
    return Standing.PROPOSED if is_proposed else Standing.KEPT


async def map_standings(session: AsyncSession, *, run_id: int) -> dict[int, Standing]:
    """Where the raters of a run stand now, by id: its proposals under the present decisions."""
    run = await session.get_one(AnalysisRun, run_id)
    decided = await load_decided(session, study_id=run.study_id)
    decisions = dict.fromkeys(map(int, decided.confirmed), Decision.CONFIRMED)
    decisions |= dict.fromkeys(map(int, decided.overruled), Decision.OVERRULED)
    query = select(RunRater.rater_id, RunRater.is_proposed).where(RunRater.run_id == run_id)
    return {
        rater_id: standing_of(is_proposed=is_proposed, decision=decisions.get(rater_id))
        for rater_id, is_proposed in await session.execute(query)
    }


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
            is_proposed=row.is_proposed,
            decision=row.decision,
            verdict=row.verdict,
            evidence=RaterEvidence.model_validate(row.evidence),
            rejecting=frozenset(rejecting),
        )
        for public_code, status, row, rejecting in await session.execute(query)
    ]


# Each rater once for each check, as in RaterEvidence.status_by_check; found by the primary key.
_BY_RULE = text(
    """
    SELECT check_name, count(*) FILTER (WHERE has_failed) AS failed,
        count(*) FILTER (WHERE NOT has_failed AND has_passed) AS passed,
        count(*) FILTER (WHERE NOT has_failed AND NOT has_passed) AS not_applicable
    FROM (
        SELECT item ->> 'check' AS check_name,
            bool_or(item ->> 'status' = 'failed') AS has_failed,
            bool_or(item ->> 'status' = 'passed') AS has_passed
        FROM run_rater
        CROSS JOIN LATERAL jsonb_array_elements(run_rater.evidence -> 'checks') AS item
        WHERE run_id = :run_id
        GROUP BY rater_id, check_name
    ) AS rater
    GROUP BY check_name
    """
)


async def count_by_rule(session: AsyncSession, *, run: AnalysisRun) -> list[RuleCount]:
    """What each check says of the raters of a run; checks that reject come first."""
    rejecting = set(run.configuration["rejecting"])
    rows = (await session.execute(_BY_RULE, {"run_id": run.id})).mappings()
    counts = [
        RuleCount(
            check=row["check_name"],
            is_rejecting=row["check_name"] in rejecting,
            failed=row["failed"],
            passed=row["passed"],
            not_applicable=row["not_applicable"],
        )
        for row in rows
    ]
    order = (*ALWAYS, *ON_REQUEST)
    return sorted(counts, key=lambda rule: (not rule.is_rejecting, order.index(rule.check)))
