import io
import os
import re
import time
import zipfile
from pathlib import Path

import httpx
import pytest
from dashboard import submit, text_of
from factories import log_in_as, make_account, picture_bytes
from sqlalchemy import func, select

from app.database.engine import SessionFactory
from app.database.tables import Image
from app.settings import Settings
from app.web.admin.access import MIB
from app.web.admin.uploads import KEPT_S

PAGE = "/dashboard/pool/import"
MANIFEST = b"file,prompt,generator\na.png,a red square,model-a\nb.png,a blue square,model-a\n"


def zipped(*, manifest: bytes | None = MANIFEST, second: bytes | None = None) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.png", picture_bytes())
        archive.writestr("b.png", second or picture_bytes((30, 30, 200)))
        if manifest is not None:
            archive.writestr("manifest.csv", manifest)
    return buffer.getvalue()


async def send(
    owner: httpx.AsyncClient, content: bytes, manifest: tuple[str, bytes] | None = None
) -> httpx.Response:
    files = {"pictures": ("pictures.zip", content)}
    if manifest is not None:
        files["manifest"] = manifest
    return await submit(owner, PAGE, {}, files=files)


def token_in(page: str) -> str:
    found = re.search(r'name="upload" value="([0-9a-f]{32})"', page)
    assert found
    return found.group(1)


async def count(sessions: SessionFactory) -> int:
    async with sessions() as session:
        return await session.scalar(select(func.count()).select_from(Image)) or 0


def waiting(settings: Settings) -> list[Path]:
    folder = settings.data_folder / "uploads"
    return list(folder.iterdir()) if folder.is_dir() else []


async def test_nothing_is_imported_before_somebody_agrees(
    owner: httpx.AsyncClient, sessions: SessionFactory, settings: Settings
) -> None:
    checked = await send(owner, zipped())
    assert checked.status_code == 200
    assert "2 pictures of 1 generator" in checked.text
    assert "a blue square" in checked.text
    assert await count(sessions) == 0
    done = await submit(owner, PAGE, {"upload": token_in(checked.text)}, to=f"{PAGE}/confirm")
    assert "2 pictures imported" in done.text
    assert "New prompts 2" in text_of(done.text)
    assert await count(sessions) == 2
    assert waiting(settings) == []


async def test_a_manifest_may_come_beside_the_zip_file(
    owner: httpx.AsyncClient, sessions: SessionFactory
) -> None:
    checked = await send(owner, zipped(manifest=None), ("list.csv", MANIFEST))
    assert checked.status_code == 200
    await submit(owner, PAGE, {"upload": token_in(checked.text)}, to=f"{PAGE}/confirm")
    assert await count(sessions) == 2


async def test_mistakes_are_listed_and_there_is_nothing_to_agree_to(
    owner: httpx.AsyncClient, settings: Settings
) -> None:
    checked = await send(owner, zipped(second=b"not a picture"))
    assert checked.status_code == 422
    assert "line 3:" in checked.text
    assert 'name="upload"' not in checked.text
    assert waiting(settings) == []


@pytest.mark.parametrize(
    ("content", "manifest", "sentence"),
    [
        (b"", None, "neither a folder nor a readable zip file"),
        (b"text", None, "neither a folder nor a readable zip file"),
        (zipped(manifest=None), None, "There is no manifest"),
        (zipped(), ("list.xlsx", b"x"), "must end in"),
    ],
)
async def test_a_file_that_cannot_be_used_is_refused_and_not_kept(
    owner: httpx.AsyncClient,
    settings: Settings,
    content: bytes,
    manifest: tuple[str, bytes] | None,
    sentence: str,
) -> None:
    answer = await send(owner, content, manifest)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert waiting(settings) == []


async def test_no_file_at_all_is_said_so(owner: httpx.AsyncClient) -> None:
    answer = await submit(owner, PAGE, {})
    assert answer.status_code == 422
    assert "Please choose a zip file" in answer.text


@pytest.mark.parametrize("token", ["", "0" * 32, "../../secret_key", "banana"])
async def test_an_upload_that_is_not_there_cannot_be_imported(
    owner: httpx.AsyncClient, token: str
) -> None:
    answer = await submit(owner, PAGE, {"upload": token}, to=f"{PAGE}/confirm")
    assert answer.status_code == 404
    assert "please send the file again" in answer.text


async def test_one_account_cannot_import_what_another_has_sent(
    owner: httpx.AsyncClient,
    client: httpx.AsyncClient,
    sessions: SessionFactory,
) -> None:
    checked = await send(owner, zipped())
    async with sessions.begin() as session:
        await make_account(session, email="second@lab.example")
    await log_in_as(client, "second@lab.example")
    fields = {"upload": token_in(checked.text)}
    assert (await submit(client, PAGE, fields, to=f"{PAGE}/confirm")).status_code == 404
    assert await count(sessions) == 0


async def test_an_upload_that_nobody_agreed_to_is_swept_out_by_a_later_one(
    owner: httpx.AsyncClient, settings: Settings
) -> None:
    await send(owner, zipped())
    (old,) = waiting(settings)
    os.utime(old, (time.time() - KEPT_S - 60,) * 2)
    await send(owner, zipped())
    (new,) = waiting(settings)
    assert new != old


async def test_an_upload_beyond_the_limit_is_refused_before_it_is_read(
    owner: httpx.AsyncClient, settings: Settings
) -> None:
    announced = str((settings.upload_limit_mib + 1) * MIB)
    answer = await owner.post(PAGE, headers={"content-length": announced}, content=b"")
    assert answer.status_code == 413
    assert "At most 512 MiB" in answer.text
    assert waiting(settings) == []


async def test_a_form_may_weigh_little(owner: httpx.AsyncClient) -> None:
    text = {"title": "x" * 3 * MIB, "slug": "long"}
    answer = await submit(owner, "/dashboard/studies/new", text)
    assert answer.status_code == 413
