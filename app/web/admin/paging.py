"""A long list shown a page at a time, by number, with the rest of the address kept."""

from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi import Request


@dataclass(frozen=True)
class Paging:
    """Page ``number`` (from 1) of ``total`` entries, ``size`` to a page."""

    path: str
    query: tuple[tuple[str, str], ...]
    number: int
    size: int
    total: int

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // self.size))

    @property
    def offset(self) -> int:
        """Entries before this page."""
        return (self.number - 1) * self.size

    @property
    def first(self) -> int:
        """Number of the page's first entry, 0 in an empty list."""
        return min(self.offset + 1, self.total)

    @property
    def last(self) -> int:
        """Number of the page's last entry."""
        return min(self.offset + self.size, self.total)

    def address(self, number: int) -> str:
        """The address of another page of the same list."""
        return f"{self.path}?{urlencode([*self.query, ('page', str(number))])}"


def paging(request: Request, *, total: int, size: int) -> Paging:
    """The page that the address asks for; one beyond the end is the last one."""
    asked = request.query_params.get("page", "1")
    wanted = int(asked) if asked.isdecimal() and len(asked) < 10 else 1
    kept = {"page", "note", "n"}
    query = tuple((k, v) for k, v in request.query_params.multi_items() if k not in kept)
    last = max(1, -(-total // size))
    return Paging(request.url.path, query, min(max(wanted, 1), last), size, total)
