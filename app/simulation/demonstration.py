"""The demonstration study: rendered, rated and analysed for real, so that everything has content.

Every step looks at what is there already, so a demonstration that was interrupted anywhere is
continued by starting it again, and one that is complete is left alone.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.audit import record_event
from app.database.engine import SessionFactory
from app.database.tables import AuditEvent, GenerationItem, GenerationPlan, Study
from app.database.tables.pool import ItemState
from app.database.tables.study import StimulusKind, StudyState
from app.errors import BeholderError
from app.pool.plan_progress import list_plan_progress
from app.pool.plans import create_plan
from app.pool.prompts import compose_into_pool
from app.pool.queue import is_worker_alive
from app.results.runs.configuration import AnalysisConfiguration
from app.results.runs.execution import run_analysis
from app.settings import Settings
from app.simulation.cookie_file import CookieFile
from app.simulation.demonstration_plan import (
    MAIN_PLAN,
    PANEL,
    PROMPTS,
    SEED,
    SLUG,
    TITLE,
    TRAINING_PLAN,
    TRAINING_PROMPTS,
    demonstration_protocol,
    main_plan,
    training_plan,
)
from app.simulation.run import simulate
from app.study.stimuli import add_stimuli
from app.study.studies import change_state, create_study

__all__ = ["SLUG", "fill", "is_complete", "prepare"]

Say = Callable[[str], None]

COMPLETED = "demonstration_completed"
LOOK_EVERY_S = 0.5
STALLED_S = 120.0
PLANS = {StimulusKind.MAIN: MAIN_PLAN, StimulusKind.TRAINING: TRAINING_PLAN}


async def is_complete(session: AsyncSession) -> bool:
    """Whether nothing is left to do: rated and analysed, or paused or closed by a person."""
    completed = select(AuditEvent.id).where(
        AuditEvent.action == COMPLETED, AuditEvent.subject_id == SLUG
    )
    if await session.scalar(completed.limit(1)) is not None:
        return True
    state = await session.scalar(select(Study.state).where(Study.slug == SLUG))
    return state in {StudyState.PAUSED, StudyState.CLOSED}


async def prepare(
    sessions: SessionFactory, *, actor: str, say: Say, stalled_s: float = STALLED_S
) -> None:
    """Have the pictures rendered and open the study; needs a worker.

    1. Compose prompts and create the generation plans, in one transaction.
    2. Wait for the worker; raises BeholderError when it renders nothing for ``stalled_s``.
    3. Create the study with its pictures and open it, in one transaction.
    """
    async with sessions.begin() as session:
        if await _has_study(session):
            return
        await _ensure_plans(session, actor=actor, say=say)
    await _wait_for_pictures(sessions, say=say, stalled_s=stalled_s)
    async with sessions.begin() as session:
        await _open_study(session, actor=actor)
    say(f"The study “{TITLE}” is open.")


async def fill(
    sessions: SessionFactory, settings: Settings, *, url: str, actor: str, say: Say
) -> None:
    """Let the simulated raters rate the open study over HTTP, then analyse it.

    Who they are is kept in the data folder meanwhile, so that after an interruption the same
    raters go on where they stopped.
    """
    async with sessions.begin() as session:
        if await is_complete(session):
            return
    say(f"{PANEL.raters} simulated raters rate the pictures.")
    cookie_file = CookieFile(settings.data_folder / "demonstration-raters.json")
    report = await simulate(sessions, slug=SLUG, url=url, panel=PANEL, cookie_file=cookie_file)
    if report.problems:
        raise BeholderError(f"The demonstration is not complete yet. {report.problems[0]}")
    async with sessions.begin() as session:
        await _analyse(session, planted=report.planted, actor=actor)
    cookie_file.remove()
    say("The demonstration study is rated and analysed; the dashboard shows the results.")


async def _has_study(session: AsyncSession) -> bool:
    return await session.scalar(select(Study.id).where(Study.slug == SLUG)) is not None


async def _ensure_plans(session: AsyncSession, *, actor: str, say: Say) -> None:
    plan = select(GenerationPlan.id).where(GenerationPlan.name == MAIN_PLAN)
    if await session.scalar(plan) is not None:
        return
    prompts = await compose_into_pool(
        session, count=PROMPTS + TRAINING_PROMPTS, seed=SEED, actor=actor
    )
    training, main = prompts.prompt_ids[PROMPTS:], prompts.prompt_ids[:PROMPTS]
    plans = [
        await create_plan(session, plan=plan, actor=actor)
        for plan in (training_plan(training), main_plan(main))
    ]
    say(f"{sum(plan.item_count for plan in plans)} procedural pictures are to be rendered.")


async def _wait_for_pictures(sessions: SessionFactory, *, say: Say, stalled_s: float) -> None:
    """Watch the worker until no picture is pending."""
    seen, said, moved_at = -1, 0, time.monotonic()
    while True:
        async with sessions() as session:
            settled, total = await _count_pictures(session)
        if settled > seen:
            seen, moved_at = settled, time.monotonic()
        if settled >= min(total, said + max(1, total // 4)):
            said = settled
            say(f"{settled} of {total} pictures are rendered.")
        if settled == total:
            return
        if time.monotonic() > moved_at + stalled_s:
            async with sessions() as session:
                why = "is stuck" if await is_worker_alive(session) else "is not running"
            raise BeholderError(f"No picture for {stalled_s:.0f} seconds: the worker {why}.")
        await asyncio.sleep(LOOK_EVERY_S)


async def _count_pictures(session: AsyncSession) -> tuple[int, int]:
    """Pictures that are rendered, or failed for good, and all of them."""
    plans = [plan for plan in await list_plan_progress(session) if plan.name in PLANS.values()]
    settled = sum(plan.done + plan.failed for plan in plans)
    return settled, settled + sum(plan.pending for plan in plans)


async def _open_study(session: AsyncSession, *, actor: str) -> None:
    await create_study(
        session, slug=SLUG, title=TITLE, protocol=demonstration_protocol(), actor=actor
    )
    for kind, plan in PLANS.items():
        images = (
            select(GenerationItem.image_id)
            .join(GenerationPlan, GenerationPlan.id == GenerationItem.plan_id)
            .where(GenerationPlan.name == plan, GenerationItem.state == ItemState.DONE)
            .order_by(GenerationItem.position)
        )
        image_ids = [image_id for image_id in await session.scalars(images) if image_id]
        await add_stimuli(session, slug=SLUG, image_ids=image_ids, kind=kind, actor=actor)
    await change_state(session, slug=SLUG, to=StudyState.OPEN, now=datetime.now(UTC), actor=actor)


async def _analyse(session: AsyncSession, *, planted: dict[str, list[str]], actor: str) -> None:
    """Run the analysis and note, for whoever wants to check it, which raters were planted."""
    await run_analysis(
        session,
        slug=SLUG,
        configuration=AnalysisConfiguration(),
        actor=actor,
        now=datetime.now(UTC),
    )
    await record_event(
        session,
        actor=actor,
        action=COMPLETED,
        subject_kind="study",
        subject_id=SLUG,
        detail={"planted": planted},
    )
