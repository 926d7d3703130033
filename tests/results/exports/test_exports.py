"""Exports read back to what is stored, to the last bit."""

import csv
import io
import json

import pytest
from factories import NOW, make_protocol
from sqlalchemy import select, update

from app.database.tables import Condition, Image, Prompt, Rater, RunScore, Stimulus
from app.database.tables.rating import Phase, RaterStatus
from app.errors import Conflict, NotFound
from app.results.exports import (
    ScoreKind,
    stream_agiqa3k_csv,
    stream_raters_csv,
    stream_ratings_csv,
    stream_scores_csv,
    stream_stimuli_csv,
)
from app.results.exports.names import pseudonym
from app.results.release.data_card import data_card
from app.results.runs.configuration import AnalysisConfiguration
from app.results.runs.execution import run_analysis
from app.results.runs.lookup import get_run
from app.results.runs.summary import summary_of
from app.study.studies import get_study

AWKWARD = '=SUM(A1), "quoted"\nand @ second line; +-|'


async def text_of(pieces):
    return "".join([piece async for piece in pieces])


async def read(pieces):
    """The rows of an export as a program would read them."""
    return list(csv.DictReader(io.StringIO(await text_of(pieces), newline="")))


async def analysed(open_panel, session, **panel_options):
    """Three raters of four stimuli, the last of which nobody saw, and a run."""
    panel = await open_panel(stimuli=4, **panel_options)
    for shift in (0, 3, 7):
        await panel.add_rater(
            {s: (10 * i + shift, 40 - 7 * i + shift) for i, s in enumerate(panel.stimuli[:3])}
        )
    run_id = await run_analysis(
        session, slug=panel.slug, configuration=AnalysisConfiguration(), actor="o", now=NOW
    )
    return panel, run_id


async def stored_scores(session, run_id):
    rows = await session.scalars(select(RunScore).where(RunScore.run_id == run_id))
    return {(row.stimulus_id, row.dimension): row for row in rows}


def same(cell, number):
    """Whether a cell holds this number, bit for bit; an empty one holds None."""
    return cell == "" if number is None else float(cell) == number


async def rename(session, stimulus_id, *, name=None, prompt=None):
    image_id = select(Stimulus.image_id).where(Stimulus.id == stimulus_id).scalar_subquery()
    if name is not None:
        await session.execute(update(Image).where(Image.id == image_id).values(name=name))
    if prompt is not None:
        prompt_id = select(Image.prompt_id).where(Image.id == image_id).scalar_subquery()
        await session.execute(update(Prompt).where(Prompt.id == prompt_id).values(text=prompt))


async def test_scores_agree_with_what_is_stored_to_the_last_bit(open_panel, session):
    panel, run_id = await analysed(open_panel, session)
    stored = await stored_scores(session, run_id)
    run = await get_run(session, run_id=run_id)
    rows = await read(stream_scores_csv(session, run_id=run_id))
    assert len(rows) == 4
    fields = ("n", "mos", "sos", "ci_low", "ci_high")
    fields += ("z_n", "z_mos", "z_sos", "z_ci_low", "z_ci_high")
    for stimulus, row in zip(panel.stimuli, rows, strict=True):
        for dimension in ("quality", "alignment", "overall"):
            for field in fields:
                value = getattr(stored[stimulus, dimension], field)
                assert same(row[f"{dimension}_{field}"], value), (dimension, field)
        assert row["run_id"] == str(run_id)
        assert row["fingerprint"] == run.fingerprint
    assert rows[0]["generator"] == "model-a"
    assert (rows[0]["guidance"], rows[0]["steps"]) == ("7.5", "20")
    assert rows[3]["quality_n"] == "0"
    assert rows[3]["quality_mos"] == ""


@pytest.mark.data
@pytest.mark.parametrize(
    ("kind", "mos", "sos"), [(ScoreKind.RAW, "mos", "sos"), (ScoreKind.Z, "z_mos", "z_sos")]
)
async def test_agiqa3k_has_exactly_their_columns(open_panel, session, shared_data, kind, mos, sos):
    panel, run_id = await analysed(open_panel, session)
    stored = await stored_scores(session, run_id)
    text = await text_of(stream_agiqa3k_csv(session, run_id=run_id, score=kind))
    theirs = (shared_data / "agiqa3k" / "data.csv").read_text(encoding="utf-8")
    assert text.splitlines()[0] == theirs.splitlines()[0]
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    for stimulus, row in zip(panel.stimuli, rows, strict=True):
        for dimension, ending in (("quality", "quality"), ("alignment", "align")):
            score = stored[stimulus, dimension]
            assert same(row[f"mos_{ending}"], getattr(score, mos))
            assert same(row[f"std_{ending}"], getattr(score, sos))
        assert (row["adj1"], row["adj2"], row["style"]) == ("", "", "")


