"""Accounts: logging in, sessions that end, throttling, tokens; nothing readable is stored."""

import asyncio
from datetime import timedelta

import pytest
from factories import NOW, PASSWORD, make_account
from sqlalchemy import select, text

from app.accounts.accounts import (
    FAILED_LOGINS_ALLOWED,
    create_account,
    create_api_token,
    find_account_by_api_token,
    find_account_by_session,
    has_owner,
    log_in,
    log_out,
    require_owner,
    set_password,
)
from app.accounts.passwords import hash_password, is_password, made_up_password
from app.database.tables import Account, AccountSession, ApiToken
from app.database.tables.accounts import Role
from app.errors import Conflict, Forbidden, InvalidInput, TooManyAttempts

EMAIL = "someone@lab.example"


async def test_a_session_lasts_for_its_hours_and_ends_with_the_log_out(session) -> None:
    await make_account(session, email=EMAIL)
    token = await log_in(session, email=" Someone@Lab.example", password=PASSWORD, now=NOW, hours=2)
    assert token is not None
    found = await find_account_by_session(session, token=token, now=NOW + timedelta(hours=1))
    assert found is not None
    assert found.email == EMAIL
    assert not await find_account_by_session(session, token=token, now=NOW + timedelta(hours=2))
    await log_out(session, token=token)
    assert not await find_account_by_session(session, token=token, now=NOW)


async def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(session) -> None:
    await make_account(session, email=EMAIL)
    for email, password in ((EMAIL, "wrong-password"), ("nobody@lab.example", PASSWORD)):
        assert await log_in(session, email=email, password=password, now=NOW, hours=2) is None


async def test_guessing_is_slowed_down_for_one_address_only(session) -> None:
    await make_account(session, email=EMAIL)
    await make_account(session, email="other@lab.example")
    now = await session.scalar(text("SELECT now()"))
    for _ in range(FAILED_LOGINS_ALLOWED):
        assert await log_in(session, email=EMAIL, password="a guess", now=now, hours=2) is None
    with pytest.raises(TooManyAttempts):
        await log_in(session, email=EMAIL, password=PASSWORD, now=now, hours=2)
    assert await log_in(session, email="other@lab.example", password=PASSWORD, now=now, hours=2)
    later = now + timedelta(minutes=16)
    assert await log_in(session, email=EMAIL, password=PASSWORD, now=later, hours=2)


async def test_a_new_password_ends_all_sessions(session) -> None:
    await make_account(session, email=EMAIL)
    token = await log_in(session, email=EMAIL, password=PASSWORD, now=NOW, hours=2)
    assert token is not None
    await set_password(session, email=EMAIL, password="another-password", actor="test")
    assert not await find_account_by_session(session, token=token, now=NOW)
    assert not await log_in(session, email=EMAIL, password=PASSWORD, now=NOW, hours=2)
    assert await log_in(session, email=EMAIL, password="another-password", now=NOW, hours=2)


async def test_neither_password_nor_tokens_can_be_read_from_the_database(session) -> None:
    await make_account(session, email=EMAIL)
    token = await log_in(session, email=EMAIL, password=PASSWORD, now=NOW, hours=2)
    key = await create_api_token(session, email=EMAIL, name="notebook", days=30, now=NOW)
    stored = [
        await session.scalar(select(column))
        for column in (Account.password_hash, AccountSession.token_digest, ApiToken.token_digest)
    ]
    for secret in (PASSWORD, token, key):
        assert not any(secret in value for value in stored)


async def test_an_api_token_acts_for_its_account_until_it_expires(session) -> None:
    await make_account(session, email=EMAIL, role=Role.VIEWER)
    key = await create_api_token(session, email=EMAIL, name="notebook", days=30, now=NOW)
    account = await find_account_by_api_token(session, token=key, now=NOW)
    assert account is not None
    with pytest.raises(Forbidden):
        require_owner(account)
    expired = NOW + timedelta(days=30)
    assert not await find_account_by_api_token(session, token=key, now=expired)
    assert not await find_account_by_api_token(session, token=key + "x", now=NOW)


async def test_accounts_are_unique_and_passwords_not_short(session) -> None:
    assert not await has_owner(session)
    await make_account(session, email=EMAIL)
    assert await has_owner(session)
    with pytest.raises(Conflict):
        await make_account(session, email=EMAIL.upper())
    with pytest.raises(InvalidInput, match="10 characters"):
        await create_account(
            session, email="a@b.example", password="short", role=Role.OWNER, actor="test"
        )


def test_made_up_passwords_are_long_and_differ() -> None:
    passwords = {made_up_password() for _ in range(100)}
    assert len(passwords) == 100
    assert all(len(password) == 19 for password in passwords)
    assert is_password("x" * 12, hash_password("x" * 12))
    assert not is_password("x" * 12, None)


async def test_guesses_sent_all_at_once_are_counted_too(sessions) -> None:
    async with sessions.begin() as session:
        await make_account(session, email=EMAIL)
        now = await session.scalar(text("SELECT now()"))

    async def guess() -> None:
        async with sessions.begin() as session:
            await log_in(session, email=EMAIL, password="a guess", now=now, hours=2)

    outcomes = await asyncio.gather(*(guess() for _ in range(20)), return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, TooManyAttempts)]
    assert len(refused) == 20 - FAILED_LOGINS_ALLOWED
