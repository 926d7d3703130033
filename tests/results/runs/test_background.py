"""Runs in the background: queued, carried out once whatever happens, failed with a sentence."""

import asyncio

import pytest
from factories import NOW
from panel import make_panel
from sqlalchemy import func, select, text, update

from app.database.tables import (
    AnalysisRun,
    AuditEvent,
    Rater,
    RunEstimate,
    RunRater,
    RunScore,
    RunSection,
)
from app.database.tables.rating import RaterStatus
from app.database.tables.results import RunState
from app.errors import AnalysisImpossible, Conflict, InvalidInput, NotFound
from app.rating.withdrawal import withdraw
from app.results.runs import background, parts
from app.results.runs.background import MOST_ATTEMPTS, execute_run, fail_run
from app.results.runs.configuration import AnalysisConfiguration, Part
from app.results.runs.execution import run_analysis
from app.results.runs.lookup import find_latest_run, get_run, get_study_run
from app.results.runs.progress import Step
from app.results.runs.queue import discard_run, enqueue_open_runs, queue_run, retry_run
from app.results.runs.sections import load_sections

LITTLE = AnalysisConfiguration(estimates=(), parts=())
COUNT_JOBS = text("SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo'")


def clock():
    return NOW


@pytest.fixture
async def panel(sessions, blobs):
    """A study of four pictures and three raters."""
    async with sessions.begin() as session:
        made = await make_panel(session, blobs, stimuli=4)
        for shift in (0, 2, 5):
            await made.add_rater(
                {s: (10 * i + shift, 40 - 10 * i) for i, s in enumerate(made.stimuli)}
            )
    return made


async def queue(sessions, configuration=LITTLE, slug="example"):
    async with sessions.begin() as session:
        return await queue_run(
            session, slug=slug, configuration=configuration, actor="o@lab.example", now=NOW
        )


async def find(sessions, run_id):
    async with sessions() as session:
        return await session.get(AnalysisRun, run_id)


async def count(sessions, table):
    async with sessions() as session:
        return await session.scalar(select(func.count()).select_from(table))


async def test_a_queued_run_has_a_job_and_no_results(sessions, panel):
    run_id = await queue(sessions)
    async with sessions() as session:
        run = await get_run(session, run_id=run_id)
        assert (run.state, run.fingerprint, run.summary) == (RunState.QUEUED, None, None)
        assert run.configuration["weights"] == {"quality": 1.0, "alignment": 1.0}
        assert await session.scalar(COUNT_JOBS) == 1
        assert await find_latest_run(session, study_id=panel.study_id) is None
        with pytest.raises(AnalysisImpossible, match="no results yet: it is queued"):
            await get_study_run(session, slug="example", run_id=run_id)


async def test_what_can_be_refused_at_once_is(sessions, blobs, panel):
    with pytest.raises(NotFound):
        await queue(sessions, slug="nowhere")
    with pytest.raises(InvalidInput, match="Weights"):
        await queue(sessions, AnalysisConfiguration(weights={"beauty": 1.0}))
    async with sessions.begin() as session:
        empty = await make_panel(session, blobs, stimuli=1, slug="empty")
        await empty.add_rater({empty.stimuli[0]: (1, 1)}, status=RaterStatus.EXCLUDED)
    with pytest.raises(AnalysisImpossible, match="nothing to analyse"):
        await queue(sessions, slug="empty")
    assert await count(sessions, AnalysisRun) == 0


async def test_carried_out_it_says_what_a_run_made_at_once_says(sessions, panel):
    setup = AnalysisConfiguration()
    run_id = await queue(sessions, setup)
    await execute_run(sessions, run_id=run_id, clock=clock)
    async with sessions.begin() as session:
        other_id = await run_analysis(
            session, slug="example", configuration=setup, actor="o", now=NOW
        )
    one, other = await find(sessions, run_id), await find(sessions, other_id)
    assert (one.state, one.progress, one.error) == (RunState.DONE, {}, None)
    assert (one.finished_at, one.created_by) == (NOW, "o@lab.example")
    for field in ("configuration", "fingerprint", "versions", "summary"):
        assert getattr(one, field) == getattr(other, field), field
    async with sessions() as session:
        sections = await load_sections(session, run_id=run_id)
        assert sections == await load_sections(session, run_id=other_id)
        assert set(sections) == {"estimates", *Part}
        event = await session.scalar(
            select(AuditEvent).where(AuditEvent.action == "analysis_run").order_by(AuditEvent.id)
        )
    assert (event.actor, event.detail["run_id"]) == ("o@lab.example", run_id)


