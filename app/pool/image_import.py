"""Importing finished images: first a plan that verifies every picture, then the import itself.

The bytes are stored before the rows, by their content, which is harmless if nothing follows; the
rows come in one transaction, so nothing is ever half-imported.
"""

import asyncio
from dataclasses import dataclass
from typing import Self

from sqlalchemy import BigInteger, Text, cast, literal, select
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.arrays import as_arrays, table_of_arrays
from app.database.audit import record_event
from app.database.tables import Base
from app.database.tables.pool import ImageOrigin
from app.errors import ImageRefused, ImportRefused, Problem
from app.pool.conditions import add_conditions, canonical_json
from app.pool.image_files import ImageFiles, for_each_file, open_image_files
from app.pool.import_plan import ImportPlan, plan_image_import
from app.pool.manifest import ManifestEntry
from app.pool.prompts import add_prompts
from app.pool.records import LISTED_MISTAKES, refusal
from app.storage.blobs import BlobStore
from app.storage.pictures import StoredPicture, store_picture

__all__ = ["ImageImport", "ImportPlan", "carry_out_import", "plan_image_import"]

ROWS_PER_STATEMENT = 10_000

_image = Base.metadata.tables["image"]
_given = table_of_arrays(
    sha256=Text,
    display_sha256=Text,
    thumbnail_sha256=Text,
    prompt_id=BigInteger,
    condition_id=BigInteger,
    seed=BigInteger,
    name=Text,
    width=BigInteger,
    height=BigInteger,
    media_type=Text,
    byte_count=BigInteger,
    provenance=Text,
)
_COLUMNS = tuple(_given.c.keys())
_PLAIN_COLUMNS = _COLUMNS[:-1]
_ADD = (
    insert(_image)
    .from_select(
        [*_PLAIN_COLUMNS, "provenance", "origin"],
        select(
            *(_given.c[name] for name in _PLAIN_COLUMNS),
            cast(_given.c.provenance, JSONB),
            literal(ImageOrigin.IMPORTED.value),
        ),
    )
    .on_conflict_do_nothing(constraint="uq_image_identity")
    .returning(_image.c.id)
)


@dataclass(frozen=True)
class ImageImport:
    """What an import did: images read, added, and merged with an identical one."""

    read: int
    added: int
    merged: int
    prompts_added: int
    image_ids: tuple[int, ...]


async def carry_out_import(
    session: AsyncSession,
    *,
    blobs: BlobStore,
    plan: ImportPlan,
    actor: str,
) -> ImageImport:
    """Import what was planned, all or nothing; raises ImportRefused.

    1. Store the bytes of every picture, once each; a file that changed since is refused.
    2. Add prompts and conditions that are new.
    3. Add the images; one with the same bytes, prompt, condition and seed is merged.
    """
    if plan.problem_count:
        raise ImportRefused(refusal(plan.problem_count), problems=plan.problems)
    stored = await asyncio.to_thread(_store_pictures, blobs, plan)
    prompts_added, prompt_ids = await add_prompts(
        session, prompts=(entry.prompt for entry in plan.entries)
    )
    condition_ids = await add_conditions(
        session, conditions=(entry.condition for entry in plan.entries)
    )
    rows = [
        _ImageRow.of(
            entry,
            stored[entry.file],
            prompt_ids[entry.prompt.text],
            condition_ids[entry.condition.digest],
            plan.manifest_name,
        )
        for entry in plan.entries
    ]
    ids: list[int] = []
    for start in range(0, len(rows), ROWS_PER_STATEMENT):
        batch = rows[start : start + ROWS_PER_STATEMENT]
        ids += await session.scalars(_ADD, as_arrays(batch, _COLUMNS))
    done = ImageImport(
        read=len(rows),
        added=len(ids),
        merged=len(rows) - len(ids),
        prompts_added=prompts_added,
        image_ids=tuple(ids),
    )
    await record_event(
        session,
        actor=actor,
        action="images_imported",
        subject_kind="pool",
        subject_id="images",
        detail={
            "source": plan.source.name,
            "manifest": plan.manifest_name,
            "read": done.read,
            "added": done.added,
            "merged": done.merged,
        },
    )
    return done


def _store_pictures(blobs: BlobStore, plan: ImportPlan) -> dict[str, StoredPicture]:
    """Store each distinct picture; the same bytes under several names are decoded once."""
    representative: dict[str, str] = {}
    for path, picture in plan.pictures.items():
        representative.setdefault(picture.sha256, path)

    def store(files: ImageFiles, path: str) -> StoredPicture:
        picture = store_picture(blobs, files.read(path), limit_megapixels=plan.limit_megapixels)
        if picture.sha256 != plan.pictures[path].sha256:
            raise ImageRefused("The file has changed since it was checked.")
        return picture

    with open_image_files(plan.source) as files:
        outcomes = for_each_file(representative.values(), lambda path: store(files, path))
    problems = [
        Problem(path, outcome.message)
        for path, outcome in outcomes.items()
        if isinstance(outcome, ImageRefused)
    ]
    if problems:
        raise ImportRefused(refusal(len(problems)), problems=problems[:LISTED_MISTAKES])
    by_sha256 = {
        outcome.sha256: outcome
        for outcome in outcomes.values()
        if isinstance(outcome, StoredPicture)
    }
    return {path: by_sha256[picture.sha256] for path, picture in plan.pictures.items()}


@dataclass(frozen=True)
class _ImageRow:
    """The values of one row of ``image``."""

    sha256: str
    display_sha256: str
    thumbnail_sha256: str
    prompt_id: int
    condition_id: int
    seed: int | None
    name: str
    width: int
    height: int
    media_type: str
    byte_count: int
    provenance: str

    @classmethod
    def of(
        cls,
        entry: ManifestEntry,
        picture: StoredPicture,
        prompt_id: int,
        condition_id: int,
        manifest_name: str,
    ) -> Self:
        return cls(
            **vars(picture),
            prompt_id=prompt_id,
            condition_id=condition_id,
            seed=entry.seed,
            name=entry.name,
            provenance=canonical_json(
                {"file": entry.file, "manifest": manifest_name, "line": entry.line}
            ),
        )
