"""Content-addressed bytes in a folder: an address is the SHA-256 of what lies there."""

import hashlib
import os
import secrets
from pathlib import Path

from app.errors import NotFound


class BlobStore:
    """Bytes under ``folder/ab/abcdef…``; written whole or not at all, never changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, content: bytes) -> str:
        """Store the bytes durably and return their address; storing them again does nothing."""
        address = hashlib.sha256(content).hexdigest()
        path = self._path(address)
        if not path.exists():
            _write_durably(path, content)
        return address

    def get(self, address: str) -> bytes:
        """The bytes at this address; raises NotFound when there are none."""
        try:
            return self._path(address).read_bytes()
        except FileNotFoundError:
            raise NotFound("The bytes of this picture are missing from the store.") from None

    def has(self, address: str) -> bool:
        """Whether there are bytes at this address."""
        return self._path(address).exists()

    def is_writable(self) -> bool:
        """Whether something can be stored at present."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            return False
        return os.access(self._folder, os.W_OK)

    def _path(self, address: str) -> Path:
        return self._folder / address[:2] / address


def _write_durably(path: Path, content: bytes) -> None:
    """Write beside, flush to the disk, then rename: a crash leaves the whole file or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name[:16]}.{secrets.token_hex(4)}")
    try:
        with draft.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
