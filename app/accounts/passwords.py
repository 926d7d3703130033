"""Passwords: argon2id hashes, and made-up passwords that can be read aloud."""

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.errors import InvalidInput

SHORTEST = 10
# Without letters and digits that look alike.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"

_hasher = PasswordHasher()


@cache
def _hash_of_nobody() -> str:
    """Verified when there is no such account, so that the answer takes as long."""
    return _hasher.hash(secrets.token_hex(16))


def hash_password(password: str) -> str:
    """The argon2id hash; raises InvalidInput for a password that is too short."""
    if len(password) < SHORTEST:
        raise InvalidInput(f"A password needs at least {SHORTEST} characters.")
    return _hasher.hash(password)


def is_password(password: str, password_hash: str | None) -> bool:
    """Whether the password belongs to the hash; takes the same time when there is no hash."""
    try:
        return (
            _hasher.verify(password_hash or _hash_of_nobody(), password)
            and password_hash is not None
        )
    except (VerificationError, InvalidHashError):
        return False


def made_up_password() -> str:
    """A random password of four groups of four, about 79 bits."""
    groups = ("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(4))
    return "-".join(groups)
