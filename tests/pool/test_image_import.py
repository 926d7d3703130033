"""Finished images come in whole or not at all, verified by decoding them."""

import zipfile
from pathlib import Path

import pytest
from factories import picture_bytes
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.engine import SessionFactory
from app.database.tables import Condition, Image, Prompt
from app.errors import ImportRefused
from app.pool.image_import import ImageImport, carry_out_import, plan_image_import
from app.storage.blobs import BlobStore

HEADER = "file,prompt,generator,seed,width,height\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with pictures of three colours and an unused one."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name, red in (("a", 10), ("b", 20), ("c", 30), ("unused", 40)):
        (folder / f"{name}.png").write_bytes(picture_bytes((red, 0, 0)))
    return folder


def write_manifest(folder: Path, rows: str) -> None:
    (folder / "manifest.csv").write_text(HEADER + rows)


async def import_folder(session: AsyncSession, blobs: BlobStore, folder: Path) -> ImageImport:
    return await carry_out_import(
        session, blobs=blobs, plan=plan_image_import(source=folder), actor="test"
    )


async def count(session: AsyncSession, table: type[Image | Prompt | Condition]) -> int:
    return await session.scalar(select(func.count()).select_from(table)) or 0


async def test_images_come_in_with_prompt_condition_and_renditions(
    session: AsyncSession, blobs: BlobStore, folder: Path
) -> None:
    write_manifest(
        folder, "a.png,a dog,SDXL,1,64,64\nb.png,a dog,SDXL,2,64,64\nc.png,a cat,MJ,,,\n"
    )
    done = await import_folder(session, blobs, folder)
    assert (done.read, done.added, done.merged, done.prompts_added) == (3, 3, 0, 2)
    image = await session.get_one(Image, done.image_ids[0])
    assert (image.name, image.seed, image.origin) == ("a.png", 1, "imported")
    assert (image.width, image.height, image.media_type) == (64, 64, "image/png")
    assert image.provenance == {"file": "a.png", "manifest": "manifest.csv", "line": 2}
    assert blobs.get(image.sha256) == (folder / "a.png").read_bytes()
    assert blobs.get(image.display_sha256)
    assert blobs.get(image.thumbnail_sha256)
    assert await count(session, Condition) == 2


async def test_identical_images_are_merged_and_counted(
    session: AsyncSession, blobs: BlobStore, folder: Path
) -> None:
    (folder / "copy.png").write_bytes((folder / "a.png").read_bytes())
    rows = "a.png,a dog,SDXL,,,\ncopy.png,a  dog,SDXL,,,\na.png,another prompt,SDXL,,,\n"
    write_manifest(folder, rows)
    first = await import_folder(session, blobs, folder)
    assert (first.added, first.merged) == (2, 1)
    again = await import_folder(session, blobs, folder)
    assert (again.added, again.merged) == (0, 3)
    assert await count(session, Image) == 2


async def test_a_zip_file_is_imported_like_a_folder(
    session: AsyncSession, blobs: BlobStore, tmp_path: Path
) -> None:
    path = tmp_path / "pictures.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("sub/a.png", picture_bytes())
        archive.writestr(
            "manifest.jsonl", '{"file": "sub/a.png", "prompt": "a dog", "generator": "X"}'
        )
    assert (await import_folder(session, blobs, path)).added == 1


async def test_a_dry_run_changes_nothing(
    session: AsyncSession, blobs: BlobStore, folder: Path
) -> None:
    write_manifest(folder, "a.png,a dog,SDXL,,32,\n")
    plan = plan_image_import(source=folder)
    assert not plan.problem_count
    assert dict(plan.generators) == {"SDXL": 1}
    assert plan.warnings == (
        "line 2: the picture has 64 × 64 px, the manifest says 32 × any.",
        "3 files are not in the manifest and will not be imported: b.png, c.png, unused.png",
    )
    assert await count(session, Prompt) == 0


async def test_every_problem_is_reported_and_nothing_is_imported(
    sessions: SessionFactory, blobs: BlobStore, folder: Path
) -> None:
    (folder / "text.png").write_text("not a picture")
    (folder / "cut.png").write_bytes(picture_bytes((1, 2, 3), size=200)[:-300])
    (folder / "small.png").write_bytes(picture_bytes(size=8))
    (folder / "link.png").symlink_to("/etc/passwd")
    write_manifest(
        folder,
        "a.png,a dog,SDXL,,,\n"
        "text.png,a dog,SDXL,,,\n"
        "cut.png,a dog,SDXL,,,\n"
        "small.png,a dog,SDXL,,,\n"
        "missing.png,a dog,SDXL,,,\n"
        "missing.png,a cat,SDXL,,,\n"
        "../a.png,a dog,SDXL,,,\n"
        "link.png,a dog,SDXL,,,\n"
        "b.png,,SDXL,,,\n",
    )
    plan = plan_image_import(source=folder)
    sentences = {problem.where: problem.sentence for problem in plan.problems}
    for line, part in {
        "line 3": "text.png: This is not a PNG, JPEG or WebP picture.",
        "line 4": "damaged",
        "line 5": "smaller than 16 pixels",
        "line 6": "no such file",
        "line 8": "leads out of the folder",
        "line 9": "link that leads out",
        "line 10": "The prompt is empty.",
    }.items():
        assert part in sentences.pop(line)
    assert not sentences
    async with sessions.begin() as session:
        with pytest.raises(ImportRefused, match="7 mistakes"):
            await carry_out_import(session, blobs=blobs, plan=plan, actor="test")
        assert await count(session, Image) == 0
        assert await count(session, Prompt) == 0


async def test_a_picture_that_changed_after_the_dry_run_is_refused(
    session: AsyncSession, blobs: BlobStore, folder: Path
) -> None:
    write_manifest(folder, "a.png,a dog,SDXL,,,\n")
    plan = plan_image_import(source=folder)
    (folder / "a.png").write_bytes(picture_bytes((99, 99, 99)))
    with pytest.raises(ImportRefused) as refused:
        await carry_out_import(session, blobs=blobs, plan=plan, actor="test")
    assert "changed since" in refused.value.problems[0].sentence
    assert await count(session, Image) == 0


def test_a_picture_with_too_many_pixels_is_a_problem(folder: Path) -> None:
    (folder / "a.png").write_bytes(picture_bytes(size=1200))
    write_manifest(folder, "a.png,a dog,SDXL,,,\n")
    plan = plan_image_import(source=folder, limit_megapixels=1)
    assert "more than 1 million pixels" in plan.problems[0].sentence


def test_a_folder_without_manifest_is_refused(folder: Path) -> None:
    with pytest.raises(ImportRefused, match=r"manifest\.csv"):
        plan_image_import(source=folder)
    with pytest.raises(ImportRefused, match="cannot be read"):
        plan_image_import(source=folder, manifest=folder / "none.csv")


@pytest.mark.timeout(60)
async def test_20_000_lines_that_share_pictures_come_in_quickly(
    session: AsyncSession, blobs: BlobStore, tmp_path: Path
) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(200):
        (folder / f"{number}.png").write_bytes(picture_bytes((number, 7, 7)))
    write_manifest(
        folder,
        "".join(
            f"{number % 200}.png,prompt number {number % 6000},model-{number % 15},{number},,\n"
            for number in range(20_000)
        ),
    )
    done = await import_folder(session, blobs, folder)
    assert (done.added, done.merged, done.prompts_added) == (20_000, 0, 6000)
