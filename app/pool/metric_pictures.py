"""Which picture a file of predictions means: by its name, its file, its bytes or its number.

A study's own pictures go before the rest of the pool, so that a name that is unique within the
study is enough, and so that the names in a study's exports can be used as they are.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables import Image, Stimulus, Study

_PICTURE_SUFFIXES = {"png", "jpg", "jpeg", "webp", "bmp", "tif", "tiff"}


@dataclass(frozen=True, slots=True)
class Picture:
    """What a picture can be called; ``file`` is where it lay when it was imported."""

    id: int
    name: str | None
    sha256: str
    file: str | None


class PictureNames:
    """Everything by which pictures can be named, for looking up one after another."""

    def __init__(self, pictures: Iterable[Picture], export_names: Mapping[str, int] = {}) -> None:
        self._ids: dict[str, set[int]] = defaultdict(set)
        self._digests: dict[str, set[int]] = defaultdict(set)
        self._names: dict[str, set[int]] = defaultdict(set)
        self._files: dict[str, set[int]] = defaultdict(set)
        self._stems: dict[str, set[int]] = defaultdict(set)
        self._exports = {name: {image_id} for name, image_id in export_names.items()}
        for picture in pictures:
            self._ids[str(picture.id)].add(picture.id)
            self._digests[picture.sha256].add(picture.id)
            for name in filter(None, (picture.name, picture.file)):
                self._files[name].add(picture.id)
                self._names[_file_name(name)].add(picture.id)
        for name, image_ids in (*self._names.items(), *self._exports.items()):
            self._stems[_stem(name)] |= image_ids

    def find(self, reference: str, kind: str) -> set[int]:
        """The pictures that a reference can mean, by the first way that gives any.

        In this order: the name in exports, the whole path, the file's name, the SHA-256 of the
        bytes, the number of the picture, and the name without its ending.
        """
        file = reference.replace("\\", "/").removeprefix("./")
        name = _file_name(file)
        ways = {
            "id": ((self._ids, reference.lstrip("0")),),
            "sha256": ((self._digests, reference.lower()),),
            "any": (
                (self._exports, reference),
                (self._files, file),
                (self._names, name),
                (self._digests, reference.lower()),
                (self._ids, reference),
                (self._stems, _stem(name)),
            ),
        }
        return next((found for names, key in ways[kind] if (found := names.get(key))), set())


# Not pathlib, which would take most of the time for 20,000 pictures.
def _file_name(path: str) -> str:
    return path.rpartition("/")[2]


def _stem(name: str) -> str:
    stem, _, suffix = name.rpartition(".")
    return stem if stem and suffix.lower() in _PICTURE_SUFFIXES else name


_PICTURES = select(Image.id, Image.name, Image.sha256, Image.provenance["file"].astext).order_by(
    Image.id
)


async def list_pictures(session: AsyncSession, *, slug: str | None = None) -> list[Picture]:
    """The pictures of a study, or of the whole pool."""
    query = _PICTURES
    if slug is not None:
        query = query.join(Stimulus, Stimulus.image_id == Image.id).join(
            Study, Study.id == Stimulus.study_id
        )
        query = query.where(Study.slug == slug)
    return [Picture(*row) for row in await session.execute(query)]
