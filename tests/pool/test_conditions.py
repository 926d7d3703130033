"""Conditions: the same settings are the same condition, however they are written."""

from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.tables import Condition
from app.pool.conditions import ConditionSettings, add_conditions

BASE = ConditionSettings(
    "SDXL", "r1", guidance=7.0, steps=20, width=512, height=512, extra={"a": 1, "b": {"c": "x"}}
)


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"guidance": 7}, True),
        ({"extra": {"b": {"c": "x"}, "a": 1}}, True),
        ({"guidance": 7.5}, False),
        ({"revision": None}, False),
        ({"steps": 21}, False),
        ({"scheduler": "euler"}, False),
        ({"width": 640}, False),
        ({"extra": {}}, False),
        ({"generator": "sdxl"}, False),
    ],
)
def test_the_digest_says_whether_conditions_are_the_same(
    change: dict[str, object], same: bool
) -> None:
    assert (replace(BASE, **change).digest == BASE.digest) is same  # type: ignore[arg-type]


def test_the_digest_never_changes_between_versions() -> None:
    assert ConditionSettings("SDXL").digest == (
        "86ad80094f23ee77d075d2107a511274d0e3a7394e6432c42205ad29bbcbdea8"
    )


async def test_known_conditions_keep_their_id(session: AsyncSession) -> None:
    other = replace(BASE, steps=50)
    first = await add_conditions(session, conditions=[BASE, other, BASE])
    again = await add_conditions(
        session, conditions=[replace(BASE, guidance=7), ConditionSettings("Y")]
    )
    assert len(first) == 2
    assert again[BASE.digest] == first[BASE.digest]
    stored = await session.get_one(Condition, first[BASE.digest])
    assert (stored.generator, stored.guidance, stored.extra) == ("SDXL", 7.0, BASE.extra)
    assert len(list(await session.scalars(select(Condition.id)))) == 3
    assert await add_conditions(session, conditions=[]) == {}
