import httpx
import pytest
from dashboard import make_plan, make_rated_study, make_run, submit, text_of
from factories import make_image, make_study
from sqlalchemy import select

from app.database.engine import SessionFactory
from app.database.tables import Stimulus
from app.database.tables.metrics import MetricOrigin
from app.database.tables.study import StimulusKind, StudyState
from app.pool.metric_predictions import MetricIdentity, ensure_metric, store_predictions
from app.storage.blobs import BlobStore

PROVENANCE = {
    "generator": "procedural-studio",
    "procedural": True,
    "settings": {"guidance": 7.5, "steps": 20},
    "understood": True,
    "objects": [{"shape": "circle", "colour": "red"}],
    "truth": {"quality_loss": 0.25, "alignment_loss": 0.5, "faults": ["One circle is missing."]},
}


async def test_an_empty_pool_says_how_to_fill_it(owner: httpx.AsyncClient) -> None:
    page = await owner.get("/dashboard/pool")
    assert "The pool is empty" in page.text
    assert "beholder generate" in page.text


async def test_pictures_are_found_by_generator_and_by_words(
    owner: httpx.AsyncClient, sessions: SessionFactory, blobs: BlobStore
) -> None:
    async with sessions.begin() as session:
        await make_image(session, blobs, prompt="a red fox", generator="model-a")
        await make_image(session, blobs, prompt="a red fox", generator="model-b")
        await make_image(session, blobs, prompt="100% <b>bold</b>", generator="model-b")
    assert (await owner.get("/dashboard/pool")).text.count("/thumbnail") == 3
    page = await owner.get("/dashboard/pool?generator=model-b&search=FOX")
    assert page.text.count("/thumbnail") == 1
    assert "1 picture found." in page.text
    percent = await owner.get("/dashboard/pool", params={"search": "100%"})
    assert percent.text.count("/thumbnail") == 1
    assert "&lt;b&gt;bold&lt;/b&gt;" in percent.text
    assert "No picture matches" in (await owner.get("/dashboard/pool?search=whale")).text


async def test_older_pictures_come_on_the_next_page(
    owner: httpx.AsyncClient,
    sessions: SessionFactory,
    blobs: BlobStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.web.admin.pool.PAGE_SIZE", 2)
    async with sessions.begin() as session:
        images = [await make_image(session, blobs) for _ in range(3)]
    first = (await owner.get("/dashboard/pool")).text
    assert f"before={images[1]}" in first
    second = (await owner.get(f"/dashboard/pool?before={images[1]}")).text
    assert f"/dashboard/pool/images/{images[0]}" in second
    assert second.count("/thumbnail") == 1


async def test_a_picture_tells_its_whole_story(
    owner: httpx.AsyncClient, sessions: SessionFactory, blobs: BlobStore
) -> None:
    async with sessions.begin() as session:
        image_id = await make_image(session, blobs, prompt="a red circle", provenance=PROVENANCE)
        await make_plan(session, image_id, name="autumn")
        await make_study(session, blobs, stimuli=1, state=StudyState.DRAFT)
    page = f"/dashboard/pool/images/{image_id}"
    text = text_of((await owner.get(page)).text)
    assert "a red circle" in text
    assert "by plan autumn" in text
    assert "settings, guidance 7.5" in text
    assert "objects shape circle, colour red" in text
    assert "Truth of this procedural picture" in text
    assert "One circle is missing." in text
    assert "In no study yet." in text


async def test_only_a_procedural_picture_has_a_truth(
    owner: httpx.AsyncClient, sessions: SessionFactory, blobs: BlobStore
) -> None:
    async with sessions.begin() as session:
        image_id = await make_image(session, blobs, provenance={"truth": {"quality_loss": 0}})
    assert "Truth of" not in (await owner.get(f"/dashboard/pool/images/{image_id}")).text


async def test_a_picture_shows_every_rating_and_its_scores_under_every_run(
    owner: httpx.AsyncClient, sessions: SessionFactory, blobs: BlobStore
) -> None:
    async with sessions.begin() as session:
        await make_rated_study(session, blobs)
        runs = [await make_run(session), await make_run(session)]
        image_id = await session.scalar(select(Stimulus.image_id).order_by(Stimulus.id).limit(1))
    text = text_of((await owner.get(f"/dashboard/pool/images/{image_id}")).text)
    for code in ("GOOD2A", "GOOD3A", "GOOD4A", "SAME22"):
        assert text.count(code) == 1
    for run_id in runs:
        assert f"run {run_id}, 23 Nov 2026" in text
    # Position 1: levels 2, 3 and 4 of those who are kept.
    assert "quality 0.30" in text


async def test_a_picture_shows_what_metrics_predict_for_it(
    owner: httpx.AsyncClient, sessions: SessionFactory, blobs: BlobStore
) -> None:
    async with sessions.begin() as session:
        image_id = await make_image(session, blobs)
        metric_id = await ensure_metric(
            session,
            identity=MetricIdentity("niqe", "1.2 <b>", {"patch": 96}),
            higher_is_better=False,
            origin=MetricOrigin.IMPORTED,
            actor="test",
        )
    page = f"/dashboard/pool/images/{image_id}"
    assert "Objective metrics" not in (await owner.get(page)).text
    async with sessions.begin() as session:
        await store_predictions(session, metric_id=metric_id, values={image_id: 4.123456789})
    shown = await owner.get(page)
    assert "NIQE imported 4.1235 lower 1.2 <b> patch 96" in text_of(shown.text)
    assert "1.2 &lt;b&gt;" in shown.text


async def test_a_picture_is_added_to_a_study_from_its_own_page(
    owner: httpx.AsyncClient, sessions: SessionFactory, blobs: BlobStore
) -> None:
    async with sessions.begin() as session:
        image_id = await make_image(session, blobs)
        await make_study(session, blobs, stimuli=0, state=StudyState.DRAFT)
    page = f"/dashboard/pool/images/{image_id}"
    fields = {"study": "example", "kind": "training"}
    answer = await submit(owner, page, fields, to=f"{page}/study")
    assert answer.status_code == 303
    async with sessions() as session:
        assert await session.scalar(select(Stimulus.kind)) is StimulusKind.TRAINING
    again = await submit(owner, page, fields, to=f"{page}/study")
    assert again.status_code == 409
    assert "in this study already" in again.text
    unknown = await submit(owner, page, {"study": "nothing", "kind": "main"}, to=f"{page}/study")
    assert unknown.status_code == 404


async def test_a_picture_that_is_not_there_is_not_found(owner: httpx.AsyncClient) -> None:
    for path in ("pool/images/1", "pictures/1/thumbnail", "pictures/1/display"):
        assert (await owner.get(f"/dashboard/{path}")).status_code == 404


async def test_pictures_may_be_kept_by_the_browser_that_was_let_in_only(
    owner: httpx.AsyncClient, sessions: SessionFactory, blobs: BlobStore
) -> None:
    async with sessions.begin() as session:
        image_id = await make_image(session, blobs)
    for rendition, media_type in (("thumbnail", "image/webp"), ("display", "image/png")):
        answer = await owner.get(f"/dashboard/pictures/{image_id}/{rendition}")
        assert answer.headers["content-type"] == media_type
        assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
