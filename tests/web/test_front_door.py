"""The front door, health and readiness, and what every answer carries."""

import pytest
from fastapi import FastAPI
from httpx import AsyncClient


async def test_home_says_what_this_is(client: AsyncClient) -> None:
    answer = await client.get("/")
    assert answer.status_code == 200
    assert "Subjective assessment of AI-generated images" in answer.text


async def test_every_page_carries_the_security_headers(client: AsyncClient) -> None:
    for path in ("/", "/nothing-here", "/health"):
        headers = (await client.get(path)).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert "server" not in headers


async def test_the_visitor_cookie_cannot_be_read_by_scripts_or_sent_by_others(client) -> None:
    cookie = (await client.get("/")).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "set-cookie" not in (await client.get("/")).headers


async def test_unknown_addresses_get_a_page_or_a_problem_document(client: AsyncClient) -> None:
    page = await client.get("/nothing-here")
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "There is nothing at this address." in page.text
    problem = await client.get("/api/v1/nothing-here")
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json()["status"] == 404


async def test_ready_only_when_database_and_store_are(client, blobs, settings) -> None:
    assert (await client.get("/ready")).json() == {"status": "ready"}
    settings.data_folder.mkdir(exist_ok=True)
    settings.blob_folder.rmdir()
    settings.blob_folder.write_text("a file where the folder should be")
    assert (await client.get("/ready")).status_code == 503
    assert (await client.get("/health")).status_code == 200


async def test_an_unforeseen_error_is_a_sentence_without_a_traceback(
    app: FastAPI, client: AsyncClient
) -> None:
    @app.get("/broken")
    async def break_down() -> None:
        raise RuntimeError("a secret of the inside")

    answer = await client.get("/broken")
    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.text
    assert "secret of the inside" not in answer.text


async def test_style_sheets_are_kept_under_their_version(client: AsyncClient) -> None:
    from app import __version__

    answer = await client.get(f"/static/{__version__}/css/base.css")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert (await client.get("/static/../pyproject.toml")).status_code == 404


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json"])
async def test_nothing_of_the_framework_is_exposed(client: AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 404
