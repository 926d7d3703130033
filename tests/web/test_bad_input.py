"""What nobody types by hand: no route, whoever asks, answers nonsense with a failure of its own."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher
from dashboard import UNSAFE, make_everything, submit
from factories import csrf_of
from fastapi import FastAPI
from fastapi.routing import RouteContext, iter_route_contexts
from rater_browser import RaterBrowser
from sqlalchemy import text
from structlog.testing import capture_logs

from app.accounts import passwords
from app.accounts.accounts import create_api_token
from app.database.engine import SessionFactory
from app.errors import InvalidInput, Problem
from app.storage.blobs import BlobStore
from app.web.state import SessionDep, current_time

HUGE = str(2**63)
# As they stand in an address: NUL, invalid UTF-8, half a character, numbers beyond the database's.
NONSENSE = ["a%00b", "%FF", "%ED%A0%80", HUGE, "9" * 5000, "//["]
# What the forms hold; a route takes those it knows.
FIELDS = [
    "email",
    "password",
    "next",
    "study",
    "kind",
    "generator",
    "slug",
    "title",
    "state",
    "reason",
    "id",
    "token",
    "consent_version",
    "consent",
    "metric",
    "settings",
    "version",
]
BODIES = [
    b'{"rejecting":["\\ud800"]}',
    b'{"rejecting":["\\u0000"]}',
    b'{"\\ud800":1}',
    b'{"level":1e999}',
    b'{"level":' + b"9" * 5000 + b"}",
    b"[" * 50_000,
    b"\xff",
]
HEADERS: list[dict[str, Any]] = [
    {"Origin": "http://["},
    {"Host": "["},
    {"Cookie": b"beholder_account=\xff; beholder_visitor=\x80"},
    {"Authorization": b"Bearer \xff"},
    {"Content-Type": "multipart/form-data"},
    {"Content-Type": "application/x-www-form-urlencoded; charset=nonsense"},
]


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hash that is slow on purpose would be most of the time."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", quick)


@pytest.fixture
async def places(sessions: SessionFactory, blobs: BlobStore) -> dict[str, str]:
    """A value for every parameter in an address."""
    async with sessions.begin() as session:
        return await make_everything(session, blobs) | {"presentation_id": "x"}


@pytest.fixture
async def token(sessions: SessionFactory, owner: httpx.AsyncClient) -> dict[str, str]:
    """What a program of the owner sends along."""
    async with sessions.begin() as session:
        secret = await create_api_token(
            session, email="owner@lab.example", name="notebook", days=1, now=current_time()
        )
    return {"Authorization": f"Bearer {secret}"}


def list_routes(app: FastAPI) -> Iterator[tuple[str, str, RouteContext]]:
    """Every method and path that is served, except the one that would log us out."""
    for route in iter_route_contexts(app.routes):
        if route.path and route.path != "/logout":
            for method in sorted((route.methods or set()) - {"HEAD"}):
                yield method, route.path, route


def list_requests(
    app: FastAPI, places: dict[str, str], csrf: str
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Nonsense for every part of every route, one part at a time."""
    for method, path, route in list_routes(app):
        address = path.format(**places)
        for name in re.findall(r"{(\w+)}", path):
            for value in NONSENSE:
                yield method, path.format(**places | {name: value}), {"data": {"csrf": csrf}}
        for parameter in getattr(getattr(route, "dependant", None), "query_params", []):
            for value in NONSENSE:
                yield method, f"{address}?{parameter.alias}={value}", {}
        for headers in HEADERS:
            yield method, address, {"headers": headers}
        if method in UNSAFE and path.startswith("/api/"):
            json = {"Content-Type": "application/json"}
            yield from ((method, address, {"content": body, "headers": json}) for body in BODIES)
        elif method in UNSAFE:
            for value in ("a\x00b", HUGE, "//["):
                yield method, address, {"data": dict.fromkeys(FIELDS, value) | {"csrf": csrf}}
            for name in FIELDS:
                yield method, address, {"data": {name: "a\x00b", "csrf": csrf}}


async def collect_failures(
    client: httpx.AsyncClient, app: FastAPI, places: dict[str, str], csrf: str
) -> list[str]:
    """The requests that end in a failure of ours."""
    failures = []
    with capture_logs():  # thousands of lines, or a traceback
        for method, address, more in list_requests(app, places, csrf):
            answer = await client.request(method, address, **more)
            if answer.status_code >= 500:
                failures.append(f"{answer.status_code} {method} {address[:90]} {str(more)[:90]}")
    return failures


async def test_no_nonsense_of_a_stranger_is_a_failure_of_ours(
    app: FastAPI, client: httpx.AsyncClient, places: dict[str, str]
) -> None:
    assert len(list(list_routes(app))) > 60
    csrf = csrf_of((await client.get("/login")).text)
    assert await collect_failures(client, app, places, csrf) == []


