"""Metrics against a run's scores: evaluated, stored with the run, made again when due."""

import csv
import io
from typing import Any

import pytest
from dashboard import make_rated_study, make_run
from factories import make_study
from metric_factory import list_image_ids, make_metric
from sqlalchemy import func, select

from app.analysis.correlation import srcc
from app.database.engine import SessionFactory
from app.database.tables import RunScore, RunSection, Stimulus
from app.errors import AnalysisImpossible, NotFound
from app.pool.metric_predictions import remove_metric, store_predictions
from app.results.metrics import benchmark, queue
from app.results.metrics.benchmark import evaluate_run, find_benchmark
from app.results.metrics.charts import find_metric_chart
from app.results.metrics.data import list_study_metrics, load_image_names
from app.results.metrics.queue import execute_evaluation, is_evaluating, queue_evaluation
from app.results.metrics.table import (
    LEADERBOARD_HEADER,
    is_unclear,
    leaderboard_csv,
    near_best,
    runs_wrong_way,
    standings,
    stream_predictions_csv,
)
from app.results.runs.lookup import get_run
from app.storage.blobs import BlobStore


@pytest.fixture
async def run_id(sessions: SessionFactory, blobs: BlobStore) -> int:
    """A study of 24 pictures whose quality rises with their number, analysed."""
    async with sessions.begin() as session:
        await make_rated_study(session, blobs)
        return await make_run(session)


async def find_chart(sessions: SessionFactory, run_id: int, name: str):
    async with sessions() as session:
        return await find_metric_chart(
            session, run=await get_run(session, run_id=run_id), name=name
        )


async def test_every_metric_is_held_against_every_dimension(
    sessions: SessionFactory, run_id: int
) -> None:
    async with sessions.begin() as session:
        good = await make_metric(session, "musiq", noise=0.5)
        await make_metric(session, "niqe", falling=True, higher_is_better=False, noise=6, seed=2)
        await make_metric(session, "ours", noise=60, seed=3)
    document = await evaluate_run(sessions, run_id=run_id)
    assert [d["key"] for d in document["dimensions"]] == ["quality", "alignment", "overall"]
    quality = document["dimensions"][0]
    assert (quality["label"], quality["images"], quality["prompts"]) == ("Quality", 24, 24)
    assert [row["label"] for row in quality["rows"]] == ["MUSIQ", "NIQE", "ours"]
    best = quality["rows"][0]
    assert best["correlations"]["srcc"] > 0.98
    assert not best["is_reversed"]
    assert best["logistic_4"]["plcc"] > 0.95
    assert "fitted" not in best["logistic_4"]
    assert quality["rows"][1]["correlations"]["srcc"] < -0.5
    assert not quality["rows"][1]["is_reversed"]
    assert {part["generator"] for part in best["generators"]} == {"model-a", "model-b"}
    facts = document["metrics"][0]
    assert (facts["metric_id"], facts["measures"], facts["family"]) == (good, "quality", "learned")
    # Alignment falls where quality rises, so a metric of quality runs the wrong way there.
    alignment = {row["label"]: row for row in document["dimensions"][1]["rows"]}
    assert runs_wrong_way(alignment["MUSIQ"])
    assert not runs_wrong_way(best)
    assert is_unclear(alignment["ours"])
    assert not is_unclear(best)
    assert all("@" in method for method in document["methods"])


async def test_the_numbers_are_those_of_the_pictures(sessions: SessionFactory, run_id: int) -> None:
    async with sessions.begin() as session:
        metric_id = await make_metric(session, noise=5)
        values = await benchmark.load_predictions(
            session,
            image_ids=await list_image_ids(session),
            metrics=await list_study_metrics(session, study_id=1),
        )
        mos = (
            await session.scalars(
                select(RunScore.mos)
                .join(Stimulus, Stimulus.id == RunScore.stimulus_id)
                .where(RunScore.run_id == run_id, RunScore.dimension == "quality")
                .order_by(Stimulus.id)
            )
        ).all()
    document = await evaluate_run(sessions, run_id=run_id)
    (row,) = document["dimensions"][0]["rows"]
    assert row["name"] == f"musiq@{metric_id}"
    assert row["correlations"]["srcc"] == srcc(values[row["name"]], mos)


async def test_a_stored_evaluation_is_current_until_a_prediction_changes(
    sessions: SessionFactory, run_id: int
) -> None:
    async with sessions.begin() as session:
        metric_id = await make_metric(session)
        image_id = (await list_image_ids(session))[0]
        assert await find_benchmark(session, run=await get_run(session, run_id=run_id)) is None
    document = await evaluate_run(sessions, run_id=run_id)
    async with sessions.begin() as session:
        stored = await find_benchmark(session, run=await get_run(session, run_id=run_id))
        assert stored is not None
        assert stored.is_current
        assert stored.document == document
        await store_predictions(session, metric_id=metric_id, values={image_id: 9.0}, replace=True)
    async with sessions() as session:
        stored = await find_benchmark(session, run=await get_run(session, run_id=run_id))
        assert stored is not None
        assert not stored.is_current