async def test_the_steps_are_told_in_order(sessions, panel, monkeypatch):
    told = []
    original = background.progress_document

    def note(step, steps, *, attempt):
        told.append(step)
        return original(step, steps, attempt=attempt)

    monkeypatch.setattr(background, "progress_document", note)
    await execute_run(sessions, run_id=await queue(sessions), clock=clock)
    assert told == [Step.LOAD, Step.SCREEN, Step.ESTIMATES, Step.STORE]
    told.clear()
    await execute_run(sessions, run_id=await queue(sessions, AnalysisConfiguration()), clock=clock)
    assert told == list(Step)


async def test_twice_is_once(sessions, panel):
    run_id = await queue(sessions)
    await execute_run(sessions, run_id=run_id, clock=clock)
    seconds = (await find(sessions, run_id)).seconds
    await execute_run(sessions, run_id=run_id, clock=clock)
    assert (await find(sessions, run_id)).seconds == seconds
    both = await queue(sessions)
    await asyncio.gather(*(execute_run(sessions, run_id=both, clock=clock) for _ in range(2)))
    assert (await find(sessions, both)).state is RunState.DONE
    assert await count(sessions, RunScore) == 2 * 4 * 3


async def test_everyone_rejected_is_a_failure_with_reasons(sessions, blobs):
    async with sessions.begin() as session:
        made = await make_panel(session, blobs, stimuli=25)
        for level in (10, 20):
            await made.add_rater(dict.fromkeys(made.stimuli, (level, level)))
    run_id = await queue(sessions, AnalysisConfiguration(rejecting=("variation",)))
    await execute_run(sessions, run_id=run_id, clock=clock)
    run = await find(sessions, run_id)
    assert (run.state, run.finished_at) == (RunState.FAILED, NOW)
    assert "rejects every rater" in run.error["sentence"]
    assert [problem["where"] for problem in run.error["problems"]] == ["rater-01", "rater-02"]
    async with sessions.begin() as session:
        await retry_run(session, slug="example", run_id=run_id, actor="o")
    run = await find(sessions, run_id)
    assert (run.state, run.error, run.finished_at) == (RunState.QUEUED, None, None)


async def test_a_run_that_was_cut_off_is_taken_up_again_but_not_for_ever(sessions, panel):
    run_id = await queue(sessions)
    interrupted = {"step": "screen", "done": 1, "of": 4}
    for attempt in (1, MOST_ATTEMPTS):
        async with sessions.begin() as session:
            await session.execute(
                update(AnalysisRun).values(
                    state=RunState.RUNNING, progress=interrupted | {"attempt": attempt}
                )
            )
            await session.execute(text("DELETE FROM procrastinate_jobs"))
            assert await enqueue_open_runs(session) == 1
            assert await enqueue_open_runs(session) == 0
        if attempt < MOST_ATTEMPTS:
            continue
        await execute_run(sessions, run_id=run_id, clock=clock)
    run = await find(sessions, run_id)
    assert run.state is RunState.FAILED
    assert f"interrupted {MOST_ATTEMPTS} times" in run.error["sentence"]
    async with sessions.begin() as session:
        await retry_run(session, slug="example", run_id=run_id, actor="o")
    await execute_run(sessions, run_id=run_id, clock=clock)
    assert (await find(sessions, run_id)).state is RunState.DONE


async def test_given_up_while_it_runs_nothing_is_stored(sessions, panel, monkeypatch):
    run_id = await queue(sessions)
    original = background.compute_results

    async def slowly(*args, **kwargs):
        async with sessions.begin() as session:
            await discard_run(session, slug="example", run_id=run_id, actor="o")
        return await original(*args, **kwargs)

    monkeypatch.setattr(background, "compute_results", slowly)
    await execute_run(sessions, run_id=run_id, clock=clock)
    assert await find(sessions, run_id) is None
    assert await count(sessions, RunScore) == 0


async def test_results_are_kept(sessions, panel):
    run_id = await queue(sessions)
    await execute_run(sessions, run_id=run_id, clock=clock)
    async with sessions.begin() as session:
        with pytest.raises(Conflict, match="results are kept"):
            await discard_run(session, slug="example", run_id=run_id, actor="o")
        with pytest.raises(Conflict, match="has failed"):
            await retry_run(session, slug="example", run_id=run_id, actor="o")
        with pytest.raises(NotFound):
            await discard_run(session, slug="example", run_id=run_id + 1, actor="o")


