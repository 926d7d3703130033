"""Conditions: a generator with its settings, known by a digest of what they say."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from sqlalchemy import ARRAY, BigInteger, Double, Text, bindparam, cast, func, select
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.arrays import as_arrays, table_of_arrays
from app.database.tables import Base, Condition

COLUMNS = ("generator", "revision", "guidance", "steps", "scheduler", "width", "height")

_condition = Base.metadata.tables["condition"]
_given = table_of_arrays(
    generator=Text,
    revision=Text,
    guidance=Double,
    steps=BigInteger,
    scheduler=Text,
    width=BigInteger,
    height=BigInteger,
    extra=Text,
    digest=Text,
)
_ADD = (
    insert(_condition)
    .from_select(
        [*COLUMNS, "digest", "extra"],
        select(*(_given.c[name] for name in (*COLUMNS, "digest")), cast(_given.c.extra, JSONB)),
    )
    .on_conflict_do_nothing(constraint="uq_condition_digest")
)
_FIND = select(_condition.c.digest, _condition.c.id).where(
    _condition.c.digest == func.any(bindparam("digests", type_=ARRAY(Text)))
)


@dataclass(frozen=True)
class ConditionSettings:
    """A generator with its settings; None means that the setting is not known.

    ``width`` and ``height`` (px) are what was asked of the generator.
    """

    generator: str
    revision: str | None = None
    guidance: float | None = None
    steps: int | None = None
    scheduler: str | None = None
    width: int | None = None
    height: int | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, row: Condition) -> Self:
        """What a stored condition says."""
        return cls(**{name: getattr(row, name) for name in (*COLUMNS, "extra")})

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON: sorted keys, no spaces, guidance always a float."""
        guidance = None if self.guidance is None else float(self.guidance)
        return hashlib.sha256(
            canonical_json({**asdict(self), "guidance": guidance}).encode()
        ).hexdigest()


def canonical_json(value: Any) -> str:
    """The one way to write this value; raises ValueError for what JSON cannot say."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


async def add_conditions(
    session: AsyncSession, *, conditions: Iterable[ConditionSettings]
) -> dict[str, int]:
    """The id of every condition by its digest; those that are new are added."""
    # Sorted, so that two transactions that add the same conditions do so in the same order.
    by_digest = {condition.digest: condition for condition in conditions}
    digests = sorted(by_digest)
    given = [by_digest[digest] for digest in digests]
    if not given:
        return {}
    values = as_arrays(given, COLUMNS)
    extra = [canonical_json(dict(condition.extra)) for condition in given]
    await session.execute(_ADD, {**values, "all_extra": extra, "all_digest": digests})
    found = await session.execute(_FIND, {"digests": digests})
    return {row.digest: row.id for row in found}