async def test_the_same_predictions_give_the_same_bits(
    sessions: SessionFactory, run_id: int
) -> None:
    async with sessions.begin() as session:
        await make_metric(session, "musiq")
        await make_metric(session, "niqe", higher_is_better=False, seed=2)
    first, second = [await evaluate_run(sessions, run_id=run_id) for _ in range(2)]
    assert first["dimensions"] == second["dimensions"]


async def test_several_versions_of_a_metric_have_names_of_their_own(
    sessions: SessionFactory, run_id: int
) -> None:
    async with sessions.begin() as session:
        await make_metric(session, "musiq", version="a")
        await make_metric(session, "musiq", version="b", noise=9, seed=2)
    document = await evaluate_run(sessions, run_id=run_id)
    assert {m["label"] for m in document["metrics"]} == {"MUSIQ (a)", "MUSIQ (b)"}


async def test_a_metric_that_lacks_many_pictures_is_shown_but_not_compared(
    sessions: SessionFactory, run_id: int
) -> None:
    async with sessions.begin() as session:
        await make_metric(session, "musiq", missing=12)
        await make_metric(session, "niqe", higher_is_better=False, seed=2)
        await make_metric(session, "liqe", seed=3)
    document = await evaluate_run(sessions, run_id=run_id)
    quality = document["dimensions"][0]
    (left_out,) = quality["not_compared"]
    assert left_out["label"] == "MUSIQ"
    assert "12 of 24" in left_out["reason"]
    row = next(row for row in quality["rows"] if row["label"] == "MUSIQ")
    assert (row["n"], row["missing"]) == (12, 12)


def row_of(srcc: float | None, low: float | None, high: float | None) -> dict[str, Any]:
    return {"correlations": {"srcc": srcc}, "srcc_low": low, "srcc_high": high}


def test_a_relation_is_clear_if_its_interval_excludes_0_or_it_is_perfect() -> None:
    assert is_unclear(row_of(0.2, -0.1, 0.4))
    assert not is_unclear(row_of(0.2, 0.1, 0.4))
    assert not is_unclear(row_of(-0.2, -0.4, -0.1))
    assert is_unclear(row_of(None, None, None))
    assert is_unclear(row_of(0.5, None, None))
    assert not is_unclear(row_of(-1.0, None, None))


async def test_who_beats_whom_is_said_from_both_sides(
    sessions: SessionFactory, run_id: int
) -> None:
    async with sessions.begin() as session:
        await make_metric(session, "musiq", noise=0.5)
        await make_metric(session, "liqe", noise=0.6, seed=2)
        await make_metric(session, "maniqa", noise=80, seed=3)
    quality = (await evaluate_run(sessions, run_id=run_id))["dimensions"][0]
    found = {standing.label: standing for standing in standings(quality["comparison"])}
    assert found["MUSIQ"].better_than == ("MANIQA",)
    assert found["MUSIQ"].like == ("LIQE",)
    assert set(found["MANIQA"].worse_than) == {"MUSIQ", "LIQE"}
    assert sum(near_best(quality).values()) == 2


async def test_without_predictions_or_scores_there_is_a_sentence(
    sessions: SessionFactory, blobs: BlobStore, run_id: int
) -> None:
    with pytest.raises(AnalysisImpossible, match="No metric has a prediction"):
        await evaluate_run(sessions, run_id=run_id)
    with pytest.raises(NotFound):
        await evaluate_run(sessions, run_id=run_id + 1)


async def test_an_evaluation_goes_with_its_last_metric(
    sessions: SessionFactory, run_id: int
) -> None:
    async with sessions.begin() as session:
        metric_id = await make_metric(session)
    await evaluate_run(sessions, run_id=run_id)
    async with sessions.begin() as session:
        await remove_metric(session, metric_id=metric_id, actor="test")
    await execute_evaluation(sessions, run_id=run_id)
    async with sessions() as session:
        query = select(func.count()).select_from(RunSection).where(RunSection.name == "metrics")
        assert await session.scalar(query) == 0


async def test_a_job_waits_only_once(sessions: SessionFactory, run_id: int) -> None:
    async with sessions.begin() as session:
        assert not await is_evaluating(session, run_id=run_id)
        await queue_evaluation(session, run_id=run_id)
        await queue_evaluation(session, run_id=run_id)
        assert await is_evaluating(session, run_id=run_id)
        assert not await is_evaluating(session, run_id=run_id + 1)


