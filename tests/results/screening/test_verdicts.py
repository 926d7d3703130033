"""Verdicts about raters, with the evidence in words."""

import pytest
from factories import NOW
from sqlalchemy import select

from app.analysis.screening.evidence import Status
from app.database.tables import Rater
from app.database.tables.rating import RaterStatus
from app.database.tables.results import Verdict
from app.rating.withdrawal import withdraw
from app.results.exports import stream_raters_csv
from app.results.ratings.loading import load_ratings
from app.results.runs.configuration import AnalysisConfiguration
from app.results.runs.execution import run_analysis
from app.results.screening.evidence import CheckEvidence, RaterEvidence
from app.results.screening.verdicts import list_verdicts


def checked(check, status):
    return CheckEvidence(check=check, dimension="quality", status=status, reason="…", numbers={})


def test_a_check_over_all_dimensions_is_as_bad_as_in_the_worst():
    evidence = RaterEvidence(
        checks=(
            checked("bt500", Status.PASSED),
            checked("bt500", Status.NOT_APPLICABLE),
            checked("agreement", Status.FAILED),
            checked("agreement", Status.PASSED),
            checked("variation", Status.NOT_APPLICABLE),
        ),
        mean={},
        sd={},
        median_dwell_ms=None,
    )
    assert evidence.status_by_check == {
        "bt500": Status.PASSED,
        "agreement": Status.FAILED,
        "variation": Status.NOT_APPLICABLE,
    }
    assert [item.check for item in evidence.failed] == ["agreement"]
    assert evidence.fast_share is None


async def test_a_table_of_raters_by_hand(open_panel, session):
    panel = await open_panel(stimuli=24)
    lively = {s: (2 * i, 50 - 2 * i) for i, s in enumerate(panel.stimuli)}
    await panel.add_rater(lively, code="zoe", dwell_ms=2500)
    await panel.add_rater(lively, code="amy", dwell_ms=None)
    bored = await panel.add_rater(dict.fromkeys(panel.stimuli, (25, 25)), code="max", dwell_ms=100)
    run_id = await run_analysis(
        session, slug=panel.slug, configuration=AnalysisConfiguration(), actor="o", now=NOW
    )
    await panel.set_status(bored, RaterStatus.EXCLUDED)
    bored, amy, zoe = await list_verdicts(session, run_id=run_id)
    assert [rater.public_code for rater in (bored, amy, zoe)] == ["max", "amy", "zoe"]
    assert (bored.verdict, bored.status, bored.n) == (Verdict.REJECTED, RaterStatus.EXCLUDED, 24)
    assert {item.check for item in bored.grounds} == {"variation", "pace"}
    assert "same score to all 24" in bored.grounds[0].reason
    assert bored.evidence.status_by_check["pace"] is Status.FAILED
    assert (bored.evidence.fast_share, bored.evidence.median_dwell_ms) == (1.0, 100.0)
    assert bored.evidence.sd == {"quality": 0.0, "alignment": 0.0}
    assert zoe.verdict is Verdict.KEPT
    assert zoe.grounds == ()
    assert zoe.evidence.mean["quality"] == pytest.approx(2.3)
    assert amy.evidence.median_dwell_ms is None
    assert amy.evidence.fast_share is None


async def test_a_run_says_nothing_of_a_rater_who_has_withdrawn_since(open_panel, session):
    panel = await open_panel(stimuli=2)
    leaving, staying = [
        await panel.add_rater(dict.fromkeys(panel.stimuli, (10, 10))) for _ in range(2)
    ]
    run_id = await run_analysis(
        session, slug=panel.slug, configuration=AnalysisConfiguration(), actor="o", now=NOW
    )
    public_id = await session.scalar(select(Rater.public_id).where(Rater.id == leaving))
    await withdraw(session, slug=panel.slug, rater_id=public_id, now=NOW)
    session.expire_all()
    gone, left = await list_verdicts(session, run_id=run_id)
    assert (gone.rater_id, gone.status, gone.n) == (leaving, RaterStatus.WITHDRAWN, 0)
    assert gone.evidence == RaterEvidence()
    assert (left.rater_id, left.n) == (staying, 2)
    exported = "".join([piece async for piece in stream_raters_csv(session, run_id=run_id)])
    assert len(exported.splitlines()) == 2
    ratings = await load_ratings(session, study_id=panel.study_id)
    assert (ratings.matrix.ratings, ratings.left_out.erased_ratings) == (2, 2)
