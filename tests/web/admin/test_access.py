"""Three personas at every address of the dashboard, found in the application itself."""

import re
from collections.abc import Iterator

import httpx
import pytest
from dashboard import UNSAFE, address_of, make_everything, submit, walk_routes
from fastapi import FastAPI
from sqlalchemy import text

from app.database.engine import SessionFactory
from app.storage.blobs import BlobStore
from app.web import admin

OPEN_TO_STRANGERS = {"/login", "/logout"}

ROUTES = [
    (route.path, method)
    for route in walk_routes(admin.router)
    for method in sorted(route.methods - {"HEAD"})
]
READING = [path for path, method in ROUTES if method == "GET" and path not in OPEN_TO_STRANGERS]
CHANGING = [(path, method) for path, method in ROUTES if method in UNSAFE and path != "/login"]
# Forms of owners: a viewer is told so instead of seeing a form that cannot be sent.
OWNERS_FORMS = {"/dashboard/studies/new", "/dashboard/studies/{slug}/edit"}


@pytest.fixture
async def places(sessions: SessionFactory, blobs: BlobStore) -> dict[str, str]:
    """A value for every parameter in an address."""
    async with sessions.begin() as session:
        return await make_everything(session, blobs)


def test_every_parameter_of_an_address_has_a_value_in_these_tests() -> None:
    parameters = {name for path, _ in ROUTES for name in re.findall(r"{(\w+)}", path)}
    assert parameters <= {"slug", "code", "run_id", "image_id", "name", "form", "ending"}


def test_the_routes_are_found() -> None:
    assert len(READING) > 20
    assert len(CHANGING) > 10
    assert all(path.startswith("/dashboard") for path in READING)


def test_all_of_them_are_served(app: FastAPI) -> None:
    served = {route.path for route in walk_routes(app)}
    assert {path for path, _ in ROUTES} <= served


async def test_a_stranger_is_sent_to_the_login_from_everywhere(
    client: httpx.AsyncClient, places: dict[str, str]
) -> None:
    for path in READING:
        answer = await client.get(address_of(path, places))
        assert answer.status_code == 303, path
        assert answer.headers["location"].startswith("/login?next=/dashboard"), path


async def test_a_stranger_changes_nothing(
    client: httpx.AsyncClient, places: dict[str, str], sessions: SessionFactory
) -> None:
    before = await _state(sessions)
    for path, method in CHANGING:
        if path == "/logout":
            continue
        answer = await submit(client, "/login", {}, to=address_of(path, places))
        assert answer.status_code == 401, f"{method} {path}"
    assert await _state(sessions) == before


async def test_a_viewer_sees_everything_and_no_button_that_would_be_refused(
    viewer: httpx.AsyncClient, places: dict[str, str]
) -> None:
    for path in READING:
        answer = await viewer.get(address_of(path, places))
        assert answer.status_code == (403 if path in OWNERS_FORMS else 200), path
        assert set(_post_forms(answer)) <= {"/logout"}, path
        assert "/dashboard/studies/new" not in _html(answer), path


async def test_a_viewer_changes_nothing(
    viewer: httpx.AsyncClient, places: dict[str, str], sessions: SessionFactory
) -> None:
    before = await _state(sessions)
    for path, method in CHANGING:
        if path == "/logout":
            continue
        answer = await submit(viewer, "/dashboard", {}, to=address_of(path, places))
        assert answer.status_code == 403, f"{method} {path}"
        assert "look at everything but change nothing" in answer.text
    assert await _state(sessions) == before


async def test_an_owner_sees_everything_in_pages_that_keep_the_rules(
    owner: httpx.AsyncClient, places: dict[str, str]
) -> None:
    for path in READING:
        answer = await owner.get(address_of(path, places))
        # The study is open, so its protocol is frozen.
        assert answer.status_code == (409 if path.endswith("/edit") else 200), path
        html = _html(answer)
        assert html.count('method="post"') == html.count('name="csrf"'), path
        assert not re.search(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son\w+=", html), path


async def test_an_owner_without_the_forms_token_changes_nothing(
    owner: httpx.AsyncClient, places: dict[str, str], sessions: SessionFactory
) -> None:
    before = await _state(sessions)
    for path, method in CHANGING:
        answer = await owner.post(address_of(path, places), data={"csrf": "0" * 64})
        assert answer.status_code == 403, f"{method} {path}"
        from_elsewhere = await submit(
            owner,
            "/dashboard",
            {},
            to=address_of(path, places),
            headers={"origin": "https://elsewhere.example"},
        )
        assert from_elsewhere.status_code == 403, f"{method} {path}"
    assert await _state(sessions) == before


def _html(answer: httpx.Response) -> str:
    return answer.text if "text/html" in answer.headers["content-type"] else ""


def _post_forms(answer: httpx.Response) -> Iterator[str]:
    for form in re.findall(r"<form[^>]*>", _html(answer)):
        if 'method="post"' in form:
            yield (re.findall(r'action="([^"]*)"', form) or [""])[0]


async def _state(sessions: SessionFactory) -> list[int]:
    """How many rows there are of what a dashboard changes, log-ins aside."""
    counts = [
        "SELECT count(*) FROM study",
        "SELECT count(*) FROM stimulus",
        "SELECT count(*) FROM analysis_run",
        "SELECT count(*) FROM prompt",
        "SELECT count(*) FROM image",
        "SELECT count(*) FROM rater WHERE status = 'excluded'",
        "SELECT count(*) FROM generation_item WHERE state = 'failed'",
        "SELECT count(*) FROM study WHERE state = 'open'",
    ]
    async with sessions() as session:
        return [int(await session.scalar(text(count)) or 0) for count in counts]
