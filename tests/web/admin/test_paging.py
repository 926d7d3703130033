import pytest
from starlette.requests import Request

from app.web.admin.notes import find_note, go_to
from app.web.admin.paging import paging


def request_for(query: str) -> Request:
    return Request(
        {
            "type": "http",
            "method": "GET",
            "path": "/dashboard/x",
            "query_string": query.encode(),
            "headers": [],
        }
    )


@pytest.mark.parametrize(
    ("query", "total", "number", "first", "last"),
    [
        ("", 0, 1, 0, 0),
        ("", 50, 1, 1, 50),
        ("page=2", 51, 2, 51, 51),
        ("page=99", 51, 2, 51, 51),
        ("page=0", 51, 1, 1, 50),
        ("page=-3", 51, 1, 1, 50),
        ("page=banana", 51, 1, 1, 50),
        ("page=99999999999999999999", 51, 1, 1, 50),
    ],
)
def test_which_entries_are_on_the_page(
    query: str, total: int, number: int, first: int, last: int
) -> None:
    page = paging(request_for(query), total=total, size=50)
    assert (page.number, page.first, page.last) == (number, first, last)


def test_the_way_to_another_page_keeps_the_filters_but_not_the_note() -> None:
    page = paging(request_for("kind=main&note=main-added&n=3&page=2"), total=500, size=50)
    assert page.address(3) == "/dashboard/x?kind=main&page=3"


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("", None),
        ("note=run-done", "The analysis is done and stored."),
        ("note=main-added&n=1", "1 picture to rate was added."),
        ("note=main-added&n=20000", "20,000 pictures to rate were added."),
        ("note=main-added", None),
        ("note=main-added&n=<b>", None),
        ("note=You+have+won", None),
    ],
)
def test_only_our_own_sentences_can_be_put_on_a_page(query: str, sentence: str | None) -> None:
    assert find_note(request_for(query)) == sentence


def test_a_deed_sends_the_browser_on_with_its_note() -> None:
    assert go_to("/dashboard", note="main-added", n=2).headers["location"] == (
        "/dashboard?note=main-added&n=2"
    )
    assert go_to("/dashboard").status_code == 303
