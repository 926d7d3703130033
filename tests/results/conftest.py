"""A study to which a test adds raters and ratings."""

from functools import partial

import pytest
from panel import make_panel
from sqlalchemy.ext.asyncio import AsyncSession

from app.storage.blobs import BlobStore


@pytest.fixture
def open_panel(session: AsyncSession, blobs: BlobStore):
    """Make a study without raters: ``await open_panel(stimuli=4)``."""
    return partial(make_panel, session, blobs)
