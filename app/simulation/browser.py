"""The browser of one simulated rater: cookies of its own, forms from the real pages, patience.

A request that finds no server, or one that says it is out of order, is sent again after a pause
that grows; so a rater survives a web server or a database that is killed and comes back.  What is
sent again is safe to send again: an answer names its presentation and revision.
"""

import asyncio
import re
import time
from collections import Counter
from typing import Any
from urllib.parse import urljoin

import httpx

from app.errors import BeholderError
from app.simulation.forms import find_form

FIRST_PAUSE_S = 0.05
LONGEST_PAUSE_S = 2.0
TIMEOUT_S = 30.0
JSON = {"Accept": "application/json"}
PAGE = {"Accept": "text/html"}
_TAG = re.compile(r"<[^>]+>")


class ServerGone(BeholderError):
    """The server did not answer any more."""

    status = 503


class Refused(BeholderError):
    """The server refused a request, with this sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        self.status = status
        super().__init__(sentence)


class Browser:
    """One rater's browser at one server."""

    def __init__(
        self,
        url: str,
        *,
        transport: httpx.AsyncBaseTransport,
        retries: Counter[str],
        patience_s: float,
    ) -> None:
        self._client = httpx.AsyncClient(
            base_url=url, transport=transport, timeout=TIMEOUT_S, trust_env=False
        )
        self._retries = retries
        self._patience_s = patience_s

    async def close(self) -> None:
        """Close the window."""
        await self._client.aclose()

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies by which the server knows this browser."""
        return {cookie.name: cookie.value or "" for cookie in self._client.cookies.jar}

    def take_cookies(self, cookies: dict[str, str]) -> None:
        """Be the browser that was given these cookies."""
        for name, value in cookies.items():
            self._client.cookies.set(name, value)

    async def open(self, path: str) -> str:
        """The page at an address."""
        return _page(await self._send("GET", path, headers=PAGE))

    async def submit(self, page: str, ending: str, **typed: str) -> str:
        """Fill in a page's form and send it; the page one is led to."""
        form = find_form(page, ending)
        if form is None:
            raise Refused(404, f"The page has no form that leads to …{ending}.")
        answer = await self._send("POST", form.action, data=form.fields | typed, headers=PAGE)
        if answer.is_redirect:
            return await self.open(urljoin(form.action, answer.headers["location"]))
        return _page(answer)

    async def send(self, path: str, data: dict[str, str]) -> Any:
        """Send a form as the page's script does; the JSON answer."""
        return _document(await self._send("POST", path, data=data, headers=JSON))

    async def ask(self, path: str) -> Any:
        """The JSON document at an address."""
        return _document(await self._send("GET", path, headers=JSON))

    async def fetch(self, path: str) -> bytes:
        """The bytes at an address."""
        answer = await self._send("GET", path)
        if answer.is_error:
            raise Refused(answer.status_code, f"The picture could not be fetched: {answer}.")
        return answer.content

    async def _send(self, method: str, path: str, **what: Any) -> httpx.Response:
        """One request, sent again while there is no server or the server is out of order."""
        give_up_at = time.monotonic() + self._patience_s
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                answer = await self._client.request(method, path, **what)
            except httpx.TransportError as error:
                reason = type(error).__name__
            else:
                if not answer.is_server_error:
                    return answer
                reason = f"status {answer.status_code}"
            if time.monotonic() + pause_s > give_up_at:
                raise ServerGone(f"The server did not answer any more ({reason}).")
            self._retries[reason] += 1
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)


def _page(answer: httpx.Response) -> str:
    if answer.is_error:
        raise Refused(answer.status_code, _first_sentence(answer.text))
    return answer.text


def _document(answer: httpx.Response) -> Any:
    if not answer.is_success:
        is_problem = "json" in answer.headers.get("content-type", "")
        sentence = answer.json()["detail"] if is_problem else f"The answer was {answer}."
        raise Refused(answer.status_code, sentence)
    return answer.json()


def _first_sentence(html: str) -> str:
    """The heading of an error page."""
    heading = re.search(r"<h1[^>]*>(.*?)</h1>", html, re.DOTALL)
    return " ".join(_TAG.sub(" ", heading.group(1) if heading else html[:200]).split())
