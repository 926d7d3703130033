"""Logging in and out."""

import secrets
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from app.accounts.accounts import find_account_by_session, log_in, log_out
from app.errors import TooManyAttempts
from app.web.pages import page
from app.web.security import ACCOUNT_COOKIE, VISITOR_COOKIE, OwnForm, set_cookie
from app.web.state import AppState, NowDep, SessionDep, StateDep

router = APIRouter()

HOME = "/dashboard"
Typed = Annotated[str, Form()]


def local_path(address: str) -> str:
    """The address if it is a path on this server, else the dashboard's first page."""
    try:
        parts = urlsplit(address)
    except ValueError:  # such as //[
        return HOME
    is_local = address.startswith("/") and not parts.scheme and not parts.netloc
    # Browsers read a backslash as a slash and skip tabs and line ends.
    is_plain = address.isprintable() and "\\" not in address and not address.startswith("//")
    return address if is_local and is_plain else HOME


@router.get("/login")
async def show_login(
    request: Request,
    session: SessionDep,
    now: NowDep,
    address: Annotated[str, Query(alias="next")] = HOME,
) -> Response:
    """The log-in form; somebody who is logged in goes straight on."""
    token = request.cookies.get(ACCOUNT_COOKIE)
    if token and await find_account_by_session(session, token=token, now=now):
        return RedirectResponse(local_path(address), status_code=303)
    return _form(request, address=address)


@router.post("/login", dependencies=[OwnForm])
async def take_login(
    request: Request,
    session: SessionDep,
    state: StateDep,
    now: NowDep,
    email: Typed = "",
    password: Typed = "",
    address: Annotated[str, Form(alias="next")] = HOME,
) -> Response:
    """Open a session for the right password; else the form again, saying no more than that."""
    hours = state.settings.account_session_hours
    try:
        token = await log_in(session, email=email, password=password, now=now, hours=hours)
    except TooManyAttempts as error:
        problem = error.message
        return _form(request, address=address, email=email, problem=problem, status=error.status)
    if token is None:
        problem = "The e-mail address or the password is wrong."
        return _form(request, address=address, email=email, problem=problem, status=422)
    response = RedirectResponse(local_path(address), status_code=303)
    secure = state.settings.cookie_secure
    set_cookie(response, ACCOUNT_COOKIE, token, secure=secure, max_age=hours * 3600)
    _renew_visitor(response, state)
    return response


@router.post("/logout", dependencies=[OwnForm])
async def take_logout(request: Request, session: SessionDep, state: StateDep) -> Response:
    """End this browser's session."""
    token = request.cookies.get(ACCOUNT_COOKIE)
    if token:
        await log_out(session, token=token)
    response = RedirectResponse("/login", status_code=303)
    response.delete_cookie(ACCOUNT_COOKIE, path="/")
    _renew_visitor(response, state)
    return response


def _renew_visitor(response: Response, state: AppState) -> None:
    """A form token known before the log-in must be worth nothing after it, and the reverse."""
    secure = state.settings.cookie_secure
    set_cookie(response, VISITOR_COOKIE, secrets.token_urlsafe(24), secure=secure)


def _form(
    request: Request,
    *,
    address: str,
    email: str = "",
    problem: str = "",
    status: int = 200,
) -> Response:
    context = {"next": local_path(address), "email": email, "problem": problem}
    return page(request, "admin/login.html", context, status=status)
