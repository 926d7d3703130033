"""The study of factors: a study with planted effects, from the tables to the sentences."""

import json
import re
import time

import numpy as np
import pytest
from factories import NOW, make_condition, make_prompt
from sqlalchemy import event, select, update

from app.database.tables import Image, Prompt, Stimulus
from app.errors import NotFound
from app.results.factors.data import ConditionRow, DimensionScores, FactorData
from app.results.factors.settings import setting_effects
from app.results.factors.study import FACTOR_LABELS, METHODS, factors_of, study_factors
from app.results.runs.configuration import AnalysisConfiguration
from app.results.runs.execution import run_analysis
from app.results.summaries import list_generator_means
from app.study.studies import get_study, protocol_of

PROMPTS, KINDS = 12, ("animals", "places", None)


async def analysed(session, panel):
    return await run_analysis(
        session, slug=panel.slug, configuration=AnalysisConfiguration(parts=()), actor="o", now=NOW
    )


@pytest.fixture
async def planted(open_panel, session):
    """Twelve prompts, drawn by two generators, one of them with two numbers of steps.

    `procedural-draft` is 10 levels below `model-a`, and another 8 lower with 4 steps than with
    its default of 8; the prompt moves everything by 0 to 6 levels.
    """
    panel = await open_panel(stimuli=3 * PROMPTS)
    conditions = [
        await make_condition(session, "model-a", steps=20),
        await make_condition(session, "procedural-draft", steps=8),
        await make_condition(session, "procedural-draft", steps=4),
    ]
    prompts = [
        await make_prompt(session, "word " * (4 + 4 * (k % 3)) + str(k)) for k in range(PROMPTS)
    ]
    for k, prompt_id in enumerate(prompts):
        kind = KINDS[k % 3]
        await session.execute(update(Prompt).where(Prompt.id == prompt_id).values(category=kind))
    levels = {}
    for place, stimulus in enumerate(panel.stimuli):
        k, c = place // 3, place % 3
        image_id = select(Stimulus.image_id).where(Stimulus.id == stimulus).scalar_subquery()
        await session.execute(
            update(Image)
            .where(Image.id == image_id)
            .values(prompt_id=prompts[k], condition_id=conditions[c])
        )
        quality = 36 - 10 * (c > 0) - 8 * (c > 1) + k % 7 + (place % 2)
        levels[stimulus] = (quality, 25 + (3 * place) % 11)
    for shift in (-1, 0, 1):
        await panel.add_rater({s: (q + shift, a) for s, (q, a) in levels.items()})
    return panel


async def test_planted_effects_come_out(planted, session):
    factors = await study_factors(session, run_id=await analysed(session, planted))
    assert (factors.pictures, factors.prompts, factors.generators) == (36, 12, 2)
    assert [dimension.key for dimension in factors.dimensions] == [
        "quality",
        "alignment",
        "overall",
    ]
    quality = factors.dimensions[0]
    shares = {share.factor: share for share in quality.shares}
    assert list(shares) == list(FACTOR_LABELS)
    assert shares["condition"].share > 0.8
    assert shares["generator"].adjusted
    assert shares["settings"].share > 0.1
    assert [mean.name for mean in quality.generators] == ["model-a", "procedural-draft"]
    assert [mean.name for mean in quality.lengths] == [
        "1 to 5 words",
        "6 to 10 words",
        "11 to 20 words",
    ]
    assert {mean.name for mean in quality.categories} == {"animals", "places"}
    assert sum(mean.pictures for mean in quality.categories) == 24


async def test_a_setting_is_compared_with_the_default_of_the_catalogue(planted, session):
    factors = await study_factors(session, run_id=await analysed(session, planted))
    effects = {(e.generator, e.setting, e.value): e for e in factors.dimensions[0].settings}
    steps = effects["procedural-draft", "steps", "4"]
    assert (steps.default, steps.default_from) == ("8", "catalogue")
    assert (steps.basis, steps.prompts) == ("same prompt and other settings", 12)
    assert steps.difference == pytest.approx(-0.8, abs=0.06)
    assert steps.low < steps.difference < steps.high < 0
    # Guidance is 7.5 throughout, though the catalogue says 4: there is nothing to compare.
    assert list(effects) == [("procedural-draft", "steps", "4")]


async def test_the_sentences_say_it_in_plain_words(planted, session):
    factors = await study_factors(session, run_id=await analysed(session, planted))
    said = " ".join(factors.dimensions[0].sentences)
    assert re.search(r"The generator explains \d+ % of the differences in quality between", said)
    assert re.search(r"procedural-draft with steps 4 instead of 8 loses 0\.\d+ in quality", said)
    assert "the overall score" in " ".join(factors.dimensions[2].sentences)
    assert "12 pictures have a prompt without a category" in " ".join(factors.notes)
    assert factors.pairs[0].sentence.startswith("Quality and alignment go together")
    assert factors.pairs[0].between is None


async def test_the_document_is_plain_json_and_names_its_methods(planted, session):
    factors = await study_factors(session, run_id=await analysed(session, planted))
    again = json.loads(json.dumps(factors.model_dump(mode="json"), allow_nan=False))
    assert again["methods"] == list(METHODS)
    assert type(factors).model_validate(again) == factors


