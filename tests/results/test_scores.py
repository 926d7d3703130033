"""Scores page by page."""

from factories import NOW

from app.results.runs.configuration import AnalysisConfiguration
from app.results.runs.execution import run_analysis
from app.results.scores import list_scores


async def run(session, panel):
    return await run_analysis(
        session, slug=panel.slug, configuration=AnalysisConfiguration(), actor="o", now=NOW
    )


async def test_pages_follow_each_other_without_gap_or_repetition(open_panel, session):
    panel = await open_panel(stimuli=5)
    await panel.add_rater({stimulus: (stimulus, 1) for stimulus in panel.stimuli})
    run_id = await run(session, panel)
    seen, after = [], 0
    while page := await list_scores(session, run_id=run_id, after=after, limit=2):
        assert len(page) <= 2
        seen += page
        after = page[-1].stimulus_id
    assert [stimulus.stimulus_id for stimulus in seen] == panel.stimuli
    assert set(seen[0].scores) == {"quality", "alignment", "overall"}
    assert [round(s.scores["quality"].mos * 10) for s in seen] == panel.stimuli
    assert {stimulus.generator for stimulus in seen} == {"model-a", "model-b"}
