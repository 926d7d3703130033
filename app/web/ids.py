"""Ids in addresses: numbers that the database can hold, whatever was typed."""

from typing import Annotated

from fastapi import Path, Query

HIGHEST_ID = 2**63 - 1  # PostgreSQL's bigint

PathId = Annotated[int, Path(ge=1, le=HIGHEST_ID)]
QueryId = Annotated[int | None, Query(ge=1, le=HIGHEST_ID)]