async def test_the_same_run_gives_the_same_document(planted, session):
    run_id = await analysed(session, planted)
    assert await study_factors(session, run_id=run_id) == await study_factors(
        session, run_id=run_id
    )


async def test_an_unknown_run(session):
    with pytest.raises(NotFound):
        await study_factors(session, run_id=10**9)


async def test_one_picture_and_one_rating(open_panel, session):
    panel = await open_panel(stimuli=2)
    await panel.add_rater({panel.stimuli[0]: (10, 10)})
    factors = await study_factors(session, run_id=await analysed(session, panel))
    quality = factors.dimensions[0]
    assert (quality.pictures, quality.mos_sd, quality.noise_share) == (1, None, None)
    assert all(share.share is None and share.reason for share in quality.shares)
    assert quality.generators[0].reason == "There is a single picture."
    assert quality.sentences[0].startswith("What explains quality cannot be said")


async def test_generator_means_of_the_page_are_clustered_and_on_the_scale(planted, session):
    run_id = await analysed(session, planted)
    rows = await list_generator_means(session, run_id=run_id)
    factors = await study_factors(session, run_id=run_id)
    for dimension in factors.dimensions:
        for expected in dimension.generators:
            (row,) = [
                r for r in rows if (r.generator, r.dimension) == (expected.name, dimension.key)
            ]
            assert (row.mean, row.ci_low, row.ci_high) == pytest.approx(
                (expected.mean, expected.low, expected.high), abs=1e-9
            )
            assert (row.stimuli, row.prompts) == (expected.pictures, expected.prompts)


async def test_two_pictures_do_not_stretch_the_chart(open_panel, session):
    panel = await open_panel(stimuli=2, generators=("model-a",))
    await panel.add_rater({panel.stimuli[0]: (45, 5), panel.stimuli[1]: (49, 9)})
    rows = await list_generator_means(session, run_id=await analysed(session, panel))
    assert all(0 <= row.ci_low < row.ci_high <= 5 for row in rows)
    assert rows[0].ci_high == 5.0


async def test_the_number_of_queries_does_not_grow(planted, session):
    run_id = await analysed(session, planted)
    connection = (await session.connection()).sync_connection
    seen = []
    event.listen(connection, "before_cursor_execute", lambda *a: seen.append(a[2]))
    session.expire_all()
    await study_factors(session, run_id=run_id)
    assert len(seen) <= 5


def large(stimuli=20_000, generators=15):
    """Pictures as AIGIQA-20K has them, in memory."""
    rng = np.random.default_rng(1)
    generator = rng.integers(0, generators, stimuli)
    prompt = rng.integers(0, 4000, stimuli)
    steps = rng.integers(0, 3, stimuli)
    names = tuple(f"g{k:02}" for k in range(generators))
    conditions = {
        g * 3 + s: ConditionRow(g * 3 + s, names[g], None, 7.5, 10 * (s + 1), None, 512, 512, "{}")
        for g in range(generators)
        for s in range(3)
    }
    mos = 2.5 + 0.5 * rng.normal(size=generators)[generator] + 0.4 * rng.normal(size=stimuli)
    scores = DimensionScores(mos, np.full(stimuli, 0.8), np.full(stimuli, 20))
    return FactorData(
        prompt=prompt,
        condition=generator * 3 + steps,
        generator=generator,
        words=rng.integers(1, 50, 4000)[prompt],
        category=np.array(["a", "b", "c"])[prompt % 3].tolist(),
        generators=names,
        conditions=conditions,
        scores=dict.fromkeys(("quality", "alignment", "overall"), scores),
    )


async def test_twenty_thousand_pictures_take_seconds(open_panel, session):
    panel = await open_panel(stimuli=1)
    protocol = protocol_of(await get_study(session, slug=panel.slug))
    started = time.process_time()
    factors = factors_of(large(), protocol, level=0.95)
    assert time.process_time() - started < 20
    quality = factors.dimensions[0]
    assert len(quality.settings) == 30
    assert {effect.default_from for effect in quality.settings} == {"most frequent"}
    clear = [e for e in quality.settings if e.low > 0 or e.high < 0]
    assert len(clear) <= 6  # 1.5 expected


def test_many_values_of_a_number_are_taken_together():
    data = large(stimuli=600, generators=1)
    conditions = {
        k: ConditionRow(k, "g00", None, 1.0 + k, 20, None, None, None, "{}") for k in range(12)
    }
    condition = np.random.default_rng(0).integers(0, 12, 600)
    condition[:300] = 5
    data = FactorData(
        **{
            name: getattr(data, name)
            for name in ("prompt", "generator", "words", "category", "generators", "scores")
        },
        condition=condition,
        conditions=conditions,
    )
    effects = setting_effects(data, data.scores["quality"].mos, level=0.95, widest=5)
    assert [(e.value, e.default) for e in effects] == [
        ("below the default", "6"),
        ("above the default", "6"),
    ]
