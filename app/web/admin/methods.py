"""The methods page: docs/methods.md, with an anchor at every method by its id."""

from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from re import compile as pattern

from fastapi import APIRouter, Request
from fastapi.responses import Response
from markdown_it import MarkdownIt
from markdown_it.token import Token

from app.settings import PROJECT_FOLDER
from app.web.admin.layout import draw

router = APIRouter()

METHODS_FILE = PROJECT_FOLDER / "docs" / "methods.md"
# An id as headings have it, without its version, or with it in running text.
_ID = pattern(r"([a-z0-9-]+(?:/[a-z0-9-]+)?)(@\d+)?")
_UNSAFE = pattern(r"[^a-z0-9]+")


@dataclass(frozen=True)
class Entry:
    """One heading of the page: where it is, what it says, and how deep it lies."""

    anchor: str
    title: str
    level: int


@dataclass(frozen=True)
class MethodsPage:
    """The page as HTML, with its headings."""

    html: str
    entries: tuple[Entry, ...]
    anchors: frozenset[str]


@router.get("/dashboard/methods")
async def show_methods(request: Request) -> Response:
    """What every number means, where it comes from, and what happens at the edges."""
    return draw(request, "methods.html", {"document": methods_page()})


@cache
def methods_page() -> MethodsPage:
    """The page, made once per process."""
    return render_methods(METHODS_FILE.read_text(encoding="utf-8"))


def render_methods(text: str) -> MethodsPage:
    """Markdown as HTML; raw HTML in it is shown as text.

    A heading that begins with a method's id has that id as its anchor, any other its words.  An
    id with its version in running text is an anchor, too, where no heading has it.  Links to
    other documents become plain text, since the dashboard does not show those.
    """
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(text)
    entries = tuple(_name_headings(tokens))
    anchors = {entry.anchor for entry in entries}
    for token in tokens:
        for child in token.children or ():
            _name_in_text(child, anchors)
            _unlink(child)
    html = str(markdown.renderer.render(tokens, markdown.options, {}))
    return MethodsPage(html, entries, frozenset(anchors))


def _name_headings(tokens: list[Token]) -> list[Entry]:
    entries: list[Entry] = []
    for opening, inline in pairwise(tokens):
        if opening.type != "heading_open":
            continue
        children = inline.children or []
        named = children and children[0].type == "code_inline"
        words = "".join(child.content for child in children)
        anchor = children[0].content if named else _UNSAFE.sub("-", words.lower()).strip("-")
        opening.attrSet("id", anchor)
        entries.append(Entry(anchor, words, int(opening.tag[1:])))
    return entries


def _name_in_text(token: Token, anchors: set[str]) -> None:
    found = _ID.fullmatch(token.content) if token.type == "code_inline" else None
    if found and found[2] and found[1] not in anchors:
        token.attrSet("id", found[1])
        anchors.add(found[1])


def _unlink(token: Token) -> None:
    address = str(token.attrGet("href") or "")
    if token.type == "link_open" and not address.startswith(("https://", "#")):
        token.attrs.pop("href")
