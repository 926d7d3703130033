"""Uploads that wait on the disk between the dry run and the import, for a day at most."""

import re
import secrets
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from app.errors import NotFound
from app.pool.records import FORM_BY_SUFFIX, RecordForm

SUFFIXES = {form: suffix for suffix, form in reversed(FORM_BY_SUFFIX.items())}
KEPT_S = 24 * 3600
_TOKEN = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Upload:
    """A zip file and perhaps a manifest beside it, under a name that nobody can guess."""

    token: str
    folder: Path

    @property
    def pictures(self) -> Path:
        """The zip file."""
        return self.folder / "pictures.zip"

    @property
    def manifest(self) -> Path | None:
        """The manifest that was sent beside the zip file."""
        return next(self.folder.glob("manifest.*"), None)

    @property
    def name(self) -> str:
        """What the zip file was called by whoever sent it."""
        return (self.folder / "name").read_text()


def keep_upload(
    folder: Path,
    *,
    account_id: int,
    pictures: BinaryIO,
    name: str,
    manifest: tuple[RecordForm, BinaryIO] | None,
) -> Upload:
    """Write what was sent into a folder of its own; older uploads are swept out."""
    _sweep(folder)
    token = secrets.token_hex(16)
    upload = Upload(token, _place(folder, account_id, token))
    upload.folder.mkdir(parents=True)
    (upload.folder / "name").write_text(name)
    _write(upload.pictures, pictures)
    if manifest is not None:
        form, content = manifest
        _write(upload.folder / f"manifest{SUFFIXES[form]}", content)
    return upload


def get_upload(folder: Path, *, account_id: int, token: str) -> Upload:
    """An upload of this account that still waits; raises NotFound."""
    place = _place(folder, account_id, token) if _TOKEN.fullmatch(token) else None
    if place is None or not place.is_dir():
        raise NotFound("This upload is gone; please send the file again.")
    return Upload(token, place)


def drop_upload(upload: Upload) -> None:
    """Delete an upload that is imported or refused."""
    shutil.rmtree(upload.folder, ignore_errors=True)


def _place(folder: Path, account_id: int, token: str) -> Path:
    return folder / f"{account_id}-{token}"


def _write(path: Path, content: BinaryIO) -> None:
    with path.open("xb") as file:
        shutil.copyfileobj(content, file, 1024 * 1024)


def _sweep(folder: Path) -> None:
    if not folder.is_dir():
        return
    for old in folder.iterdir():
        if old.stat().st_mtime < time.time() - KEPT_S:
            shutil.rmtree(old, ignore_errors=True)
