"""Names under which stimuli and raters are published.

A stimulus keeps its image's name where that is safe as a file name everywhere and not taken
already; otherwise it is called ``<generator>_<number>``, the number being its place in the study.
A rater is known by a pseudonym that stays the same in every export of a study, and from which
nothing leads back to the person without the database.
"""

import base64
import hashlib
import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count
from pathlib import PurePosixPath

SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ ()+,-]{0,118}[A-Za-z0-9)]")
SUFFIXES = {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp"}
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_PSEUDONYM_BYTES = 5


@dataclass(frozen=True)
class Named:
    """What the name of one stimulus is made from."""

    stimulus_id: int
    name: str | None
    generator: str
    media_type: str


def export_names(stimuli: Iterable[Named], *, suffix: str | None = None) -> dict[int, str]:
    """A unique, file-safe name for each stimulus; give them in the order of their ids.

    Names that differ in capitals alone count as equal, since they do on many disks.  A later
    stimulus never changes the name of an earlier one.  With ``suffix`` (``.png``) every name
    gets it, for files that are not the originals.
    """
    names: dict[int, str] = {}
    taken: set[str] = set()
    for number, stimulus in enumerate(stimuli, start=1):
        wanted = _own_name(stimulus, suffix)
        if wanted is None or wanted.casefold() in taken:
            wanted = _made_name(stimulus, number, suffix, taken)
        taken.add(wanted.casefold())
        names[stimulus.stimulus_id] = wanted
    return names


def pseudonym(study_slug: str, rater: uuid.UUID) -> str:
    """The rater's name in exports: "R" and eight characters drawn from their random public id."""
    digest = hashlib.sha256(f"beholder rater in {study_slug}: {rater}".encode()).digest()
    return "R" + base64.b32encode(digest[:_PSEUDONYM_BYTES]).decode()


def _own_name(stimulus: Named, suffix: str | None) -> str | None:
    name = stimulus.name or ""
    if not SAFE_NAME.fullmatch(name) or _RESERVED.fullmatch(name):
        return None
    if suffix is not None:
        known = PurePosixPath(name).suffix.lower() in {*SUFFIXES.values(), ".jpeg"}
        return (PurePosixPath(name).stem if known else name) + suffix
    return name


def _made_name(stimulus: Named, number: int, suffix: str | None, taken: set[str]) -> str:
    generator = re.sub(r"[^A-Za-z0-9.-]+", "-", stimulus.generator).strip("-.") or "image"
    ending = suffix or SUFFIXES.get(stimulus.media_type, "")
    stem = f"{generator[:80]}_{number:05}"
    candidates = (f"{stem}{f'_{again}' if again > 1 else ''}{ending}" for again in count(1))
    return next(name for name in candidates if name.casefold() not in taken)
