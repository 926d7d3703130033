"""Estimates of a run: stored by stimulus id, and read for one picture."""

import numpy as np
import pytest
from factories import NOW
from sqlalchemy import select

from app.analysis.estimates import EstimateMethod, estimate
from app.database.tables import RunEstimate, RunScore, Stimulus
from app.results.ratings.loading import load_matrix
from app.results.runs.configuration import AnalysisConfiguration
from app.results.runs.estimates import list_image_estimates, load_stimulus_ids
from app.results.runs.execution import run_analysis

SETUP = AnalysisConfiguration(rejecting=(), parts=())


async def run(session, slug="example", configuration=SETUP):
    return await run_analysis(session, slug=slug, configuration=configuration, actor="o", now=NOW)


@pytest.fixture
async def panel(open_panel):
    """Twelve pictures, so that ids as numbers and as text have different orders."""
    made = await open_panel(stimuli=12)
    generator = np.random.default_rng(3)
    for _ in range(6):
        levels = generator.integers(0, 51, (12, 2)).tolist()
        await made.add_rater(dict(zip(made.stimuli, levels, strict=True)))
    return made


async def test_every_method_says_of_every_picture_what_the_numerics_say(panel, session):
    run_id = await run(session)
    matrix = (await load_matrix(session, study_id=panel.study_id)).canonical()
    ids = (await load_stimulus_ids(session, run_id=run_id)).tolist()
    assert ids == panel.stimuli
    rows = await session.scalars(select(RunEstimate).where(RunEstimate.run_id == run_id))
    stored = {(row.method, row.dimension): row for row in rows}
    for method in EstimateMethod:
        found = estimate(matrix, method)
        if found.refused:
            assert (method.value, "quality") not in stored
            continue
        for c, column in enumerate(found.columns):
            by_id = dict(zip(map(int, matrix.stimulus_ids), found.value[:, c], strict=True))
            assert stored[method.value, column].value == [by_id[each] for each in ids]


async def test_the_plain_mos_is_the_one_of_the_scores(panel, session):
    run_id = await run(session)
    mos = await session.scalars(
        select(RunScore.mos)
        .where(RunScore.run_id == run_id, RunScore.dimension == "quality")
        .order_by(RunScore.stimulus_id)
    )
    row = await session.get_one(RunEstimate, (run_id, "mos", "quality"))
    assert row.value == list(mos)
    assert row.effective_n == [6.0] * 12


async def test_a_picture_by_every_method_of_the_newest_run(panel, session):
    stimulus = panel.stimuli[9]
    image_id = await session.scalar(select(Stimulus.image_id).where(Stimulus.id == stimulus))
    assert await list_image_estimates(session, image_id=image_id) == []
    await run(session)
    newest = await run(session)
    (shown,) = await list_image_estimates(session, image_id=image_id)
    assert (shown.study_slug, shown.run_id) == ("example", newest)
    score = await session.get_one(RunScore, (newest, stimulus, "alignment"))
    mos = shown.methods["mos"]["alignment"]
    assert (mos.value, mos.ci_low, mos.ci_high) == (score.mos, score.ci_low, score.ci_high)
    assert shown.methods["em"]["overall"].value is not None
    # A newer run without estimates has nothing to show.
    await run(session, configuration=SETUP.model_copy(update={"estimates": ()}))
    assert await list_image_estimates(session, image_id=image_id) == []


async def test_an_unrated_picture_has_no_value(open_panel, session):
    made = await open_panel(stimuli=2)
    rated, unrated = made.stimuli
    await made.add_rater({rated: (10, 10)})
    run_id = await run(session)
    row = await session.get_one(RunEstimate, (run_id, "mos", "quality"))
    assert (row.value, row.ci_low) == ([1.0, None], [None, None])
    image_id = await session.scalar(select(Stimulus.image_id).where(Stimulus.id == unrated))
    (shown,) = await list_image_estimates(session, image_id=image_id)
    assert shown.methods["mos"]["quality"].value is None
