"""The page of methods tells the truth: its entries are compared with the methods of the code."""

import importlib
import inspect
import pkgutil
import re

import pytest

import app.analysis
from app.analysis.screening.evidence import method_id
from app.settings import PROJECT_FOLDER

PARTS = ("Formula", "Source", "Assumes", "Not for", "Edge cases")
PAGE = (PROJECT_FOLDER / "docs" / "methods.md").read_text()
ENTRY = re.compile(r"^### `([a-z0-9]+/[a-z0-9-]+)` – \S.*$", re.MULTILINE)


def entries() -> dict[str, str]:
    """The text of each method's entry, by its name without version."""
    pieces = re.split(r"^#{2,3} .*$", PAGE, flags=re.MULTILINE)
    titles = re.findall(r"^#{2,3} .*$", PAGE, flags=re.MULTILINE)
    found = {}
    for title, text in zip(titles, pieces[1:], strict=True):
        if match := ENTRY.match(title):
            found[match[1]] = text
    return found


def methods_of_the_code() -> set[str]:
    """Names of all methods: written out, made from the names of checks, or of enumerations."""
    code = "".join(path.read_text() for path in (PROJECT_FOLDER / "app").rglob("*.py"))
    found = set(re.findall(r'"([a-z0-9]+/[a-z0-9-]+)@\d+"', code))
    for info in pkgutil.walk_packages(app.analysis.__path__, "app.analysis."):
        for _, thing in inspect.getmembers(importlib.import_module(info.name), inspect.isclass):
            if isinstance(getattr(thing, "name", None), str) and hasattr(thing, "evidence"):
                found.add(method_id(thing).partition("@")[0])
            if isinstance(vars(thing).get("method_id"), property) and hasattr(thing, "__members__"):
                found |= {member.method_id.partition("@")[0] for member in thing}
    return found


def test_every_method_has_an_entry_and_every_entry_a_method() -> None:
    assert len(methods_of_the_code()) > 8
    assert set(entries()) == methods_of_the_code()


def test_every_heading_of_a_method_has_the_agreed_form() -> None:
    headings = re.findall(r"^### `.*$", PAGE, re.MULTILINE)
    assert [title for title in headings if not ENTRY.match(title)] == []
    assert len(headings) == len(entries()), "a method is explained twice"


@pytest.mark.parametrize("name", sorted(entries()))
def test_an_entry_says_everything(name: str) -> None:
    leads = re.findall(r"^\*\*([A-Z][a-z ]+)\.\*\* \S", entries()[name], re.MULTILINE)
    assert tuple(leads[: len(PARTS)]) == PARTS
