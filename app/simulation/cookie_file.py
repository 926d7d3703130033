"""Who the raters of an interrupted simulation are: their cookies, kept beside the other data.

Whoever has a rater's cookie is that rater, so the file is for its owner's eyes only.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Identity:
    """What makes a browser a certain rater, and the rater's public code once it is known."""

    cookies: dict[str, str]
    code: str | None = None


class CookieFile:
    """Identities by the rater's number in the panel; written whole at every change."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._identities: dict[int, Identity] = {}
        if path.exists():
            kept = json.loads(path.read_text())
            self._identities = {int(number): Identity(**value) for number, value in kept.items()}

    def find(self, number: int) -> Identity | None:
        """The identity of this member, if it has joined before."""
        return self._identities.get(number)

    def keep(self, number: int, identity: Identity) -> None:
        """Note who this member is."""
        if self._identities.get(number) == identity:
            return
        self._identities[number] = identity
        draft = self._path.with_suffix(".draft")
        draft.unlink(missing_ok=True)
        file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "w") as stream:
            json.dump({key: asdict(value) for key, value in self._identities.items()}, stream)
        draft.replace(self._path)

    def remove(self) -> None:
        """Forget everybody: the simulation is complete."""
        self._identities.clear()
        self._path.unlink(missing_ok=True)
