"""Scores page by page, and of one picture."""

from factories import NOW
from sqlalchemy import select

from app.database.tables import Stimulus
from app.results.configuration import AnalysisConfiguration
from app.results.runs import run_analysis
from app.results.scores import list_image_scores, list_scores


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


async def test_a_picture_shows_the_newest_run_of_each_study(open_panel, session):
    panel = await open_panel(stimuli=2)
    stimulus = panel.stimuli[0]
    image_id = await session.scalar(select(Stimulus.image_id).where(Stimulus.id == stimulus))
    assert await list_image_scores(session, image_id=image_id) == []
    await panel.add_rater({stimulus: (10, 10)})
    await run(session, panel)
    await panel.add_rater({stimulus: (30, 10)})
    newest = await run(session, panel)
    (shown,) = await list_image_scores(session, image_id=image_id)
    assert (shown.study_slug, shown.run_id, shown.run_at) == (panel.slug, newest, NOW)
    assert shown.scores["quality"].mos == 2.0
    assert shown.scores["quality"].n == 2
    assert shown.configuration.level == 0.95
