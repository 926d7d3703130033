"""``beholder account …`` as somebody types it."""

import asyncio
import re
from datetime import UTC, datetime

import pytest
from factories import PASSWORD, make_account
from pydantic import SecretStr
from sqlalchemy import select
from typer.testing import CliRunner

from app.accounts.accounts import find_account_by_api_token, log_in
from app.cli import cli
from app.database.tables import Account
from app.database.tables.accounts import Role
from app.errors import Conflict, InvalidInput, NotFound


@pytest.fixture
def beholder(settings, database_url, sessions, monkeypatch):
    """Type a command, and what it asks for; what it prints, or the error of its sentence."""
    own = settings.model_copy(update={"database_url": SecretStr(database_url)})
    monkeypatch.setattr("app.cli.transaction.get_settings", lambda: own)
    monkeypatch.setenv("COLUMNS", "160")

    async def type_it(*words: str, asked: str = "") -> str:
        result = await asyncio.to_thread(CliRunner().invoke, cli, ["account", *words], input=asked)
        if result.exception is not None:
            raise result.exception
        return result.stdout

    return type_it


@pytest.fixture
def now():
    return datetime.now(UTC)


async def may_log_in(sessions, email: str, password: str, now) -> bool:
    async with sessions.begin() as session:
        token = await log_in(session, email=email, password=password, now=now, hours=1)
    return token is not None


async def test_an_account_is_created_with_the_password_that_was_typed(beholder, sessions, now):
    printed = await beholder(
        "create", "ada@lab.example", "--role", "owner", asked=f"{PASSWORD}\n{PASSWORD}\n"
    )
    assert "ada@lab.example may log in as owner." in printed
    assert PASSWORD not in printed
    assert await may_log_in(sessions, "ada@lab.example", PASSWORD, now)
    async with sessions() as session:
        assert await session.scalar(select(Account.role)) is Role.OWNER


async def test_a_made_up_password_is_printed_once_and_works(beholder, sessions, now):
    printed = await beholder("create", "ada@lab.example", "--made-up")
    found = re.search(r"Password: (\S+)", printed)
    assert found
    assert await may_log_in(sessions, "ada@lab.example", found.group(1), now)
    again = await beholder("password", "ada@lab.example", "--made-up")
    assert not await may_log_in(sessions, "ada@lab.example", found.group(1), now)
    new = re.search(r"Password: (\S+)", again)
    assert new
    assert await may_log_in(sessions, "ada@lab.example", new.group(1), now)


async def test_a_new_account_may_only_look_unless_told_otherwise(beholder, sessions):
    await beholder("create", "ada@lab.example", "--made-up")
    async with sessions() as session:
        assert await session.scalar(select(Account.role)) is Role.VIEWER


async def test_what_cannot_be_is_refused(beholder, sessions):
    async with sessions.begin() as session:
        await make_account(session, email="ada@lab.example")
    with pytest.raises(Conflict):
        await beholder("create", "ADA@lab.example", "--made-up")
    with pytest.raises(InvalidInput):
        await beholder("create", "zoe@lab.example", asked="short\nshort\n")
    with pytest.raises(NotFound):
        await beholder("password", "nobody@lab.example", "--made-up")
    with pytest.raises(NotFound):
        await beholder("token", "nobody@lab.example")


async def test_a_token_is_printed_whole_and_acts_for_its_account(beholder, sessions, now):
    async with sessions.begin() as session:
        await make_account(session, email="ada@lab.example")
    printed = await beholder("token", "ada@lab.example", "--name", "export", "--days", "7")
    token = printed.splitlines()[-1]
    async with sessions() as session:
        account = await find_account_by_api_token(session, token=token, now=now)
    assert account is not None
    assert account.email == "ada@lab.example"


async def test_accounts_are_listed(beholder, sessions):
    async with sessions.begin() as session:
        await make_account(session, email="ada@lab.example")
    assert "ada@lab.example" in await beholder("list")
