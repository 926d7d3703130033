"""Version and settings of imported metrics, as people write them."""

import json
from typing import Any

from app.errors import InvalidInput, Problem
from app.pool.conditions import canonical_json
from app.pool.prompt_text import clean, storing_objection

LONGEST_VERSION = 100
NOT_SETTINGS = 'Settings are a JSON object, such as {"weights": "koniq10k"}.'
LONGEST_SETTINGS = 1_000  # characters of JSON; more would not fit the index


def parse_version(text: str) -> str:
    """A version as it is stored; raises InvalidInput."""
    version = clean(text)
    if len(version) > LONGEST_VERSION or storing_objection(version):
        raise _refused("version", f"A version is a text of at most {LONGEST_VERSION} characters.")
    return version


def parse_settings(text: str) -> dict[str, Any]:
    """Settings from a JSON object, none from an empty text; raises InvalidInput."""
    if not text.strip():
        return {}
    try:
        settings = json.loads(text)
    except (ValueError, RecursionError):
        raise _refused("settings", NOT_SETTINGS) from None
    return check_settings(settings)


def check_settings(settings: object) -> dict[str, Any]:
    """Settings that can be stored; raises InvalidInput."""
    if not isinstance(settings, dict):
        raise _refused("settings", NOT_SETTINGS)
    try:
        written = canonical_json(settings)
        written.encode()  # fails for half a character, which PostgreSQL could not hold either
    except (ValueError, RecursionError):
        raise _refused("settings", NOT_SETTINGS) from None
    if "\\u0000" in written:
        raise _refused("settings", "The settings contain a NUL character.")
    if len(written) > LONGEST_SETTINGS:
        raise _refused("settings", f"Settings have at most {LONGEST_SETTINGS:,} characters.")
    return settings


def parse_names(text: str) -> tuple[str, ...]:
    """Names of metrics, one on a line or separated by commas."""
    parts = (part for line in text.splitlines() for part in line.split(","))
    return tuple(name for part in parts if (name := clean(part)))


def _refused(where: str, sentence: str) -> InvalidInput:
    return InvalidInput(sentence, problems=[Problem(where, sentence)])
