"""The blob store: addressed by content, whole or absent."""

import hashlib

import pytest

from app.errors import NotFound


def test_bytes_come_back_by_their_hash(blobs) -> None:
    address = blobs.put(b"some bytes")
    assert address == hashlib.sha256(b"some bytes").hexdigest()
    assert blobs.get(address) == b"some bytes"
    assert blobs.put(b"some bytes") == address


def test_a_missing_blob_is_said(blobs) -> None:
    with pytest.raises(NotFound):
        blobs.get("0" * 64)
    assert not blobs.has("0" * 64)


def test_a_failed_write_leaves_no_trace(blobs, settings, monkeypatch) -> None:
    def fail(descriptor: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        blobs.put(b"some bytes")
    assert [path for path in settings.blob_folder.rglob("*") if path.is_file()] == []
