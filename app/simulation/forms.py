"""The forms of a page, read from its HTML as a browser without JavaScript reads them."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Form:
    """Where a form goes, and what it sends if nothing is typed."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)


def forms_of(html: str) -> list[Form]:
    """All forms of a page, in order."""
    parser = _FormParser()
    parser.feed(html)
    return parser.forms


def find_form(html: str, ending: str) -> Form | None:
    """The first form whose address ends so."""
    return next((form for form in forms_of(html) if form.action.endswith(ending)), None)


class _FormParser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._open: Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = Form(given.get("action", ""))
            self.forms.append(self._open)
        elif tag == "input" and self._open is not None and _is_sent(given):
            self._open.fields[given["name"]] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None


def _is_sent(given: dict[str, str]) -> bool:
    is_choice = given.get("type") in {"radio", "checkbox"}
    return "name" in given and (not is_choice or "checked" in given)
