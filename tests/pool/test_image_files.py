"""Folders and zip files are read without trusting them."""

import os
import stat
import zipfile
from pathlib import Path

import pytest

from app.errors import ImageRefused, ImportRefused
from app.pool import image_files
from app.pool.image_files import open_image_files


def make_zip(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return path


def test_a_folder_lists_its_files_but_not_what_systems_leave_behind(tmp_path: Path) -> None:
    for name in ("a.png", "sub/b.png", ".DS_Store", "__MACOSX/a.png", "sub/Thumbs.db"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    with open_image_files(tmp_path) as files:
        assert files.list_paths() == ["a.png", "sub/b.png"]
        assert files.read("./sub\\b.png") == b"x"
        with pytest.raises(ImageRefused, match=r"did you mean 'a\.png'"):
            files.read("A.PNG")


def test_links_that_leave_the_folder_are_refused(tmp_path: Path) -> None:
    outside = tmp_path / "secret"
    outside.mkdir()
    (outside / "key").write_text("secret")
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "a.png").symlink_to(outside / "key")
    (folder / "sub").symlink_to(outside)
    (folder / "inside.png").symlink_to(folder / "real.png")
    (folder / "real.png").write_bytes(b"x")
    with open_image_files(folder) as files:
        with pytest.raises(ImageRefused, match="leads out"):
            files.read("a.png")
        for path in ("sub/key", "../secret/key", str(outside / "key")):
            with pytest.raises(ImageRefused, match="no such file"):
                files.read(path)
        assert files.read("inside.png") == b"x"


def test_a_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    with (
        open_image_files(tmp_path) as files,
        pytest.raises(ImageRefused, match="plain file"),
    ):
        files.read("pipe.png")


def test_a_file_that_is_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_files, "FILE_LIMIT_BYTES", 1000)
    (tmp_path / "large.png").write_bytes(b"x" * 1001)
    archive = make_zip(tmp_path / "x.zip", {"large.png": b"x" * 1001, "fits.png": b"x" * 1000})
    for source in (tmp_path, archive):
        with open_image_files(source) as files, pytest.raises(ImageRefused, match="larger than"):
            files.read("large.png")
    with open_image_files(archive) as files:
        assert len(files.read("fits.png")) == 1000


def test_a_zip_file_that_promises_too_much_is_refused_before_unpacking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_files, "SMALLEST_TOTAL_LIMIT_BYTES", 10_000)
    archive = make_zip(tmp_path / "x.zip", {f"{n}.png": bytes(100_000) for n in range(10)})
    with pytest.raises(ImportRefused, match="would unpack"), open_image_files(archive):
        pass


def test_a_zip_file_that_declares_less_than_it_holds_yields_no_more(tmp_path: Path) -> None:
    archive = make_zip(tmp_path / "x.zip", {"a.png": bytes(100_000)})
    content = archive.read_bytes()
    declared = (100_000).to_bytes(4, "little")
    assert content.count(declared) == 2
    archive.write_bytes(content.replace(declared, (50).to_bytes(4, "little")))
    with (
        open_image_files(archive) as files,
        pytest.raises(ImageRefused, match="cannot be unpacked"),
    ):
        files.read("a.png")


def test_links_encrypted_and_damaged_entries_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        link = zipfile.ZipInfo("link.png")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("damaged.png", b"PICTURE" * 100)
        archive.writestr("../up.png", b"x")
    content = path.read_bytes()
    path.write_bytes(content.replace(b"PICTURE", b"BROKENX", 1))
    with open_image_files(path) as files:
        for name, sentence in (("link.png", "link"), ("damaged.png", "cannot be unpacked")):
            with pytest.raises(ImageRefused, match=sentence):
                files.read(name)


@pytest.mark.parametrize("content", [b"not a zip file", b"PK\x05\x06" + b"\0" * 10])
def test_what_is_neither_a_folder_nor_a_zip_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(content)
    with pytest.raises(ImportRefused, match="neither"), open_image_files(path):
        pass
    with pytest.raises(ImportRefused, match="no such"), open_image_files(tmp_path / "missing"):
        pass


@pytest.mark.parametrize("kind", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_damaged_content_is_refused_however_it_is_packed(tmp_path: Path, kind: int) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", kind) as archive:
        archive.writestr("a.png", os.urandom(500))
    packed = bytearray(path.read_bytes())
    packed[40:200] = b"\xff" * 160
    path.write_bytes(packed)
    with (
        open_image_files(path) as files,
        pytest.raises(ImageRefused, match="cannot be unpacked"),
    ):
        files.read("a.png")


def test_an_unknown_way_of_packing_is_refused(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "x.zip", {"a.png": b"x" * 100})
    packed = path.read_bytes().replace(b"\x08\x00", b"\x63\x00")
    path.write_bytes(packed)
    with (
        open_image_files(path) as files,
        pytest.raises(ImageRefused, match="cannot be unpacked"),
    ):
        files.read("a.png")