async def test_nothing_is_said_of_who_withdraws_meanwhile(sessions, panel, monkeypatch):
    run_id = await queue(sessions, AnalysisConfiguration())
    original = background.compute_results

    async def meanwhile(*args, **kwargs):
        async with sessions.begin() as session:
            panel.session = session
            await panel.set_status(1, RaterStatus.WITHDRAWN)
        return await original(*args, **kwargs)

    monkeypatch.setattr(background, "compute_results", meanwhile)
    await execute_run(sessions, run_id=run_id, clock=clock)
    async with sessions() as session:
        rows = await session.execute(select(RunRater.rater_id, RunRater.n, RunRater.evidence))
        said = {rater_id: (n, evidence) for rater_id, n, evidence in rows}
    assert said[1] == (0, {})
    assert said[2][0] == 4
    assert said[2][1]["sensitivity"]["sentence"]


@pytest.fixture
async def bored(sessions, blobs):
    """A study in which each rater gives one score only, so that nobody is left; codes by id."""
    async with sessions.begin() as session:
        made = await make_panel(session, blobs, stimuli=24)
        codes = ("amy", "ben", "zoe")
        return {
            await made.add_rater(dict.fromkeys(made.stimuli, (level, level)), code=code): code
            for level, code in enumerate(codes, start=20)
        }


async def leave(sessions, rater_id):
    async with sessions.begin() as session:
        public_id = await session.scalar(select(Rater.public_id).where(Rater.id == rater_id))
        await withdraw(session, slug="example", rater_id=public_id, now=NOW)


def named_in(run):
    assert run.state is RunState.FAILED
    assert run.error["sentence"].startswith("Screening rejects every rater")
    assert all("same score to all 24" in p["sentence"] for p in run.error["problems"])
    return [problem["where"] for problem in run.error["problems"]]


async def test_a_failed_run_forgets_who_withdraws(sessions, bored):
    first, second = await queue(sessions), await queue(sessions)
    for run_id in (first, second):
        await execute_run(sessions, run_id=run_id, clock=clock)
    assert named_in(await find(sessions, first)) == ["amy", "ben", "zoe"]
    leaving, *others = bored
    await leave(sessions, leaving)
    assert named_in(await find(sessions, first)) == ["ben", "zoe"]
    assert named_in(await find(sessions, second)) == ["ben", "zoe"]
    for rater_id in others:
        await leave(sessions, rater_id)
    assert named_in(await find(sessions, first)) == []


async def test_a_run_that_fails_says_nothing_of_who_withdrew_meanwhile(
    sessions, bored, monkeypatch
):
    run_id = await queue(sessions)
    original = background.compute_results

    async def meanwhile(*args, **kwargs):
        await leave(sessions, next(iter(bored)))
        return await original(*args, **kwargs)

    monkeypatch.setattr(background, "compute_results", meanwhile)
    await execute_run(sessions, run_id=run_id, clock=clock)
    assert named_in(await find(sessions, run_id)) == ["ben", "zoe"]


async def test_a_withdrawal_leaves_other_failures_as_they_are(sessions, panel):
    run_id = await queue(sessions)
    await fail_run(sessions, run_id=run_id, clock=clock)
    before = (await find(sessions, run_id)).error
    await leave(sessions, 1)
    assert (await find(sessions, run_id)).error == before


async def test_a_part_that_breaks_does_not_take_the_scores_with_it(sessions, panel, monkeypatch):
    def broken(*args, **kwargs):
        raise FloatingPointError

    monkeypatch.setattr(parts, "panel_reliability", broken)
    monkeypatch.setattr(parts, "study_factors", broken)
    run_id = await queue(sessions, AnalysisConfiguration())
    await execute_run(sessions, run_id=run_id, clock=clock)
    assert (await find(sessions, run_id)).state is RunState.DONE
    async with sessions() as session:
        sections = await load_sections(session, run_id=run_id)
    for name in ("reliability", "factors"):
        assert sections[name] == {
            "failed": "This part could not be computed. The scores of the run are not affected."
        }
    assert sections["sensitivity"]["methods"]


async def test_only_what_was_asked_for_is_computed(sessions, panel):
    setup = AnalysisConfiguration(estimates=("ap", "mos"), parts=("reliability",))
    await execute_run(sessions, run_id=await queue(sessions, setup), clock=clock)
    async with sessions() as session:
        # Three raters are too few for AP, which says so instead.
        assert set(await session.scalars(select(RunEstimate.method))) == {"mos"}
        (mos, ap) = (await load_sections(session, run_id=1))["estimates"]["methods"]
        assert (mos["method"], mos["refused"]) == ("mos", None)
        assert (ap["method"], "5" in ap["refused"]) == ("ap", True)
        assert set(await session.scalars(select(RunSection.name))) == {"estimates", "reliability"}


async def test_an_unforeseen_failure_is_said_without_its_details(sessions, panel):
    run_id = await queue(sessions)
    await fail_run(sessions, run_id=run_id, clock=clock)
    run = await find(sessions, run_id)
    assert run.state is RunState.FAILED
    assert "Something went wrong on our side" in run.error["sentence"]
