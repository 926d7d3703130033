"""The release: a folder that somebody else can use without us.

Scores, ratings, stimuli and raters as CSV, the run as JSON, a data card, the pictures, and the
digest of every file.  It is written under a temporary name beside its place and renamed at the
end, so that a folder with the right name is a whole release.
"""

import asyncio
import secrets
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.analysis.matrix import FINGERPRINT_METHOD
from app.database.audit import record_event
from app.database.tables import AnalysisRun
from app.errors import Conflict
from app.results.exports import ScoreKind
from app.results.ratings.loading import load_matrix
from app.results.release.data_card import data_card
from app.results.release.files import (
    ReleaseImages,
    write_card_and_digests,
    write_images,
    write_tables,
)
from app.results.runs.lookup import get_study_run
from app.results.runs.summary import fingerprint_of, versions_of
from app.storage.blobs import BlobStore
from app.study.studies import get_study

log = structlog.get_logger()


@dataclass(frozen=True)
class Release:
    """A written release."""

    folder: Path
    run_id: int
    fingerprint: str
    files: int
    images: int


async def release_study(
    session: AsyncSession,
    blobs: BlobStore,
    *,
    slug: str,
    folder: Path,
    run_id: int | None = None,
    images: ReleaseImages = ReleaseImages.ORIGINALS,
    score: ScoreKind = ScoreKind.RAW,
    actor: str,
    now: datetime,
) -> Release:
    """Write a study's release into a new folder; ``run_id`` defaults to the newest run.

    1. Make sure that the run's numbers follow from the ratings of this moment.
    2. Write everything into a folder beside the wanted one.
    3. Make sure that no rating came in meanwhile.
    4. Give the folder its name.

    Raises Conflict if the folder exists and is not empty, or the ratings have changed since the
    run; AnalysisImpossible if there is no run.
    """
    study = await get_study(session, slug=slug)
    run = await get_study_run(session, slug=slug, run_id=run_id)
    await asyncio.to_thread(_require_free, folder)
    await _require_same_ratings(session, run)
    draft = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.partial")
    try:
        tables = await write_tables(session, draft, study, run, images=images, score=score)
        pictures = await write_images(session, blobs, draft, study, images)
        card = data_card(study, run, files=tables, images=images.sentence)
        await asyncio.to_thread(write_card_and_digests, draft, card)
        await _require_same_ratings(session, run)
        await asyncio.to_thread(draft.rename, folder)
    finally:
        await asyncio.to_thread(shutil.rmtree, draft, ignore_errors=True)
    await record_event(
        session,
        actor=actor,
        action="study_released",
        subject_kind="study",
        subject_id=slug,
        detail={"run_id": run.id, "images": images, "released_at": now.isoformat()},
    )
    log.info("study_released", study_id=study.id, run_id=run.id, images=pictures)
    return Release(folder, run.id, fingerprint_of(run), len(tables) + 2, pictures)


async def release_archive(
    session: AsyncSession,
    blobs: BlobStore,
    *,
    slug: str,
    scratch: Path,
    run_id: int | None = None,
    images: ReleaseImages = ReleaseImages.NONE,
    score: ScoreKind = ScoreKind.RAW,
    actor: str,
    now: datetime,
) -> Path:
    """Write the release as one zip file into the empty folder ``scratch`` and return its path."""
    release = await release_study(
        session,
        blobs,
        slug=slug,
        folder=scratch / f"{slug}-release",
        run_id=run_id,
        images=images,
        score=score,
        actor=actor,
        now=now,
    )
    base = scratch / f"{slug}-run-{release.run_id}"
    archive = await asyncio.to_thread(
        shutil.make_archive, str(base), "zip", scratch, release.folder.name
    )
    return Path(archive)


async def _require_same_ratings(session: AsyncSession, run: AnalysisRun) -> None:
    """A release contains ratings and scores; the ones must follow from the others."""
    if FINGERPRINT_METHOD not in versions_of(run).methods:
        raise Conflict(
            f"Run {run.id} has a fingerprint of an older form, which cannot be compared; please"
            " analyse the study again and release that run."
        )
    matrix = await load_matrix(session, study_id=run.study_id)
    if await asyncio.to_thread(matrix.fingerprint) != run.fingerprint:
        raise Conflict(
            f"The ratings have changed since run {run.id} (new ratings, corrections, exclusions"
            " or new pictures); please analyse the study again and release that run."
        )


def _require_free(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Conflict(f"{folder} exists already; a release is written into a new folder.")
