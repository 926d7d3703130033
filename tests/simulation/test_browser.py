"""A simulated rater's browser: patient with a server that is gone, exact about a refusal."""

from collections import Counter
from collections.abc import Callable

import httpx
import pytest

from app.simulation.browser import Browser, Refused, ServerGone

Answer = Callable[[httpx.Request], httpx.Response]


def browser(answer: Answer, retries: Counter[str], patience_s: float = 5) -> Browser:
    return Browser(
        "http://server.example",
        transport=httpx.MockTransport(answer),
        retries=retries,
        patience_s=patience_s,
    )


def failing(times: int, failure: httpx.Response | Exception) -> Answer:
    """A server that fails so many times before it answers."""
    left = [failure] * times

    def answer(request: httpx.Request) -> httpx.Response:
        if not left:
            return httpx.Response(200, json={"asked": request.content.decode()})
        problem = left.pop()
        if isinstance(problem, Exception):
            raise problem
        return problem

    return answer


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (httpx.ConnectError("refused"), "ConnectError"),
        (httpx.ReadError("reset"), "ReadError"),
        (httpx.RemoteProtocolError("closed"), "RemoteProtocolError"),
        (httpx.Response(503), "status 503"),
        (httpx.Response(500), "status 500"),
    ],
)
async def test_the_same_answer_is_sent_again_until_the_server_is_back(
    failure: httpx.Response | Exception, reason: str
) -> None:
    retries: Counter[str] = Counter()
    document = await browser(failing(3, failure), retries).send("/ratings", {"score": "4"})
    assert document == {"asked": "score=4"}
    assert retries == {reason: 3}


async def test_patience_ends() -> None:
    gone = browser(failing(1000, httpx.ConnectError("refused")), Counter(), patience_s=0.1)
    with pytest.raises(ServerGone, match="ConnectError"):
        await gone.ask("/upcoming")


async def test_a_refusal_is_not_repeated_and_gives_its_reason() -> None:
    retries: Counter[str] = Counter()
    problem = {"detail": "A score is missing; nothing was stored."}
    refusing = browser(lambda _: httpx.Response(422, json=problem), retries)
    with pytest.raises(Refused, match="A score is missing") as refused:
        await refusing.send("/ratings", {})
    assert refused.value.status == 422
    assert not retries


async def test_an_error_page_gives_its_heading() -> None:
    html = "<title>404</title><h1>There is no study\n at this <em>address</em>.</h1>"
    refusing = browser(lambda _: httpx.Response(404, html=html), Counter())
    with pytest.raises(Refused, match=r"There is no study at this address \."):
        await refusing.open("/rate/example")


async def test_a_form_is_sent_with_what_it_holds_and_followed() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            assert request.content == b"csrf=abc&name=typed"
            return httpx.Response(303, headers={"location": "/thanks"})
        form = '<form action="/join"><input name="csrf" value="abc"><input name="name"></form>'
        return httpx.Response(200, html="thanks" if request.url.path == "/thanks" else form)

    rater = browser(answer, Counter())
    page = await rater.open("/")
    assert await rater.submit(page, "/join", name="typed") == "thanks"
    with pytest.raises(Refused, match="no form"):
        await rater.submit(page, "/other")


async def test_cookies_make_a_browser_the_same_rater() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        known = request.headers.get("cookie", "")
        return httpx.Response(200, html=known, headers={"set-cookie": "rater=7; Path=/rate/a"})

    before, after = browser(answer, Counter()), browser(answer, Counter())
    await before.open("/rate/a")
    after.take_cookies(before.cookies)
    assert await after.open("/rate/a") == "rater=7"
