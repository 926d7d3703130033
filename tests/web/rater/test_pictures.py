"""The picture itself, and that nothing a rater receives says how it was made."""

import io
import struct

import httpx
from factories import make_condition, make_prompt, make_protocol
from fastapi import FastAPI
from PIL import Image as PillowImage
from PIL.PngImagePlugin import PngInfo
from rater_browser import JSON, RaterBrowser, open_browser, presentation_in
from sqlalchemy import insert, select

from app.database.engine import SessionFactory
from app.database.tables import Image
from app.database.tables.pool import ImageOrigin
from app.database.tables.study import StudyState
from app.storage.blobs import BlobStore
from app.storage.pictures import store_picture
from app.study.stimuli import add_stimuli
from app.study.studies import change_state, create_study
from app.web.state import current_time

GENERATOR = "dreamweaver-9000"
SECRETS = (GENERATOR, "euler_ancestral", "7.125", "a0_seed_424242", "lab-machine", "Artist Name")


def _telling_picture() -> bytes:
    """A PNG like those that generators write: settings in text chunks, EXIF and file comment."""
    picture = PillowImage.radial_gradient("L").resize((80, 60)).convert("RGB")
    text = PngInfo()
    text.add_text("parameters", f"Model: {GENERATOR}, Sampler: euler_ancestral, CFG: 7.125")
    text.add_itxt("workflow", '{"host": "lab-machine", "seed": "a0_seed_424242"}')
    exif = PillowImage.Exif()
    exif[0x013B] = "Artist Name"
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", pnginfo=text, exif=exif)
    return buffer.getvalue()


async def _telling_study(sessions: SessionFactory, blobs: BlobStore) -> Image:
    async with sessions.begin() as session:
        values = {
            **vars(store_picture(blobs, _telling_picture())),
            "prompt_id": await make_prompt(session, "a grey circle"),
            "condition_id": await make_condition(session, GENERATOR),
            "seed": 424242,
            "name": f"{GENERATOR}_a0_seed_424242.png",
            "origin": ImageOrigin.IMPORTED,
            "provenance": {"sampler": "euler_ancestral", "guidance": 7.125},
        }
        added = await session.execute(insert(Image).values(values).returning(Image.id))
        protocol = make_protocol(presentations=1)
        await create_study(session, slug="secret", title="A study", protocol=protocol, actor="test")
        image_ids = [added.scalar_one()]
        await add_stimuli(session, slug="secret", image_ids=image_ids, actor="test")
        now = current_time()
        await change_state(session, slug="secret", to=StudyState.OPEN, now=now, actor="test")
        return (await session.scalars(select(Image))).one()


def _chunks(png: bytes) -> set[bytes]:
    found, at = set(), 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        found.add(png[at + 4 : at + 8])
        at += 12 + length
    return found


async def test_nothing_a_rater_receives_says_how_the_picture_was_made(
    app: FastAPI, sessions: SessionFactory, blobs: BlobStore
) -> None:
    image = await _telling_study(sessions, blobs)
    received: list[httpx.Response] = []

    async with open_browser(app, "secret") as browser:

        async def note(response: httpx.Response) -> None:
            await response.aread()
            received.append(response)

        browser.client.event_hooks["response"].append(note)
        await (await browser.join()).start()
        view = (await browser.upcoming())[0]
        await browser.client.get(view["picture"])
        await browser.answer(view["id"], {"quality": "9"}, as_script=False)
        await browser.answer(view["id"], {"quality": "9"})
        await browser.client.get(f"{browser.home}/withdraw")
        await browser.answer(view["id"])
        await browser.look()
        everything = b"".join(
            [
                repr((str(answer.url), answer.headers.raw)).encode() + answer.content
                for answer in received
            ]
        )

    hashes = (image.sha256, image.display_sha256, image.thumbnail_sha256)
    for secret in (*SECRETS, *hashes, "424242"):
        assert secret.encode() not in everything, secret
    assert len(received) > 10


async def test_the_picture_has_the_same_pixels_and_nothing_else(
    app: FastAPI, sessions: SessionFactory, blobs: BlobStore
) -> None:
    await _telling_study(sessions, blobs)
    async with open_browser(app, "secret") as browser:
        await (await browser.join()).start()
        answer = await browser.client.get((await browser.upcoming())[0]["picture"])
    assert _chunks(answer.content) == {b"IHDR", b"IDAT", b"IEND"}
    shown = PillowImage.open(io.BytesIO(answer.content))
    original = PillowImage.open(io.BytesIO(_telling_picture()))
    assert shown.tobytes() == original.tobytes()
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert not {"content-disposition", "etag", "last-modified"} & set(answer.headers)


async def test_a_picture_is_sent_to_its_own_rater_alone(
    rater: RaterBrowser, other: RaterBrowser
) -> None:
    view = (await rater.upcoming())[0]
    assert (await rater.client.get(view["picture"])).status_code == 200
    assert (await other.client.get(view["picture"])).status_code == 404
    forged = f"{rater.home}/pictures/banana"
    assert (await rater.client.get(forged, headers=JSON)).status_code in {404, 422}


async def test_the_page_shows_the_picture_of_its_presentation(rater: RaterBrowser) -> None:
    page = await rater.look()
    assert f'src="{rater.home}/pictures/{presentation_in(page)}"' in page
