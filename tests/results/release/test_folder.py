"""A release: complete, consistent, checkable, and never half there."""

import csv
import hashlib
import io
import json
import zipfile

import pytest
from factories import NOW
from PIL import Image as Pillow
from sqlalchemy import select

from app.database.tables import AuditEvent, Image
from app.database.tables.rating import RaterStatus
from app.errors import AnalysisImpossible, Conflict, NotFound
from app.results.release.files import ReleaseImages
from app.results.release.folder import release_archive, release_study
from app.results.runs.configuration import AnalysisConfiguration
from app.results.runs.execution import run_analysis
from app.results.runs.lookup import get_run

TABLES = {"scores.csv", "ratings.csv", "raters.csv", "stimuli.csv", "agiqa3k.csv"}
FILES = TABLES | {"README.md", "analysis_run.json", "SHA256SUMS"}


@pytest.fixture
def release(session, blobs, tmp_path):
    """Write the study's release to a folder of its own."""

    async def write(panel, name="out", **options):
        return await release_study(
            session,
            blobs,
            slug=panel.slug,
            folder=tmp_path / name,
            actor="o@lab.example",
            now=NOW,
            **options,
        )

    return write


async def analysed(open_panel, session):
    panel = await open_panel(stimuli=3)
    for shift in (0, 5):
        await panel.add_rater({s: (10 * i + shift, 20) for i, s in enumerate(panel.stimuli)})
    run_id = await run_analysis(
        session, slug=panel.slug, configuration=AnalysisConfiguration(), actor="o", now=NOW
    )
    return panel, run_id


def rows(path):
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))


async def test_a_release_has_everything_and_its_digests_are_right(open_panel, session, release):
    panel, run_id = await analysed(open_panel, session)
    written = await release(panel)
    folder = written.folder
    assert {path.name for path in folder.iterdir()} == FILES | {"images"}
    assert (written.run_id, written.images, written.files) == (run_id, 3, len(FILES))
    digests = {}
    for line in (folder / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        digests[name] = digest
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    on_disk = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert set(digests) == on_disk - {"SHA256SUMS"}


async def test_original_pictures_lie_under_the_names_of_the_tables(open_panel, session, release):
    panel, _ = await analysed(open_panel, session)
    folder = (await release(panel)).folder
    stimuli = rows(folder / "stimuli.csv")
    assert {p.name for p in (folder / "images").iterdir()} == {row["name"] for row in stimuli}
    for row in stimuli:
        content = (folder / "images" / row["name"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == row["sha256"]


async def test_display_renditions_are_named_as_what_they_are(open_panel, session, release):
    panel, _ = await analysed(open_panel, session)
    image = (await session.scalars(select(Image).order_by(Image.id))).first()
    image.name = "photo.jpg"
    await session.flush()
    folder = (await release(panel, images=ReleaseImages.DISPLAY)).folder
    names = [row["name"] for row in rows(folder / "scores.csv")]
    assert names[0] == "photo.png"
    with Pillow.open(folder / "images" / "photo.png") as picture:
        assert picture.format == "PNG"
    assert "PNG without metadata" in (folder / "README.md").read_text(encoding="utf-8")


async def test_without_pictures(open_panel, session, release):
    panel, _ = await analysed(open_panel, session)
    written = await release(panel, images=ReleaseImages.NONE)
    assert {path.name for path in written.folder.iterdir()} == FILES
    assert written.images == 0


async def test_the_run_and_the_data_card_say_how_the_numbers_were_made(
    open_panel, session, release
):
    panel, run_id = await analysed(open_panel, session)
    await panel.add_rater({}, status=RaterStatus.WITHDRAWN)
    folder = (await release(panel)).folder
    run = await get_run(session, run_id=run_id)
    document = json.loads((folder / "analysis_run.json").read_text(encoding="utf-8"))
    assert document["fingerprint"] == run.fingerprint
    assert document["configuration"] == run.configuration
    assert document["study"]["protocol"]["scale"]["step"] == "0.1"
    card = (folder / "README.md").read_text(encoding="utf-8")
    for said in (
        "# An example",
        run.fingerprint,
        "Raters screened: 2, of whom 2 kept and 0 rejected",
        "`scores/z-mos@1`",
        "How good does this picture look",
        "from 0 to 5 in steps of 0.1",
        *(f"`{name}`" for name in TABLES),
    ):
        assert said in card
    event = await session.scalar(select(AuditEvent).where(AuditEvent.action == "study_released"))
    assert event.detail["run_id"] == run_id


async def test_a_folder_that_is_not_empty_is_left_alone(open_panel, session, release, tmp_path):
    panel, _ = await analysed(open_panel, session)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("precious")
    with pytest.raises(Conflict, match="exists already"):
        await release(panel)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.txt"]
    (tmp_path / "empty").mkdir()
    assert (await release(panel, "empty")).images == 3


async def test_ratings_that_came_after_the_run_stop_the_release(
    open_panel, session, release, tmp_path
):
    panel, run_id = await analysed(open_panel, session)
    late = await panel.add_rater({panel.stimuli[0]: (1, 1)})
    with pytest.raises(Conflict, match="analyse the study again"):
        await release(panel)
    await panel.set_status(late, RaterStatus.EXCLUDED)
    assert (await release(panel, run_id=run_id)).run_id == run_id
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


async def test_a_fingerprint_of_an_older_form_is_not_taken_for_changed_ratings(
    open_panel, session, release
):
    panel, run_id = await analysed(open_panel, session)
    run = await get_run(session, run_id=run_id)
    run.versions = {**run.versions, "methods": ["ratings@1"]}
    with pytest.raises(Conflict, match="older form"):
        await release(panel)


async def test_a_release_that_fails_leaves_nothing(open_panel, session, release, blobs, tmp_path):
    panel, _ = await analysed(open_panel, session)
    image = (await session.scalars(select(Image).order_by(Image.id.desc()))).first()
    (tmp_path / "blobs" / image.sha256[:2] / image.sha256).unlink()
    with pytest.raises(NotFound, match="missing from the store"):
        await release(panel)
    assert {path.name for path in tmp_path.iterdir()} == {"blobs"}


async def test_a_study_without_a_run_has_no_release(open_panel, release):
    panel = await open_panel(stimuli=1)
    with pytest.raises(AnalysisImpossible, match="no analysis run yet"):
        await release(panel)


async def test_the_archive_holds_the_release_without_pictures(open_panel, session, blobs, tmp_path):
    panel, run_id = await analysed(open_panel, session)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    path = await release_archive(
        session, blobs, slug=panel.slug, scratch=scratch, actor="o", now=NOW
    )
    assert path.name == f"example-run-{run_id}.zip"
    with zipfile.ZipFile(path) as archive:
        files = {name for name in archive.namelist() if not name.endswith("/")}
        assert files == {f"example-release/{name}" for name in FILES}
        assert archive.testzip() is None