async def test_agiqa3k_needs_its_dimensions(open_panel, session):
    plain = make_protocol()
    panel = await open_panel(
        stimuli=1, protocol=plain.model_copy(update={"dimensions": plain.dimensions[:1]})
    )
    await panel.add_rater({panel.stimuli[0]: (1,)})
    run_id = await run_analysis(
        session, slug=panel.slug, configuration=AnalysisConfiguration(), actor="o", now=NOW
    )
    with pytest.raises(Conflict, match="this study has quality"):
        await text_of(stream_agiqa3k_csv(session, run_id=run_id, score=ScoreKind.RAW))


async def test_prompts_are_never_altered(open_panel, session):
    panel, run_id = await analysed(open_panel, session)
    await rename(session, panel.stimuli[0], prompt=AWKWARD)
    for pieces in (
        stream_scores_csv(session, run_id=run_id),
        stream_agiqa3k_csv(session, run_id=run_id, score=ScoreKind.RAW),
        stream_stimuli_csv(session, slug=panel.slug),
    ):
        assert (await read(pieces))[0]["prompt"] == AWKWARD


async def test_every_export_uses_the_same_unique_names(open_panel, session):
    panel, run_id = await analysed(open_panel, session)
    for stimulus in panel.stimuli:
        await rename(session, stimulus, name="same.png")
    scores = await read(stream_scores_csv(session, run_id=run_id))
    names = [row["name"] for row in scores]
    assert names == ["same.png", "model-b_00002.png", "model-a_00003.png", "model-b_00004.png"]
    agiqa = await read(stream_agiqa3k_csv(session, run_id=run_id, score=ScoreKind.RAW))
    assert [row["name"] for row in agiqa] == names
    stimuli = await read(stream_stimuli_csv(session, slug=panel.slug))
    assert [row["name"] for row in stimuli] == names
    assert {row["original_name"] for row in stimuli} == {"same.png"}
    ratings = await read(stream_ratings_csv(session, slug=panel.slug))
    assert {row["name"] for row in ratings} == set(names[:3])


async def test_ratings_carry_scores_times_and_revisions_but_no_person(open_panel, session):
    panel = await open_panel(stimuli=3)
    a, b, _ = panel.stimuli
    rater = await panel.add_rater({b: (50, 0), a: (5, 17)}, code="private-code", dwell_ms=1234)
    await panel.correct(rater, a, (6, 17))
    text = await text_of(stream_ratings_csv(session, slug=panel.slug))
    public_id = await session.scalar(select(Rater.public_id).where(Rater.id == rater))
    assert "private-code" not in text
    assert str(public_id) not in text
    assert "2026" not in text
    first, second = csv.DictReader(io.StringIO(text, newline=""))
    assert first == {
        "rater": pseudonym(panel.slug, public_id),
        "name": (await read(stream_stimuli_csv(session, slug=panel.slug)))[1]["name"],
        "quality": "5.0",
        "alignment": "0.0",
        "phase": "main",
        "sitting": "1",
        "position": "0",
        "revision": "1",
        "dwell_ms": "1234",
        "seconds_into_sitting": "10.000",
        "simulated": "no",
    }
    assert (second["quality"], second["alignment"], second["revision"]) == ("0.6", "1.7", "2")
    assert second["seconds_into_sitting"] == "80.000"


async def test_simulated_raters_are_told_from_people_everywhere(open_panel, session):
    panel = await open_panel(stimuli=3)
    scores = {stimulus: (10 * n, 10 * n) for n, stimulus in enumerate(panel.stimuli)}
    person, program = await panel.add_rater(scores), await panel.add_rater(scores)
    await session.execute(
        update(Rater).where(Rater.id == program).values(recruitment_source="simulated")
    )
    run_id = await run_analysis(
        session, slug=panel.slug, configuration=AnalysisConfiguration(), actor="test", now=NOW
    )
    run = await get_run(session, run_id=run_id)
    assert summary_of(run).simulated_raters == 1
    code = {
        rater: pseudonym(panel.slug, (await session.get_one(Rater, rater)).public_id)
        for rater in (person, program)
    }
    for stream in (
        stream_ratings_csv(session, slug=panel.slug),
        stream_raters_csv(session, run_id=run_id),
    ):
        marks = {(row["rater"], row["simulated"]) for row in await read(stream)}
        assert marks == {(code[person], "no"), (code[program], "yes")}
    study = await get_study(session, slug=panel.slug)
    card = data_card(study, run, files={}, images="")
    assert "Simulated raters among those screened (programs, not people): 1" in card


