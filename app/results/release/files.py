"""The files of a release: tables, pictures, data card, digests."""

import asyncio
import hashlib
import json
from collections.abc import AsyncGenerator
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables import AnalysisRun, Study
from app.results.exports import (
    AGIQA3K_DIMENSIONS,
    ScoreKind,
    stream_agiqa3k_csv,
    stream_raters_csv,
    stream_ratings_csv,
    stream_scores_csv,
    stream_stimuli_csv,
)
from app.results.exports.stimulus_records import list_stimulus_records
from app.storage.blobs import BlobStore


class ReleaseImages(StrEnum):
    """Which pictures a release contains."""

    ORIGINALS = "originals"
    DISPLAY = "display"
    NONE = "none"

    @property
    def suffix(self) -> str | None:
        """The ending every name gets; display renditions are always PNG."""
        return ".png" if self is ReleaseImages.DISPLAY else None

    @property
    def sentence(self) -> str:
        """What the data card says of the pictures."""
        return {
            "originals": "`images/` has the original files, byte for byte, named as in the tables.",
            "display": "`images/` has what the raters saw: the same pixels as the originals, as"
            " PNG without metadata, named as in the tables.",
            "none": "The pictures are not part of this release; `stimuli.csv` has the SHA-256 of"
            " each.",
        }[self.value]


async def write_tables(
    session: AsyncSession,
    folder: Path,
    study: Study,
    run: AnalysisRun,
    *,
    images: ReleaseImages,
    score: ScoreKind,
) -> dict[str, str]:
    """Write the CSV files and the run; return what each file is."""
    await asyncio.to_thread(folder.mkdir, parents=True)
    suffix = images.suffix
    kind = "raw MOS on the study's scale" if score is ScoreKind.RAW else "z-score MOS, 0 to 100"
    tables = {
        "scores.csv": (
            "MOS, spread and interval of each stimulus, raw and z-scored",
            stream_scores_csv(session, run_id=run.id, suffix=suffix),
        ),
        "ratings.csv": (
            "every rating that was screened, under pseudonyms",
            stream_ratings_csv(session, slug=study.slug, suffix=suffix),
        ),
        "raters.csv": (
            "verdict and outcome of each check, under the same pseudonyms",
            stream_raters_csv(session, run_id=run.id),
        ),
        "stimuli.csv": (
            "prompt, generator, settings, file and provenance of each stimulus",
            stream_stimuli_csv(session, slug=study.slug, suffix=suffix),
        ),
    }
    if set(AGIQA3K_DIMENSIONS) <= {d["key"] for d in study.protocol["dimensions"]}:
        tables["agiqa3k.csv"] = (
            f"the scores in the columns of AGIQA-3K; here {kind}",
            stream_agiqa3k_csv(session, run_id=run.id, score=score, suffix=suffix),
        )
    for name, (_, chunks) in tables.items():
        await _write_text(folder / name, chunks)
    document = json.dumps(run_document(study, run), indent=2, ensure_ascii=False) + "\n"
    await asyncio.to_thread((folder / "analysis_run.json").write_text, document, encoding="utf-8")
    described = {name: what for name, (what, _) in tables.items()}
    return described | {"analysis_run.json": "configuration, versions and summary of the analysis"}


async def _write_text(path: Path, chunks: AsyncGenerator[str, None]) -> None:
    file = await asyncio.to_thread(path.open, "w", encoding="utf-8", newline="")
    try:
        async for chunk in chunks:
            await asyncio.to_thread(file.write, chunk)
    finally:
        await asyncio.to_thread(file.close)


async def write_images(
    session: AsyncSession, blobs: BlobStore, folder: Path, study: Study, images: ReleaseImages
) -> int:
    """Write the pictures of all stimuli under the names of the tables; return how many."""
    if images is ReleaseImages.NONE:
        return 0
    records = await list_stimulus_records(session, study_id=study.id, suffix=images.suffix)
    target = folder / "images"
    await asyncio.to_thread(target.mkdir)
    for record in records:
        original = images is ReleaseImages.ORIGINALS
        address = record.sha256 if original else record.display_sha256
        await asyncio.to_thread(_write_image, blobs, address, target / record.name)
    return len(records)


def _write_image(blobs: BlobStore, address: str, path: Path) -> None:
    path.write_bytes(blobs.get(address))


def write_card_and_digests(folder: Path, card: str) -> None:
    """Add the data card, and the digest of every file."""
    (folder / "README.md").write_text(card, encoding="utf-8")
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    lines = (f"{_digest(path)}  {path.relative_to(folder).as_posix()}\n" for path in files)
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def run_document(study: Study, run: AnalysisRun) -> dict[str, Any]:
    """Everything about a run except its rows."""
    return {
        "study": {
            "slug": study.slug,
            "title": study.title,
            "protocol_version": study.protocol_version,
            "protocol": study.protocol,
        },
        "run": run.id,
        "created_at": run.created_at.isoformat(),
        "fingerprint": run.fingerprint,
        "configuration": run.configuration,
        "versions": run.versions,
        "summary": run.summary,
    }
