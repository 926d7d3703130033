"""Sensitivity in two halves: what is said of methods and rules, and what of single raters.

What is said of a rater is stored with the rater's other evidence, and so goes when they withdraw.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.analysis.sensitivity import RuleOutcome, Sensitivity
from app.database.tables import Rater, RunRater
from app.database.tables.rating import RaterStatus
from app.results.documents import Json, document_of


@dataclass(frozen=True, slots=True)
class RaterSensitivity:
    """What leaving out one rater would change, and which rules would reject them."""

    public_code: str
    verdict: str
    document: dict[str, Any]


def sensitivity_section(found: Sensitivity) -> dict[str, Json]:
    """Methods and rules; raters are counted, not named."""
    return {
        "methods": document_of(found.methods),
        "rules": [_rule(rule) for rule in found.rules],
        "advice": document_of(found.advice),
        "method_ids": document_of(found.method_ids),
    }


def rater_documents(found: Sensitivity) -> dict[int, dict[str, Json]]:
    """What is said of each rater, by id."""
    rules: dict[str, list[Json]] = defaultdict(list)
    for rule in found.rules:
        for rater_id in rule.rejected:
            reasons = [reason for reason in rule.reasons if reason.rater_id == rater_id]
            said = {reason.reason: None for reason in reasons}
            rules[rater_id].append({"title": rule.title, "reasons": list(said)})
    raters = found.raters
    return {
        int(rater_id): {
            "lost": int(raters.lost[i]),
            "sentence": raters.sentences[i],
            "columns": {
                column: {
                    "value_change": document_of(raters.value_change[i, c]),
                    "value_stimulus": raters.value_stimulus[i][c],
                    "rank_change": document_of(raters.rank_change[i, c]),
                    "rank_stimulus": raters.rank_stimulus[i][c],
                    "srcc": document_of(raters.srcc[i, c]),
                    "alpha_change": document_of(raters.alpha_change[i, c]),
                }
                for c, column in enumerate(raters.columns)
            },
            "rules": rules[rater_id],
        }
        for i, rater_id in enumerate(raters.rater_ids)
    }


async def list_rater_sensitivities(
    session: AsyncSession, *, run_id: int
) -> Sequence[RaterSensitivity]:
    """What a run says of each rater, those first without whom a MOS changes most."""
    document = RunRater.evidence["sensitivity"]
    query = (
        select(Rater.public_code, RunRater.verdict, document)
        .join(Rater, Rater.id == RunRater.rater_id)
        .where(RunRater.run_id == run_id, Rater.status != RaterStatus.WITHDRAWN)
        .order_by(Rater.public_code)
    )
    found = [
        RaterSensitivity(code, verdict, said)
        for code, verdict, said in await session.execute(query)
        if said
    ]
    return sorted(found, key=lambda rater: -abs(_overall(rater.document)))


def _overall(document: dict[str, Any]) -> float:
    return float(document["columns"]["overall"]["value_change"] or 0)


def _rule(rule: RuleOutcome) -> Json:
    return {
        "method_id": rule.method_id,
        "title": rule.title,
        "explanation": rule.explanation,
        "rejected": len(rule.rejected),
        "judged": rule.judged,
        "of": rule.of,
        "sentence": rule.sentence,
        "comparisons": document_of(rule.comparisons),
    }
