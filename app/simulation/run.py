"""A whole simulation: a panel of raters, each with a browser of their own, and a report."""

import asyncio
import ssl
import time
from collections.abc import Callable

import httpx
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.engine import SessionFactory
from app.database.tables import Study
from app.errors import InvalidInput
from app.results.ratings.loading import scale_of
from app.simulation.cookie_file import CookieFile
from app.simulation.errand import Errand
from app.simulation.observations import Observations
from app.simulation.panel import PanelMember, PanelPlan, draw_panel
from app.simulation.patience import ask_patiently
from app.simulation.rater import Part, take_part
from app.simulation.report import Report, make_report
from app.simulation.truth import Truth, load_truth
from app.simulation.verification import (
    Balance,
    Verification,
    count_repeats,
    measure_balance,
    verify_receipts,
)
from app.study.studies import get_study, protocol_of

log = structlog.get_logger()

PATIENCE_S = 60.0


async def simulate(
    sessions: SessionFactory,
    *,
    slug: str,
    url: str,
    panel: PanelPlan,
    pace_s: float = 0.0,
    concurrency: int | None = None,
    sittings: int | None = None,
    patience_s: float = PATIENCE_S,
    cookie_file: CookieFile | None = None,
    observations: Observations | None = None,
    connect: Callable[[], httpx.AsyncBaseTransport] | None = None,
) -> Report:
    """Let a panel rate a study over HTTP, then verify what is stored; return the report.

    1. Load the protocol and the truth about the pictures.
    2. Draw the panel; let at most ``concurrency`` raters work at a time.
    3. Look up every acknowledged rating, repeats and the balance.

    ``observations`` may be handed in to be watched while raters work, ``connect`` to reach a
    server without a network.  Raises NotFound for an unknown study.
    """
    if pace_s < 0 or (concurrency is not None and concurrency < 1):
        raise InvalidInput("The pace is 0 or more seconds, and at least one rater works at a time.")
    study, truth = await ask_patiently(
        sessions, lambda session: _load(session, slug), patience_s=patience_s
    )
    protocol = protocol_of(study)
    rules = protocol.sitting
    members = draw_panel(panel, scale_of(protocol.scale), sitting_length=rules.presentations)
    errand = Errand(
        slug=slug,
        url=url.rstrip("/"),
        seed=panel.seed,
        protocol=protocol,
        truth=truth,
        sessions=sessions,
        observations=observations if observations is not None else Observations(),
        connect=connect or _connector(),
        pace_s=pace_s,
        patience_s=patience_s,
        sittings=rules.sittings if sittings is None else min(sittings, rules.sittings),
        cookie_file=cookie_file,
    )
    started_at = time.perf_counter()
    parts = await _work(errand, members, at_a_time=concurrency or len(members))
    seconds = time.perf_counter() - started_at
    report = await _report(errand, study.id, parts, seconds, patience_s)
    log.info("study_simulated", study_id=study.id, ratings=report.ratings, seconds=round(seconds))
    return report


async def _load(session: AsyncSession, slug: str) -> tuple[Study, Truth]:
    study = await get_study(session, slug=slug)
    truth = await load_truth(session, study_id=study.id, protocol=protocol_of(study))
    return study, truth


async def _work(errand: Errand, members: list[PanelMember], *, at_a_time: int) -> list[Part]:
    places = asyncio.Semaphore(at_a_time)

    async def work(member: PanelMember) -> Part:
        async with places:
            return await take_part(errand, member)

    return list(await asyncio.gather(*(work(member) for member in members)))


async def _report(
    errand: Errand, study_id: int, parts: list[Part], seconds: float, patience_s: float
) -> Report:
    async def look(session: AsyncSession) -> tuple[Verification, Balance, int]:
        return (
            await verify_receipts(session, acknowledged=errand.observations.acknowledged),
            await measure_balance(session, study_id=study_id),
            await count_repeats(session, study_id=study_id),
        )

    verification, balance, repeats = await ask_patiently(
        errand.sessions, look, patience_s=patience_s
    )
    return make_report(
        errand.observations,
        parts,
        verification=verification,
        balance=balance,
        repeats=repeats,
        study=errand.slug,
        url=errand.url,
        seed=errand.seed,
        stimuli=len(errand.truth.row),
        stimuli_with_truth=errand.truth.recorded,
        seconds=round(seconds, 3),
    )


def _connector() -> Callable[[], httpx.AsyncBaseTransport]:
    """Makes the connections of one browser; certificates are read once for all of them."""
    context = ssl.create_default_context()
    return lambda: httpx.AsyncHTTPTransport(verify=context)