async def test_ratings_of_left_out_raters_and_of_training_are_not_published(open_panel, session):
    panel = await open_panel(stimuli=1, protocol=make_protocol(training=1))
    (stimulus,) = panel.stimuli
    await panel.add_rater({stimulus: (1, 1)}, status=RaterStatus.EXCLUDED)
    await panel.add_rater({}, status=RaterStatus.WITHDRAWN)
    rater = await panel.add_rater({panel.training[0]: (9, 9)}, phase=Phase.TRAINING)
    await panel.add_sitting(rater, {stimulus: (2, 2)})
    plain = await read(stream_ratings_csv(session, slug=panel.slug))
    assert [(row["quality"], row["phase"]) for row in plain] == [("0.2", "main")]
    everything = await read(stream_ratings_csv(session, slug=panel.slug, with_training=True))
    assert [row["phase"] for row in everything] == ["training", "main"]


async def test_pseudonyms_stay_when_more_raters_come(open_panel, session):
    panel = await open_panel(stimuli=1)
    await panel.add_rater({panel.stimuli[0]: (1, 1)})
    (before,) = await read(stream_ratings_csv(session, slug=panel.slug))
    for _ in range(5):
        await panel.add_rater({panel.stimuli[0]: (2, 2)})
    after = await read(stream_ratings_csv(session, slug=panel.slug))
    codes = [row["rater"] for row in after]
    assert codes == sorted(codes)
    assert [row["rater"] for row in after if row["quality"] == "0.1"] == [before["rater"]]


async def test_raters_have_the_pseudonyms_of_their_ratings(open_panel, session):
    panel, run_id = await analysed(open_panel, session)
    raters = await read(stream_raters_csv(session, run_id=run_id))
    ratings = await read(stream_ratings_csv(session, slug=panel.slug))
    assert {row["rater"] for row in raters} == {row["rater"] for row in ratings}
    for row in raters:
        assert row["ratings"] == "3"
        assert row["verdict"] == "kept"
        assert row["agreement"] == "not applicable"
        own = [float(r["quality"]) for r in ratings if r["rater"] == row["rater"]]
        assert float(row["quality_mean"]) == pytest.approx(sum(own) / 3)


async def test_stimuli_tell_where_each_picture_comes_from(open_panel, session):
    panel = await open_panel(stimuli=2, protocol=make_protocol(training=1))
    provenance = {"true_quality": 0.75, "words": "größer"}
    image_id = select(Stimulus.image_id).where(Stimulus.id == panel.stimuli[0]).scalar_subquery()
    await session.execute(
        update(Image).where(Image.id == image_id).values(provenance=provenance, flags=["dark"])
    )
    await session.execute(update(Condition).values(extra={"eta": 0.5}))
    rows = await read(stream_stimuli_csv(session, slug=panel.slug))
    assert [row["kind"] for row in rows] == ["main", "main", "training"]
    assert json.loads(rows[0]["provenance"]) == provenance
    assert json.loads(rows[0]["settings"]) == {"eta": 0.5}
    assert (rows[0]["flags"], rows[1]["flags"], rows[1]["provenance"]) == ("dark", "", "")
    assert len(rows[0]["sha256"]) == 64
    assert rows[0]["origin"] == "generated"


async def test_no_piece_of_a_large_export_is_large(open_panel, session, monkeypatch):
    monkeypatch.setattr("app.results.exports.ratings.PAGE", 2)
    monkeypatch.setattr("app.results.exports.scores.PAGE", 2)
    monkeypatch.setattr("app.results.exports.stimuli.PAGE", 2)
    panel, run_id = await analysed(open_panel, session)
    for pieces, lines in (
        (stream_ratings_csv(session, slug=panel.slug), [1, 2, 2, 2, 2, 1]),
        (stream_scores_csv(session, run_id=run_id), [1, 2, 2]),
        (stream_stimuli_csv(session, slug=panel.slug), [1, 2, 2]),
    ):
        assert [piece.count("\n") async for piece in pieces] == lines


async def test_what_does_not_exist_cannot_be_exported(session):
    for pieces in (
        stream_scores_csv(session, run_id=1),
        stream_raters_csv(session, run_id=1),
        stream_ratings_csv(session, slug="nowhere"),
        stream_stimuli_csv(session, slug="nowhere"),
    ):
        with pytest.raises(NotFound):
            await text_of(pieces)
