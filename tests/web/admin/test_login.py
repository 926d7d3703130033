import httpx
import pytest
from dashboard import submit
from factories import PASSWORD, log_in_as, make_account
from sqlalchemy import update

from app.accounts.accounts import FAILED_LOGINS_ALLOWED
from app.database.engine import SessionFactory
from app.database.tables import Account
from app.web.admin.login import local_path
from app.web.security import ACCOUNT_COOKIE, VISITOR_COOKIE

EMAIL = "owner@lab.example"


@pytest.fixture
async def account(sessions: SessionFactory) -> None:
    async with sessions.begin() as session:
        await make_account(session, email=EMAIL)


async def test_the_right_password_opens_the_page_that_was_asked_for(
    client: httpx.AsyncClient, account: None
) -> None:
    sent_to_login = await client.get("/dashboard/pool")
    form = sent_to_login.headers["location"]
    answer = await submit(
        client,
        form,
        {"email": EMAIL, "password": PASSWORD, "next": "/dashboard/pool"},
        to="/login",
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/dashboard/pool")
    assert (await client.get("/dashboard/pool")).status_code == 200


async def test_the_cookie_of_the_session_is_out_of_reach_of_scripts_and_other_sites(
    client: httpx.AsyncClient, account: None
) -> None:
    answer = await submit(client, "/login", {"email": EMAIL, "password": PASSWORD})
    cookies = answer.headers.get_list("set-cookie")
    session_cookie = next(cookie for cookie in cookies if cookie.startswith(ACCOUNT_COOKIE))
    assert "HttpOnly" in session_cookie
    assert "SameSite=lax" in session_cookie


async def test_a_form_token_from_before_the_login_is_worth_nothing_after_it(
    client: httpx.AsyncClient, account: None
) -> None:
    await client.get("/login")
    before = client.cookies[VISITOR_COOKIE]
    await log_in_as(client, EMAIL)
    inside = client.cookies[VISITOR_COOKIE]
    assert inside != before
    await submit(client, "/dashboard", {}, to="/logout")
    assert client.cookies[VISITOR_COOKIE] != inside


@pytest.mark.parametrize(
    ("email", "password"), [(EMAIL, "not the password"), ("nobody@lab.example", PASSWORD), ("", "")]
)
async def test_a_wrong_login_keeps_the_address_and_does_not_say_what_is_wrong(
    client: httpx.AsyncClient, account: None, email: str, password: str
) -> None:
    answer = await submit(client, "/login", {"email": email, "password": password})
    assert answer.status_code == 422
    assert "The e-mail address or the password is wrong." in answer.text
    assert f'value="{email}"' in answer.text
    assert password == "" or password not in answer.text
    assert (await client.get("/dashboard")).status_code == 303


async def test_many_wrong_passwords_close_the_door_for_a_while_even_for_the_right_one(
    client: httpx.AsyncClient, account: None
) -> None:
    for _ in range(FAILED_LOGINS_ALLOWED):
        await submit(client, "/login", {"email": EMAIL, "password": "wrong-wrong"})
    answer = await submit(client, "/login", {"email": EMAIL, "password": PASSWORD})
    assert answer.status_code == 429
    assert "wait a few minutes" in answer.text


async def test_a_disabled_account_is_out_at_once(
    owner: httpx.AsyncClient, sessions: SessionFactory
) -> None:
    assert (await owner.get("/dashboard")).status_code == 200
    async with sessions.begin() as session:
        await session.execute(update(Account).values(disabled_at=Account.created_at))
    assert (await owner.get("/dashboard")).status_code == 303


async def test_logging_out_ends_the_session_not_only_the_cookie(owner: httpx.AsyncClient) -> None:
    token = owner.cookies[ACCOUNT_COOKIE]
    answer = await submit(owner, "/dashboard", {}, to="/logout")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    owner.cookies.set(ACCOUNT_COOKIE, token)
    assert (await owner.get("/dashboard")).status_code == 303


async def test_somebody_who_is_logged_in_is_not_asked_again(owner: httpx.AsyncClient) -> None:
    answer = await owner.get("/login?next=/dashboard/pool")
    assert (answer.status_code, answer.headers["location"]) == (303, "/dashboard/pool")


@pytest.mark.parametrize(
    "address",
    [
        "https://elsewhere.example/",
        "//elsewhere.example/",
        "/\\elsewhere.example",
        "/\t/elsewhere.example",
        "javascript:alert(1)",
        "dashboard",
        "",
    ],
)
def test_nobody_is_sent_to_another_site_after_the_login(address: str) -> None:
    assert local_path(address) == "/dashboard"


def test_a_path_with_a_query_is_kept() -> None:
    assert local_path("/dashboard/pool?search=fox") == "/dashboard/pool?search=fox"