async def test_no_nonsense_of_an_owner_is_a_failure_of_ours(
    app: FastAPI, owner: httpx.AsyncClient, places: dict[str, str], token: dict[str, str]
) -> None:
    csrf = csrf_of((await owner.get("/dashboard")).text)
    owner.headers.update(token)
    assert await collect_failures(owner, app, places, csrf) == []


async def test_no_nonsense_of_a_rater_is_a_failure_of_ours(
    app: FastAPI, client: httpx.AsyncClient, places: dict[str, str]
) -> None:
    rater = await RaterBrowser(client, "example").join()
    assert (await rater.press("/consent", id="a\x00b")).status_code < 500
    for path in ("pictures/a%00b", f"previous?before={HUGE}", "previous?before=%00"):
        assert (await client.get(f"{rater.home}/{path}")).status_code in {404, 422}, path


@pytest.mark.parametrize("path", ["/rate/a%00b", "/login?next=//[", "/rate/example?id=%00"])
async def test_an_address_with_nul_or_half_a_host_is_answered(
    client: httpx.AsyncClient, places: dict[str, str], path: str
) -> None:
    assert (await client.get(path)).status_code in {200, 404, 422}


async def test_what_cannot_be_stored_is_said_in_a_sentence(
    client: httpx.AsyncClient, places: dict[str, str]
) -> None:
    login = await submit(client, "/login", {"email": "a\x00b", "password": "x"})
    joined = await RaterBrowser(client, "example").press(
        "/consent", consent_version="1", source="link", id="a\x00b"
    )
    for answer in (login, joined):
        assert answer.status_code == 422
        assert "This contains characters that cannot be stored." in answer.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/dashboard/pool/images/{HUGE}", 404),
        (f"/dashboard/pictures/{HUGE}/thumbnail", 404),
        (f"/dashboard/studies/example/results/{HUGE}/run.json", 404),
        (f"/dashboard/studies/example/results?run={HUGE}", 422),
        (f"/dashboard/pool?before={HUGE}", 422),
        (f"/dashboard/pool/prompts?after={HUGE}", 422),
    ],
)
async def test_a_number_beyond_the_database_leads_nowhere(
    owner: httpx.AsyncClient, path: str, status: int
) -> None:
    assert (await owner.get(path)).status_code == status


async def test_half_a_character_in_json_is_refused(
    owner: httpx.AsyncClient, token: dict[str, str], places: dict[str, str]
) -> None:
    for body in (rb'{"\ud800":1}', rb'{"rejecting":["\ud800"]}'):
        answer = await owner.post(
            "/api/v1/studies/example/analysis-runs",
            content=body,
            headers=token | {"Content-Type": "application/json"},
        )
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"


async def test_half_a_character_in_a_sentence_is_written_as_an_escape(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    @app.get("/api/v1/strange")
    async def refuse() -> None:
        problem = Problem("\ud800", "Not “\udfff”.")
        raise InvalidInput("There is no “\ud800”.", problems=[problem])

    document = (await client.get("/api/v1/strange")).json()
    assert document["detail"] == r"There is no “\ud800”."
    assert document["problems"] == [{"where": r"\ud800", "sentence": r"Not “\udfff”."}]


async def test_data_that_we_spoil_ourselves_is_not_blamed_on_the_person(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    @app.get("/division")
    async def divide(session: SessionDep) -> None:
        await session.execute(text("select 1 / 0"))

    with capture_logs() as events:
        assert (await client.get("/division")).status_code == 500
    assert "request_failed" in {event["event"] for event in events}


async def test_a_form_from_an_address_that_is_none_is_refused(client: httpx.AsyncClient) -> None:
    answer = await submit(client, "/login", {}, headers={"Origin": "http://["})
    assert answer.status_code == 403


async def test_the_log_names_the_whole_route(
    client: httpx.AsyncClient, token: dict[str, str], places: dict[str, str]
) -> None:
    asked = ["/rate/{slug}", "/rate/{slug}/upcoming", "/api/v1/studies/{slug}", "/login"]
    with capture_logs() as events:
        for path in asked:
            await client.get(path.format(slug="example"))
    assert [event["route"] for event in events if event["event"] == "request_answered"] == asked


async def test_only_the_unforeseen_is_logged_with_its_traceback(
    app: FastAPI, owner: httpx.AsyncClient
) -> None:
    @app.get("/broken")
    async def break_down() -> None:
        raise RuntimeError("unforeseen")

    with capture_logs() as events:
        for path in (f"/dashboard/pool?before={HUGE}", "/rate/%00", "/dashboard/pool?search=%00"):
            assert (await owner.get(path)).status_code == 422
        await owner.get("/broken")
    assert [event["event"] for event in events if "exc_info" in event] == ["request_failed"]
