"""Importing predictions: which pictures are meant, all or nothing, never silently over others."""

import csv
import io
import time

import pytest
from factories import make_image, make_study
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables import AuditEvent, Image, Metric, MetricScore, Stimulus
from app.database.tables.metrics import MetricOrigin
from app.errors import ImportRefused, NotFound
from app.pool.metric_import import (
    MetricImportPlan,
    carry_out_metric_import,
    plan_metric_import,
)
from app.pool.metric_names import ImportOptions
from app.pool.metric_predictions import (
    MetricIdentity,
    ensure_metric,
    get_metric,
    list_metrics,
    list_unscored,
    remove_metric,
    store_predictions,
)
from app.storage.blobs import BlobStore


async def plan(
    session: AsyncSession,
    rows: list[tuple[object, ...]],
    *,
    slug: str | None = None,
    export_names: dict[str, int] | None = None,
    **options: object,
) -> MetricImportPlan:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return await plan_metric_import(
        session,
        content=buffer.getvalue().encode(),
        file_name="predictions.csv",
        options=ImportOptions(**options),  # type: ignore[arg-type]
        slug=slug,
        export_names=export_names,
    )


async def import_rows(
    session: AsyncSession, rows: list[tuple[object, ...]], **more: object
) -> dict[str, int]:
    made = await plan(session, rows, **more)  # type: ignore[arg-type]
    return await carry_out_metric_import(session, plan=made, actor="test")


async def stored(session: AsyncSession, metric_id: int) -> dict[int, float]:
    query = select(MetricScore.image_id, MetricScore.value)
    rows = await session.execute(query.where(MetricScore.metric_id == metric_id))
    return dict(rows.all())


@pytest.fixture
async def images(session: AsyncSession, blobs: BlobStore) -> list[int]:
    """Three pictures that are in no study."""
    return [await make_image(session, blobs) for _ in range(3)]


async def rename(session: AsyncSession, image_id: int, name: str, file: str | None = None) -> None:
    values: dict[str, object] = {"name": name}
    if file:
        values["provenance"] = {"file": file}
    await session.execute(update(Image).where(Image.id == image_id).values(**values))


async def test_predictions_are_stored_with_version_settings_and_direction(
    session: AsyncSession, images: list[int]
) -> None:
    rows = [("image_id", "NIQE", "ours"), (images[0], 3.5, 0.1), (images[1], 4, "")]
    settings = {"crop": 224}
    ids = await import_rows(session, rows, lower=("ours",), version="2", settings=settings)
    assert await stored(session, ids["NIQE"]) == {images[0]: 3.5, images[1]: 4.0}
    assert await stored(session, ids["ours"]) == {images[0]: 0.1}
    metric = await get_metric(session, metric_id=ids["ours"])
    assert (metric.key, metric.version, metric.settings) == ("ours", "2", settings)
    assert (metric.higher_is_better, metric.origin) == (False, MetricOrigin.IMPORTED)
    event = (await session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc()))).first()
    assert event is not None
    assert event.action == "predictions_imported"
    assert event.detail["metrics"]["niqe"]["added"] == 2


async def test_pictures_are_named_in_many_ways(session: AsyncSession, images: list[int]) -> None:
    await rename(session, images[0], "fox.png", "set/one/fox.png")
    sha256 = await session.scalar(select(Image.sha256).where(Image.id == images[0]))
    ways = ["fox.png", "set/one/fox.png", "./set/one/fox.png", "elsewhere/fox.png", "fox"]
    ways += ["set\\one\\fox.png", "fox.jpg", str(images[0]), str(sha256), str(sha256).upper()]
    for way in ways:
        made = await plan(session, [("image", "NIQE"), (way, 1)])
        assert made.problems == (), way
        assert made.metrics[0].values == {images[0]: 1.0}, way


async def test_what_means_no_picture_or_several_is_said_by_line(
    session: AsyncSession, images: list[int]
) -> None:
    await rename(session, images[0], "fox.png", "a/fox.png")
    await rename(session, images[1], "fox.png", "b/fox.png")
    made = await plan(
        session, [("image", "NIQE"), ("fox.png", 1), ("a/fox.png", 2), ("owl.png", 3)]
    )
    said = [str(problem) for problem in made.problems]
    assert said == [
        "line 2: “fox.png” can mean 2 pictures; please name them by image_id.",
        "line 4: There is no picture “owl.png”.",
    ]
    with pytest.raises(ImportRefused, match="2 mistakes"):
        await carry_out_metric_import(session, plan=made, actor="test")
    assert await session.scalar(select(func.count()).select_from(Metric)) == 0


async def test_a_study_s_own_pictures_go_before_others_of_the_same_name(
    session: AsyncSession, blobs: BlobStore, images: list[int]
) -> None:
    study_id = await make_study(session, blobs, stimuli=2)
    own = (
        await session.scalars(select(Stimulus.image_id).where(Stimulus.study_id == study_id))
    ).all()
    await rename(session, images[0], "fox.png")
    await rename(session, own[0], "fox.png")
    rows: list[tuple[object, ...]] = [("image", "NIQE"), ("fox.png", 1), ("generator_00002", 2)]
    made = await plan(
        session, rows, slug="example", export_names={"generator_00002": own[1], "fox.png": own[0]}
    )
    assert made.problems == ()
    assert made.metrics[0].values == {own[0]: 1.0, own[1]: 2.0}


async def test_pictures_outside_the_study_are_found_in_the_pool(
    session: AsyncSession, blobs: BlobStore, images: list[int]
) -> None:
    await make_study(session, blobs, stimuli=1)
    made = await plan(session, [("image_id", "NIQE"), (images[2], 1)], slug="example")
    assert made.metrics[0].values == {images[2]: 1.0}


