"""The plan of an image import: a manifest read, every picture decoded, nothing changed."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from app.errors import ImageRefused, ImportRefused, Problem
from app.pool.image_files import ImageFiles, for_each_file, open_image_files, tidy_path
from app.pool.manifest import ManifestEntry, read_manifest
from app.pool.records import Mistakes, form_of
from app.storage.pictures import decode_picture

LISTED_WARNINGS = 50
MANIFEST_NAMES = ("manifest.csv", "manifest.tsv", "manifest.jsonl")


@dataclass(frozen=True)
class CheckedPicture:
    """A file that was decoded: its content's address and its size in px."""

    sha256: str
    width: int
    height: int


@dataclass(frozen=True)
class ImportPlan:
    """What an import would do; it can be carried out when there are no problems.

    ``problems`` and ``warnings`` list the first ones, the counts say how many there are.
    """

    source: Path
    manifest_name: str
    limit_megapixels: int
    entries: tuple[ManifestEntry, ...]
    pictures: Mapping[str, CheckedPicture]
    generators: Mapping[str, int]
    problems: tuple[Problem, ...] = ()
    problem_count: int = 0
    warnings: tuple[str, ...] = ()
    warning_count: int = 0


def plan_image_import(
    *,
    source: Path,
    manifest: Path | None = None,
    limit_megapixels: int = 64,
    source_name: str | None = None,
) -> ImportPlan:
    """Verify a manifest and every picture it names, changing nothing.

    Without ``manifest`` the folder or zip file must contain a ``manifest.csv`` (.tsv, .jsonl).
    Raises ImportRefused only when there is nothing to look at; everything else is in the plan.
    """
    mistakes = Mistakes()
    with open_image_files(source) as files:
        name, content = _manifest_of(files, manifest)
        entries = read_manifest(
            content, form_of(name), source=source_name or source.name, mistakes=mistakes
        )
        lines = _first_lines(entries)
        checked = for_each_file(lines, lambda path: _checked(files.read(path), limit_megapixels))
        unused = sorted(set(files.list_paths()) - set(lines) - {tidy_path(name)})
    for path, outcome in checked.items():
        if isinstance(outcome, ImageRefused):
            mistakes.add(lines[path], f"{path}: {outcome.message}")
    pictures = {path: found for path, found in checked.items() if isinstance(found, CheckedPicture)}
    warnings = [*_size_warnings(entries, pictures), *_unused_warning(unused)]
    return ImportPlan(
        source=source,
        manifest_name=name,
        limit_megapixels=limit_megapixels,
        entries=tuple(entries),
        pictures=pictures,
        generators=Counter(entry.condition.generator for entry in entries),
        problems=mistakes.as_problems(),
        problem_count=mistakes.count,
        warnings=tuple(warnings[:LISTED_WARNINGS]),
        warning_count=len(warnings),
    )


def _manifest_of(files: ImageFiles, manifest: Path | None) -> tuple[str, bytes]:
    if manifest is not None:
        try:
            return manifest.name, manifest.read_bytes()
        except OSError as error:
            raise ImportRefused(f"The manifest cannot be read: {error.strerror}.") from None
    for name in MANIFEST_NAMES:
        if name in files.list_paths():
            return name, files.read(name)
    raise ImportRefused(
        "There is no manifest: add a file manifest.csv with the columns file, prompt, generator."
    )


def _first_lines(entries: Iterable[ManifestEntry]) -> dict[str, int]:
    """Every file of the manifest with the line that names it first."""
    lines: dict[str, int] = {}
    for entry in entries:
        lines.setdefault(entry.file, entry.line)
    return lines


def _checked(content: bytes, limit_megapixels: int) -> CheckedPicture:
    picture, _ = decode_picture(content, limit_megapixels=limit_megapixels)
    return CheckedPicture(hashlib.sha256(content).hexdigest(), picture.width, picture.height)


def _size_warnings(
    entries: Iterable[ManifestEntry], pictures: Mapping[str, CheckedPicture]
) -> list[str]:
    """Lines whose width and height are not those of the picture: upscaled, or mixed up."""
    warnings = []
    for entry in entries:
        picture, asked = pictures.get(entry.file), entry.condition
        if picture and (asked.width or picture.width, asked.height or picture.height) != (
            picture.width,
            picture.height,
        ):
            warnings.append(
                f"line {entry.line}: the picture has {picture.width} × {picture.height} px, the "
                f"manifest says {asked.width or 'any'} × {asked.height or 'any'}."
            )
    return warnings


def _unused_warning(unused: list[str]) -> list[str]:
    if not unused:
        return []
    names = ", ".join(unused[:3]) + (", …" if len(unused) > 3 else "")
    number = "One file is" if len(unused) == 1 else f"{len(unused):,} files are"
    return [f"{number} not in the manifest and will not be imported: {names}"]
