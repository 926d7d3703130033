"""Arrays of floats to PostgreSQL and back, bit for bit."""

import numpy as np
import pytest
from sqlalchemy import text

from app.results.bulk import copy_rows
from app.results.float_arrays import use_packed_floats

CASES = [
    np.array([1.5, -0.0, 1e-308, 1 / 3]),
    np.array([np.nan, 1.0, np.nan]),
    np.array([np.nan]),
    np.array([]),
    np.random.default_rng(2).normal(size=1000),
]


@pytest.mark.parametrize("values", CASES, ids=["plain", "gaps", "nothing", "empty", "many"])
async def test_what_is_stored_is_what_was_given(session, values):
    await session.execute(text("CREATE TEMP TABLE given (place int8, v float8[]) ON COMMIT DROP"))
    await use_packed_floats(session)
    columns = {"place": "int8", "v": "float8[]"}
    await copy_rows(session, table="given", columns=columns, rows=[(1, values)])
    stored = await session.scalar(text("SELECT v FROM given"))
    wanted = [None if np.isnan(value) else float(value).hex() for value in values]
    assert [None if value is None else value.hex() for value in stored] == wanted
