"""Decisions about proposed raters: apart from proposals, exclusion and withdrawal."""

import pytest
from factories import NOW
from sqlalchemy import select

from app.analysis.run import analyse
from app.database.tables import AuditEvent, Rater, ScreeningDecision
from app.database.tables.rating import RaterStatus
from app.database.tables.results import Decision, Verdict
from app.errors import AnalysisImpossible, Conflict, InvalidInput, NotFound
from app.rating.raters import exclude_rater
from app.rating.withdrawal import withdraw
from app.results.ratings.loading import load_matrix
from app.results.runs.configuration import AnalysisConfiguration
from app.results.runs.execution import run_analysis
from app.results.runs.lookup import get_run
from app.results.screening.decisions import (
    Decided,
    confirm_rejection,
    list_decisions,
    load_decided,
    overrule_rejection,
    take_back_decision,
)
from app.results.screening.verdicts import Standing, count_by_rule, list_verdicts, map_standings

BORED = "max"


@pytest.fixture
async def panel(open_panel, session):
    """Three raters who agree and one who always gives the same score, analysed once."""
    panel = await open_panel(stimuli=24)
    for code, shift in (("amy", 0), ("ben", 1), ("zoe", 2)):
        levels = {s: (shift + 2 * i, 50 - 2 * i) for i, s in enumerate(panel.stimuli)}
        await panel.add_rater(levels, code=code)
    await panel.add_rater(dict.fromkeys(panel.stimuli, (25, 25)), code=BORED)
    await analyse_again(session, panel)
    return panel


async def analyse_again(session, panel, **configuration) -> int:
    setup = AnalysisConfiguration(**configuration)
    return await run_analysis(session, slug=panel.slug, configuration=setup, actor="owner", now=NOW)


async def decide(session, panel, how, code=BORED, reason="Looked at the scores."):
    await how(session, slug=panel.slug, public_code=code, reason=reason, actor="owner")


async def verdict_of(session, run_id, code=BORED):
    found = {rater.public_code: rater for rater in await list_verdicts(session, run_id=run_id)}
    return found[code]


async def id_of(session, code=BORED) -> int:
    return await session.scalar(select(Rater.id).where(Rater.public_code == code))


async def test_a_proposal_counts_until_somebody_decides(session, panel):
    found = await verdict_of(session, await analyse_again(session, panel))
    assert (found.is_proposed, found.decision, found.verdict) == (True, None, Verdict.REJECTED)
    assert found.standing is Standing.PROPOSED


async def test_an_overruled_rater_is_kept_by_the_next_run_and_still_proposed(session, panel):
    await decide(session, panel, overrule_rejection, reason="  An expert; all were alike.  ")
    run_id = await analyse_again(session, panel)
    found = await verdict_of(session, run_id)
    assert (found.is_proposed, found.decision) == (True, Decision.OVERRULED)
    assert (found.verdict, found.standing) == (Verdict.KEPT, Standing.OVERRULED)
    assert {item.check for item in found.grounds} == {"variation"}
    (past,) = await list_decisions(session, rater_id=await id_of(session))
    assert (past.decision, past.reason) == (Decision.OVERRULED, "An expert; all were alike.")
    assert past.decided_by == "owner"


async def test_a_confirmed_rater_stays_out_even_if_no_check_rejects(session, panel):
    await decide(session, panel, confirm_rejection)
    found = await verdict_of(session, await analyse_again(session, panel, rejecting=()))
    assert (found.is_proposed, found.verdict) == (False, Verdict.REJECTED)
    assert found.standing is Standing.CONFIRMED


async def test_what_is_taken_back_is_left_to_the_checks_and_remembered(session, panel):
    await decide(session, panel, overrule_rejection)
    await take_back_decision(session, slug=panel.slug, public_code=BORED, actor="owner")
    found = await verdict_of(session, await analyse_again(session, panel))
    assert (found.decision, found.verdict) == (None, Verdict.REJECTED)
    history = await list_decisions(session, rater_id=await id_of(session))
    assert [past.decision for past in history] == [None, Decision.OVERRULED]
    with pytest.raises(Conflict, match="no decision about rater max to take back"):
        await take_back_decision(session, slug=panel.slug, public_code=BORED, actor="owner")


async def test_the_newest_decision_counts(session, panel):
    await decide(session, panel, overrule_rejection)
    await decide(session, panel, confirm_rejection)
    max_id = str(await id_of(session))
    assert await load_decided(session, study_id=panel.study_id) == Decided(confirmed=(max_id,))
    with pytest.raises(Conflict, match="is confirmed already"):
        await decide(session, panel, confirm_rejection)
    assert len(await list_decisions(session, rater_id=int(max_id))) == 2


@pytest.mark.parametrize("reason", ["", "  ", "no", " no "])
@pytest.mark.parametrize("how", [confirm_rejection, overrule_rejection])
async def test_a_decision_needs_a_reason(session, panel, how, reason):
    with pytest.raises(InvalidInput, match="Please give a reason"):
        await decide(session, panel, how, reason=reason)
    with pytest.raises(InvalidInput, match="longer than 500"):
        await decide(session, panel, how, reason="x" * 501)
    await decide(session, panel, how, reason="x" * 500)


