"""The shared reference data, and the published vectors in it."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

_BESIDE_THE_REPOSITORY = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the shared data; without it tests fail under CI and are skipped elsewhere."""
    folder = Path(os.environ.get("BEHOLDER_DATA", _BESIDE_THE_REPOSITORY))
    if folder.is_dir():
        return folder
    reason = f"No shared data at {folder}; set BEHOLDER_DATA to the folder with ORIGINS.md."
    if "CI" in os.environ:
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def vectors(shared_data: Path) -> dict[str, Any]:
    """Score matrices of five subjective tests with the outputs of a reference implementation."""
    loaded: dict[str, Any] = json.loads((shared_data / "vectors/vectors_small.json").read_text())
    return loaded
