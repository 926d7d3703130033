"""The methods page: every method is there, and every link to it leads somewhere."""

import re

import httpx
import pytest
from dashboard import (
    address_of,
    links_of,
    make_everything,
    make_full_run,
    make_rated_study,
    walk_routes,
)
from fastapi import FastAPI

from app.analysis.estimates import ESTIMATE_METHODS
from app.database.engine import SessionFactory
from app.results.runs.lookup import get_run
from app.results.runs.summary import versions_of
from app.settings import PROJECT_FOLDER
from app.storage.blobs import BlobStore
from app.web import admin
from app.web.admin.methods import methods_page, render_methods

PAGE = "/dashboard/methods"
ENTRY = re.compile(r"^### `([a-z0-9-]+/[a-z0-9-]+)`", re.MULTILINE)


def entries_linked_from(html: str) -> set[str]:
    return {link.partition("#")[2] for link in links_of(html) if link.startswith(f"{PAGE}#")}


async def test_every_link_to_a_method_leads_to_its_entry(
    owner: httpx.AsyncClient, sessions: SessionFactory, blobs: BlobStore
) -> None:
    async with sessions.begin() as session:
        places = await make_everything(session, blobs)
    linked: dict[str, str] = {}
    paths = [route.path for route in walk_routes(admin.router) if "GET" in route.methods]
    for path in paths:
        answer = await owner.get(address_of(path, places))
        if "text/html" in answer.headers.get("content-type", ""):
            linked |= dict.fromkeys(entries_linked_from(answer.text), path)
    assert len(linked) > 20
    missing = {entry: path for entry, path in linked.items() if entry not in anchors()}
    assert not missing


async def test_every_method_of_a_run_has_its_entry(
    sessions: SessionFactory, blobs: BlobStore
) -> None:
    async with sessions.begin() as session:
        await make_rated_study(session, blobs)
        run = await get_run(session, run_id=await make_full_run(session))
    used = {method.partition("@")[0] for method in versions_of(run).methods}
    assert {about.docs for about in ESTIMATE_METHODS} <= used
    assert not {method for method in used if method not in anchors()}


def anchors() -> frozenset[str]:
    return methods_page().anchors


async def test_the_page_has_an_anchor_at_every_entry(owner: httpx.AsyncClient) -> None:
    page = (await owner.get(PAGE)).text
    entries = ENTRY.findall((PROJECT_FOLDER / "docs" / "methods.md").read_text())
    assert len(entries) > 20
    for entry in entries:
        assert page.count(f'id="{entry}"') == 1, entry
        assert f'href="#{entry}"' in page, entry
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids)), "an id stands for one place"


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("### `scores/mos` – mean", '<h3 id="scores/mos"><code>scores/mos</code> – mean</h3>'),
        ("## What goes in", '<h2 id="what-goes-in">What goes in</h2>'),
        ("See `ratings@3`.", '<p>See <code id="ratings">ratings@3</code>.</p>'),
        ("<script>x</script>", "<p>&lt;script&gt;x&lt;/script&gt;</p>"),
        ("[a](https://b.example)", '<p><a href="https://b.example">a</a></p>'),
        ("[a](operations.md)", "<p><a>a</a></p>"),
        ("[a](javascript:b)", "<p>[a](javascript:b)</p>"),
    ],
)
def test_how_markdown_is_shown(text: str, html: str) -> None:
    assert render_methods(text).html.strip() == html


async def test_strangers_are_sent_to_the_login(app: FastAPI, client: httpx.AsyncClient) -> None:
    assert (await client.get(PAGE)).status_code == 303