async def test_only_what_is_proposed_can_be_decided(session, panel):
    with pytest.raises(Conflict, match="does not propose to reject rater amy"):
        await decide(session, panel, confirm_rejection, code="amy")
    with pytest.raises(NotFound):
        await decide(session, panel, confirm_rejection, code="nobody")


async def test_without_a_run_there_is_nothing_to_decide(open_panel, session):
    panel = await open_panel(stimuli=2)
    await panel.add_rater(dict.fromkeys(panel.stimuli, (1, 1)), code=BORED)
    with pytest.raises(Conflict, match="does not propose"):
        await decide(session, panel, overrule_rejection)


async def test_excluded_raters_are_another_matter(session, panel):
    await decide(session, panel, confirm_rejection)
    await exclude_rater(
        session, slug=panel.slug, public_code=BORED, reason="Asleep.", actor="owner", now=NOW
    )
    assert await load_decided(session, study_id=panel.study_id) == Decided()
    with pytest.raises(Conflict, match="is excluded"):
        await decide(session, panel, overrule_rejection)
    run = await get_run(session, run_id=await analyse_again(session, panel))
    assert run.configuration["confirmed"] == []
    assert run.summary is not None
    assert (run.summary["rejected"], run.summary["excluded_raters"]) == (0, 1)


async def test_reasons_vanish_when_the_rater_withdraws(session, panel):
    await decide(session, panel, confirm_rejection, reason="Known to be colour-blind.")
    await exclude_rater(
        session, slug=panel.slug, public_code=BORED, reason="Smelled.", actor="owner", now=NOW
    )
    rater_id = await id_of(session)
    public_id = await session.scalar(select(Rater.public_id).where(Rater.id == rater_id))
    await withdraw(session, slug=panel.slug, rater_id=public_id, now=NOW)
    session.expire_all()
    (past,) = await list_decisions(session, rater_id=rater_id)
    assert (past.decision, past.reason) == (Decision.CONFIRMED, "")
    assert await load_decided(session, study_id=panel.study_id) == Decided()
    rater = await session.get_one(Rater, rater_id)
    assert rater.status_reason is None
    details = str((await session.scalars(select(AuditEvent.detail))).all())
    assert "colour-blind" not in details
    assert "Smelled" not in details
    assert "ratings_erased" in details


async def test_every_decision_is_in_the_audit_log_and_none_is_changed(session, panel):
    await decide(session, panel, confirm_rejection)
    await decide(session, panel, overrule_rejection)
    await take_back_decision(session, slug=panel.slug, public_code=BORED, actor="owner")
    query = select(AuditEvent.action).where(AuditEvent.subject_kind == "rater")
    actions = (await session.scalars(query.order_by(AuditEvent.id))).all()
    assert actions == [
        "rejection_confirmed",
        "rejection_overruled",
        "rejection_decision_taken_back",
    ]
    stored = await session.scalars(select(ScreeningDecision.decision).order_by("id"))
    assert stored.all() == [Decision.CONFIRMED, Decision.OVERRULED, None]


async def test_a_stored_run_repeats_to_the_last_bit_whatever_was_decided_since(session, panel):
    await decide(session, panel, overrule_rejection)
    run = await get_run(session, run_id=await analyse_again(session, panel))
    await decide(session, panel, confirm_rejection)
    stored = AnalysisConfiguration.model_validate(run.configuration)
    matrix = await load_matrix(session, study_id=panel.study_id)
    again = analyse(matrix, stored.for_analysis())
    assert again.rejected == ()
    assert again.fingerprint == run.fingerprint
    repeated = await get_run(
        session, run_id=await analyse_again(session, panel, **stored.model_dump())
    )
    assert repeated.summary == run.summary


async def test_confirming_everyone_is_refused_with_the_reasons(session, panel):
    codes = ("amy", "ben", "zoe", BORED)
    everyone = [str(await id_of(session, code)) for code in codes]
    with pytest.raises(AnalysisImpossible, match="rejects every rater"):
        await analyse_again(session, panel, confirmed=tuple(everyone))


async def test_present_decisions_show_before_the_next_run(session, panel):
    run_id = await analyse_again(session, panel)
    await decide(session, panel, overrule_rejection)
    standings = await map_standings(session, run_id=run_id)
    assert standings[await id_of(session)] is Standing.OVERRULED
    assert (await verdict_of(session, run_id)).standing is Standing.PROPOSED


async def test_what_each_rule_would_do(session, panel):
    run = await get_run(session, run_id=await analyse_again(session, panel, also=("vqeg",)))
    counts = {rule.check: rule for rule in await count_by_rule(session, run=run)}
    assert list(counts) == ["agreement", "variation", "controls", "pace", "bt500", "vqeg"]
    assert (counts["variation"].failed, counts["variation"].passed) == (1, 3)
    assert (counts["vqeg"].failed, counts["vqeg"].not_applicable) == (0, 1)
    assert counts["variation"].is_rejecting
    assert not counts["vqeg"].is_rejecting
    assert counts["controls"].not_applicable == 4


async def test_decisions_are_those_of_raters_whose_ratings_count(session, panel):
    await decide(session, panel, confirm_rejection)
    await panel.set_status(await id_of(session), RaterStatus.ACTIVE)
    assert (await load_decided(session, study_id=panel.study_id)).confirmed
