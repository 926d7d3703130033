"""Errors become pages for people and problem documents (RFC 9457) for programs."""

from urllib.parse import quote

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from sqlalchemy.exc import DataError, InterfaceError, OperationalError
from starlette.exceptions import HTTPException

from app.errors import BeholderError, InvalidInput, LoginRequired, NotFound, Problem
from app.web.pages import page

log = structlog.get_logger()

UNSTORABLE = "This contains characters that cannot be stored."
# SQLSTATEs; the driver itself refuses NUL, so without one, but not inside a JSON document.
NUMBER_TOO_LARGE = "22003"
NOT_A_TEXT = {None, "22021", "22P05"}


class DatabaseUnavailable(BeholderError):
    """The database cannot be reached at the moment; please try again in a few seconds."""

    status = 503


def install_error_pages(app: FastAPI) -> None:
    """Let every error end in a sentence: ours, FastAPI's, the database's and the unforeseen."""
    app.add_exception_handler(BeholderError, _show_expected)
    app.add_exception_handler(RequestValidationError, _show_invalid_request)
    app.add_exception_handler(HTTPException, _show_http_error)
    app.add_exception_handler(DataError, _show_unstorable)
    app.add_exception_handler(UnicodeEncodeError, _show_unencodable)
    app.add_exception_handler(OperationalError, _show_database_error)
    app.add_exception_handler(InterfaceError, _show_database_error)
    app.add_exception_handler(Exception, _show_unexpected)


def wants_json(request: Request) -> bool:
    """Whether the answer is for a program: the API, or a script of ours."""
    accepted = request.headers.get("accept", "")
    return request.url.path.startswith("/api/") or "application/json" in accepted


def show_error(request: Request, error: BeholderError) -> Response:
    """The answer for one error, in the form the asker understands."""
    if wants_json(request):
        return _problem_document(error)
    if isinstance(error, LoginRequired) and request.method == "GET":
        return RedirectResponse(f"/login?next={quote(request.url.path)}", status_code=303)
    return page(request, "errors/error.html", {"error": error}, status=error.status)


def _problem_document(error: BeholderError) -> JSONResponse:
    headers = {"WWW-Authenticate": "Bearer"} if isinstance(error, LoginRequired) else None
    document = {
        "type": "about:blank",
        "title": type(error).__name__,
        "status": error.status,
        "detail": _encodable(error.message),
        "problems": [
            {"where": _encodable(p.where), "sentence": _encodable(p.sentence)}
            for p in error.problems
        ],
    }
    return JSONResponse(
        document,
        status_code=error.status,
        media_type="application/problem+json",
        headers=headers,
    )


def _encodable(text: str) -> str:
    """The text with halves of characters, which JSON can smuggle in, written out as escapes."""
    return text.encode(errors="backslashreplace").decode()


async def _show_expected(request: Request, error: Exception) -> Response:
    assert isinstance(error, BeholderError)  # noqa: S101  # registered for this type alone
    return show_error(request, error)


async def _show_invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    # An address whose parts cannot be understood leads nowhere.
    if any(entry["loc"][0] == "path" for entry in error.errors()):
        return show_error(request, NotFound())
    problems = [
        Problem(".".join(str(part) for part in entry["loc"][1:]), entry["msg"])
        for entry in error.errors()
    ]
    return show_error(
        request, InvalidInput("Some fields could not be understood.", problems=problems)
    )


async def _show_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    if error.status_code == NotFound.status:
        return show_error(request, NotFound())
    shown = BeholderError(str(error.detail))
    shown.status = error.status_code
    return show_error(request, shown)


async def _show_unstorable(request: Request, error: Exception) -> Response:
    """What no rule caught and PostgreSQL cannot hold; other mistakes in data are our own."""
    assert isinstance(error, DataError)  # noqa: S101
    code = getattr(error.orig, "sqlstate", None)
    if code == NUMBER_TOO_LARGE:
        return show_error(request, InvalidInput("This contains a number that is too large."))
    if code in NOT_A_TEXT:
        return show_error(request, InvalidInput(UNSTORABLE))
    raise error


async def _show_unencodable(request: Request, error: Exception) -> Response:
    """Only half a character, which JSON can smuggle in, has no place in UTF-8."""
    return show_error(request, InvalidInput(UNSTORABLE))


async def _show_database_error(request: Request, error: Exception) -> Response:
    log.error("database_unavailable", path=request.url.path, error=type(error).__name__)
    return show_error(request, DatabaseUnavailable())


async def _show_unexpected(request: Request, error: Exception) -> Response:
    name = type(error).__name__
    log.error("request_failed", path=request.url.path, error=name, exc_info=error)
    return show_error(
        request, BeholderError("Something went wrong on our side. Nothing you did was lost.")
    )
