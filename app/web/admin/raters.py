"""Raters of a study: what they gave, what the checks say of them, and taking part or not."""

from collections import Counter
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables import AnalysisRun
from app.database.tables.rating import RaterStatus
from app.errors import BeholderError, Conflict, InvalidInput
from app.rating.panel import list_beside_panel, mean_differences
from app.rating.raters import (
    count_raters,
    exclude_rater,
    get_rater,
    list_raters,
    readmit_rater,
)
from app.rating.sitting_log import list_sittings
from app.results.runs.lookup import find_latest_run
from app.results.screening.decisions import LONGEST_REASON, SHORTEST_REASON, list_decisions
from app.results.screening.verdicts import (
    RaterVerdict,
    Standing,
    count_by_rule,
    list_verdicts,
    map_standings,
    standing_of,
)
from app.study.progress import get_progress
from app.study.studies import get_study, protocol_of
from app.web.admin.evidence_words import findings_of, grounds_in_words, rule_sentence
from app.web.admin.fields import texts
from app.web.admin.layout import draw
from app.web.admin.notes import go_to
from app.web.admin.paging import paging
from app.web.security import CurrentAccount
from app.web.state import NowDep, SessionDep

router = APIRouter()

PAGE_SIZE = 100


@router.get("/dashboard/studies/{slug}/raters")
async def show_raters(
    request: Request,
    slug: str,
    session: SessionDep,
    now: NowDep,
    status: Annotated[RaterStatus | None, Query()] = None,
    screening: Annotated[Standing | None, Query()] = None,
) -> Response:
    """All raters, newest first, with what the latest run and a person made of each."""
    study = await get_study(session, slug=slug)
    progress = await get_progress(session, slug=slug, now=now)
    run = await find_latest_run(session, study_id=study.id)
    standings = await map_standings(session, run_id=run.id) if run else {}
    among = None
    if screening is not None:
        among = [rater_id for rater_id, standing in standings.items() if standing is screening]
    total = await count_raters(session, slug=slug, status=status, among=among)
    pages = paging(request, total=total, size=PAGE_SIZE)
    raters = await list_raters(
        session, slug=slug, status=status, among=among, limit=pages.size, offset=pages.offset
    )
    shown = [rater.rater_id for rater in raters]
    verdicts = await list_verdicts(session, run_id=run.id, rater_ids=shown) if run else []
    context = {
        "study": study,
        "progress": progress,
        "protocol": protocol_of(study),
        "raters": raters,
        "paging": pages,
        "status": status,
        "screening": screening,
        "run": run,
        "verdicts": {verdict.rater_id: verdict for verdict in verdicts},
        "standings": standings,
        "standing_counts": Counter(standings.values()),
        "rules": [rule_sentence(rule) for rule in await count_by_rule(session, run=run)]
        if run
        else [],
        "is_partial": any(r.statistics.looked_at < r.ratings for r in raters),
    }
    return draw(request, "raters.html", context)


@router.get("/dashboard/studies/{slug}/raters/{code}")
async def show_rater(request: Request, slug: str, code: str, session: SessionDep) -> Response:
    """One rater: evidence of every check, decisions, scores beside the panel's, sittings."""
    return await draw_rater(request, session, slug, code)


@router.post("/dashboard/studies/{slug}/raters/{code}/exclude")
async def take_exclusion(
    request: Request,
    slug: str,
    code: str,
    session: SessionDep,
    now: NowDep,
    account: CurrentAccount,
) -> Response:
    """Exclude the rater, for the reason typed."""
    reason = texts(await request.form()).get("reason", "")
    try:
        await exclude_rater(
            session, slug=slug, public_code=code, reason=reason, actor=account.email, now=now
        )
    except (InvalidInput, Conflict) as error:
        typed = {"exclude": reason}
        return await draw_rater(request, session, slug, code, typed=typed, error=error)
    return go_to(f"/dashboard/studies/{slug}/raters/{code}", note="rater-excluded")


@router.post("/dashboard/studies/{slug}/raters/{code}/readmit")
async def take_readmission(
    request: Request, slug: str, code: str, session: SessionDep, account: CurrentAccount
) -> Response:
    """Take an exclusion back."""
    try:
        await readmit_rater(session, slug=slug, public_code=code, actor=account.email)
    except Conflict as error:
        return await draw_rater(request, session, slug, code, error=error)
    return go_to(f"/dashboard/studies/{slug}/raters/{code}", note="rater-readmitted")


async def draw_rater(
    request: Request,
    session: AsyncSession,
    slug: str,
    code: str,
    *,
    typed: dict[str, str] | None = None,
    error: BeholderError | None = None,
) -> Response:
    """A rater's page; ``typed`` has the reason that was refused, by what it was for."""
    study = await get_study(session, slug=slug)
    protocol = protocol_of(study)
    labels = {dimension.key: dimension.label for dimension in protocol.dimensions}
    rater = await get_rater(session, slug=slug, public_code=code)
    run = await find_latest_run(session, study_id=study.id)
    verdict = await _find_verdict(session, run, rater.rater_id)
    decisions = await list_decisions(session, rater_id=rater.rater_id)
    decision = decisions[0].decision if decisions else None
    is_proposed = verdict is not None and verdict.is_proposed
    beside = await list_beside_panel(session, slug=slug, public_code=code)
    context = {
        "study": study,
        "protocol": protocol,
        "labels": labels,
        "rater": rater,
        "run": run,
        "verdict": verdict,
        "grounds": grounds_in_words(verdict.grounds, labels) if verdict else "",
        "findings": findings_of(verdict.evidence.checks, verdict.rejecting, labels)
        if verdict
        else [],
        "decisions": decisions,
        "decision": decision,
        "standing": standing_of(is_proposed=is_proposed, decision=decision),
        "is_waiting": verdict is not None and verdict.decision is not decision,
        "beside": beside,
        "biases": mean_differences(beside),
        "sittings": await list_sittings(session, study_id=study.id, public_code=code, most=20),
        "typed": typed or {},
        "reason_lengths": (SHORTEST_REASON, LONGEST_REASON),
        "error": error,
    }
    return draw(request, "rater.html", context, status=error.status if error else 200)


async def _find_verdict(
    session: AsyncSession, run: AnalysisRun | None, rater_id: int
) -> RaterVerdict | None:
    if run is None:
        return None
    verdicts = await list_verdicts(session, run_id=run.id, rater_ids=[rater_id])
    return next(iter(verdicts), None)