async def test_a_run_that_is_done_is_evaluated_if_there_are_predictions(
    sessions: SessionFactory, run_id: int
) -> None:
    async with sessions.begin() as session:
        assert not await is_evaluating(session, run_id=run_id)
        await make_metric(session)
        await make_metric(session, "niqe", higher_is_better=False, seed=2)
        second = await make_run(session)
        assert await is_evaluating(session, run_id=second)
        assert not await is_evaluating(session, run_id=run_id)


async def test_predictions_for_other_pictures_ask_for_no_evaluation(
    sessions: SessionFactory, blobs: BlobStore, run_id: int
) -> None:
    async with sessions.begin() as session:
        await make_study(session, blobs, slug="second", stimuli=3)
        await make_metric(session, slug="second")
        second = await make_run(session)
        assert not await is_evaluating(session, run_id=second)


async def test_what_breaks_an_evaluation_is_stored_as_a_sentence(
    sessions: SessionFactory, run_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with sessions.begin() as session:
        await make_metric(session)

    async def broken(sessions: SessionFactory, *, run_id: int) -> None:
        raise ValueError("unforeseen")

    monkeypatch.setattr(queue, "evaluate_run", broken)
    await execute_evaluation(sessions, run_id=run_id)
    async with sessions() as session:
        stored = await find_benchmark(session, run=await get_run(session, run_id=run_id))
    assert stored is not None
    assert stored.is_current
    assert stored.failed == queue.UNFORESEEN


async def test_the_leaderboard_can_be_computed_with(sessions: SessionFactory, run_id: int) -> None:
    async with sessions.begin() as session:
        await make_metric(session, "musiq", version="1")
        await make_metric(session, "niqe", higher_is_better=False, seed=2)
    document = await evaluate_run(sessions, run_id=run_id)
    rows = list(csv.DictReader(io.StringIO(leaderboard_csv(document, run_id=run_id))))
    assert len(rows) == 3 * 2 * (1 + 2)
    assert set(rows[0]) == set(LEADERBOARD_HEADER)
    first = document["dimensions"][0]["rows"][0]
    assert float(rows[0]["srcc"]) == first["correlations"]["srcc"]
    assert float(rows[0]["auc_better_worse"]) == first["pairs"]["auc_better_worse"]
    assert (rows[0]["generator"], rows[1]["generator"]) == ("", "model-a")
    assert {row["run_id"] for row in rows} == {str(run_id)}
    assert rows[1]["challenge_score"] == ""


async def test_predictions_come_out_as_they_can_go_in(
    sessions: SessionFactory, run_id: int
) -> None:
    async with sessions.begin() as session:
        await make_metric(session, "musiq", missing=1)
    async with sessions() as session:
        text = "".join([piece async for piece in stream_predictions_csv(session, slug="example")])
        names = await load_image_names(session, slug="example")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 24
    assert rows[0]["MUSIQ"] == ""
    assert float(rows[1]["MUSIQ"]) != 0
    assert {row["name"]: int(row["image_id"]) for row in rows} == names


async def test_charts_follow_the_evaluation(sessions: SessionFactory, run_id: int) -> None:
    async with sessions.begin() as session:
        metric_id = await make_metric(session, "musiq", missing=2)
    assert await find_chart(sessions, run_id, "metric-ranking-quality") is None
    await evaluate_run(sessions, run_id=run_id)
    ranking = await find_chart(sessions, run_id, "metric-ranking-quality")
    (row,) = ranking["data"]["values"]  # shared by all layers
    assert row["label"] == "MUSIQ"
    assert row["low"] < row["srcc"] < row["high"]
    scatter = await find_chart(sessions, run_id, f"metric-scatter-{metric_id}-quality")
    points, curves = (layer["data"]["values"] for layer in scatter["layer"])
    assert len(points) == 22
    assert set(points[0]) == {"image_id", "generator", "prompt", "prediction", "mos"}
    assert {point["curve"] for point in curves} == {"4 parameters", "5 parameters"}
    for name in ("metric-ranking-beauty", "metric-scatter-999-quality", "metric-scatter-x-y", "m"):
        assert await find_chart(sessions, run_id, name) is None, name


async def test_a_metric_without_any_picture_of_the_study_is_none_of_its_own(
    sessions: SessionFactory, blobs: BlobStore, run_id: int
) -> None:
    async with sessions.begin() as session:
        await make_study(session, blobs, slug="second", stimuli=3)
        await make_metric(session, "musiq", slug="second")
        assert await list_study_metrics(session, study_id=1) == []