async def test_a_second_value_for_one_picture_is_a_mistake(
    session: AsyncSession, images: list[int]
) -> None:
    await rename(session, images[0], "fox.png")
    made = await plan(session, [("image", "NIQE"), ("fox.png", 1), ("fox", 1)])
    assert [str(p) for p in made.problems] == [
        "line 3: This picture has a value of NIQE in line 2 already."
    ]


async def test_other_values_are_replaced_only_when_asked_for(
    session: AsyncSession, images: list[int]
) -> None:
    ids = await import_rows(session, [("image_id", "NIQE"), (images[0], 1), (images[1], 2)])
    again = [("image_id", "NIQE"), (images[0], 1), (images[1], 5), (images[2], 6)]
    refused = await plan(session, again)
    assert "has other values for one of these pictures already" in refused.problems[0].sentence
    assert (await plan(session, again, version="2")).problems == ()
    made = await plan(session, again, replace=True)
    metric = made.metrics[0]
    assert (metric.added, metric.unchanged, metric.replaced) == (1, 1, 1)
    await carry_out_metric_import(session, plan=made, actor="test")
    assert await stored(session, ids["NIQE"]) == dict(zip(images, (1.0, 5.0, 6.0), strict=True))


async def test_the_same_file_twice_changes_nothing(
    session: AsyncSession, images: list[int]
) -> None:
    rows: list[tuple[object, ...]] = [("image_id", "NIQE"), (images[0], 1)]
    first = await import_rows(session, rows)
    assert await import_rows(session, rows) == first
    assert await session.scalar(select(func.count()).select_from(MetricScore)) == 1


async def test_a_metric_never_changes_its_direction_or_origin(
    session: AsyncSession, images: list[int]
) -> None:
    await import_rows(session, [("image_id", "ours"), (images[0], 1)], lower=("ours",))
    turned = await plan(session, [("image_id", "ours"), (images[1], 1)], higher=("ours",))
    assert "with lower values as the better ones" in turned.problems[0].sentence
    identity = MetricIdentity("piqe", "", {})
    metric_id = await ensure_metric(
        session,
        identity=identity,
        higher_is_better=False,
        origin=MetricOrigin.COMPUTED,
        actor="test",
    )
    await store_predictions(session, metric_id=metric_id, values={images[0]: 1.0})
    computed = await plan(session, [("image_id", "PIQE"), (images[1], 1)])
    assert "were computed here" in computed.problems[0].sentence


async def test_strange_values_are_remarked_on_and_taken(
    session: AsyncSession, images: list[int]
) -> None:
    made = await plan(
        session, [("image_id", "PIQE", "CNNIQA"), (images[0], 250, 3)], lower=("CNNIQA",)
    )
    assert made.problems == ()
    assert made.warnings == (
        "PIQE usually lies between 0 and 100; 1 of 1 values do not.",
        "CNNIQA usually has higher values for better pictures.",
    )


async def test_metrics_are_counted_for_a_study_and_removed(
    session: AsyncSession, blobs: BlobStore, images: list[int]
) -> None:
    study_id = await make_study(session, blobs, stimuli=2)
    own = (
        await session.scalars(select(Stimulus.image_id).where(Stimulus.study_id == study_id))
    ).all()
    rows: list[tuple[object, ...]] = [("image_id", "NIQE"), (own[0], 1), (images[0], 2)]
    ids = await import_rows(session, rows)
    (count,) = await list_metrics(session, study_id=study_id)
    assert (count.title, count.predictions, count.pictures) == ("NIQE", 2, 1)
    unscored = await list_unscored(session, slug="example", metric_id=ids["NIQE"])
    assert [picture.image_id for picture in unscored] == [own[1]]
    assert await remove_metric(session, metric_id=ids["NIQE"], actor="test") == 2
    assert await list_metrics(session, study_id=study_id) == []
    with pytest.raises(NotFound):
        await remove_metric(session, metric_id=ids["NIQE"], actor="test")


async def test_the_database_itself_refuses_what_is_not_a_number(
    session: AsyncSession, images: list[int]
) -> None:
    ids = await import_rows(session, [("image_id", "NIQE"), (images[0], 1)])
    for value in ("NaN", "Infinity", "-Infinity"):
        with pytest.raises(IntegrityError, match="value_is_finite"):
            async with session.begin_nested():
                await session.execute(
                    text(f"INSERT INTO metric_score VALUES (:m, :i, '{value}')"),
                    {"m": ids["NIQE"], "i": images[1]},
                )


async def test_twenty_thousand_pictures_by_sixteen_metrics_take_seconds(
    session: AsyncSession, images: list[int]
) -> None:
    await session.execute(
        text(
            "INSERT INTO image (sha256, display_sha256, thumbnail_sha256, prompt_id, condition_id,"
            " seed, name, origin, width, height, media_type, byte_count)"
            " SELECT sha256, display_sha256, thumbnail_sha256, prompt_id, condition_id,"
            " 90000000 + n, 'many-' || n || '.png', origin, width, height, media_type, byte_count"
            " FROM image, generate_series(1, 20000) AS n WHERE image.id = :first"
        ),
        {"first": images[0]},
    )
    names = [f"m{i}" for i in range(16)]
    rows: list[tuple[object, ...]] = [("image", *names)]
    rows += [(f"many-{n}.png", *(n / 7 + i for i in range(16))) for n in range(1, 20_001)]
    started = time.perf_counter()
    await import_rows(session, rows, higher=tuple(names))
    seconds = time.perf_counter() - started
    assert await session.scalar(select(func.count()).select_from(MetricScore)) == 320_000
    assert seconds < 30, f"{seconds:.1f} s"
