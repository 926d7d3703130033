"""Who asks, and whether the request is really theirs.

* Every browser gets a random *visitor* cookie; form tokens are derived from it, and a changing
  request must carry the token and come from our own pages (Origin, Sec-Fetch-Site).
* A rater is known by a signed cookie that is valid for one study.
* An account is known by a session token, or a program by an API token.
"""

import hashlib
import hmac
import secrets
import uuid
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response
from itsdangerous import BadSignature, URLSafeSerializer
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.accounts.accounts import (
    find_account_by_api_token,
    find_account_by_session,
    require_owner,
)
from app.database.tables import Account
from app.errors import Forbidden, LoginRequired, UnknownRater
from app.web.state import AppState, NowDep, SessionDep, StateDep, get_state

VISITOR_COOKIE = "beholder_visitor"
RATER_COOKIE = "beholder_rater"
ACCOUNT_COOKIE = "beholder_account"
YEAR_SECONDS = 365 * 24 * 3600
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none';"
        " frame-ancestors 'none'; form-action 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class SecurityMiddleware:
    """Adds the security headers, keeps pages out of caches, and gives each browser its cookie."""

    def __init__(self, app: ASGIApp, *, cookie_secure: bool) -> None:
        self._app = app
        self._cookie_secure = cookie_secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        known = request.cookies.get(VISITOR_COOKIE)
        visitor = known or secrets.token_urlsafe(24)
        scope.setdefault("state", {})["visitor"] = visitor

        async def send_secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
                if known is None and "text/html" in headers.get("content-type", ""):
                    carrier = Response()
                    set_cookie(carrier, VISITOR_COOKIE, visitor, secure=self._cookie_secure)
                    headers.append("set-cookie", carrier.headers["set-cookie"])
            await send(message)

        await self._app(scope, receive, send_secured)


def set_cookie(
    response: Response,
    name: str,
    value: str,
    *,
    secure: bool,
    path: str = "/",
    max_age: int = YEAR_SECONDS,
) -> None:
    """Set a cookie that scripts cannot read and other sites cannot send."""
    response.set_cookie(
        name, value, max_age=max_age, path=path, secure=secure, httponly=True, samesite="lax"
    )


def csrf_token(request: Request) -> str:
    """The form token of this browser."""
    key = get_state(request).signing_key
    message = f"csrf:{request.state.visitor}".encode()
    return hmac.new(key, message, hashlib.sha256).hexdigest()


async def require_own_form(request: Request) -> None:
    """Refuse a changing request that does not come from one of our own forms."""
    if request.method in SAFE_METHODS:
        return
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise Forbidden("This form was sent from another site.")
    origin = request.headers.get("origin")
    if origin is not None and not _is_own_origin(request, origin):
        raise Forbidden("This form was sent from another site.")
    form = await request.form()
    given = str(form.get("csrf", ""))
    if VISITOR_COOKIE not in request.cookies or not hmac.compare_digest(
        given.encode(), csrf_token(request).encode()
    ):
        raise Forbidden("This form is out of date; please reload the page and try again.")


def _is_own_origin(request: Request, origin: str) -> bool:
    """Whether the origin is the host that was asked, or the public address of the settings."""
    try:
        host = urlsplit(origin).netloc
    except ValueError:  # such as http://[
        return False
    public_url = get_state(request).settings.public_url
    return host in {request.headers.get("host"), urlsplit(public_url or "").netloc or None}


OwnForm = Depends(require_own_form)


# --- raters ---


def _rater_serializer(state: AppState, slug: str) -> URLSafeSerializer:
    return URLSafeSerializer(state.signing_key, salt=f"rater:{slug}")


def remember_rater(response: Response, state: AppState, *, slug: str, rater: uuid.UUID) -> None:
    """Give the browser the signed cookie by which it is this rater in this study alone."""
    value = _rater_serializer(state, slug).dumps(str(rater))
    set_cookie(
        response,
        RATER_COOKIE,
        str(value),
        secure=state.settings.cookie_secure,
        path=f"/rate/{slug}",
    )


def find_rater_id(request: Request, state: StateDep, slug: str) -> uuid.UUID | None:
    """The rater this browser is in this study, by its signed cookie; None before consent."""
    cookie = request.cookies.get(RATER_COOKIE)
    if cookie is None:
        return None
    try:
        return uuid.UUID(_rater_serializer(state, slug).loads(cookie))
    except (BadSignature, ValueError):
        return None


def require_rater_id(
    rater: Annotated[uuid.UUID | None, Depends(find_rater_id)],
) -> uuid.UUID:
    """The rater this browser is; raises UnknownRater."""
    if rater is None:
        raise UnknownRater
    return rater


FoundRater = Annotated[uuid.UUID | None, Depends(find_rater_id)]
KnownRater = Annotated[uuid.UUID, Depends(require_rater_id)]


# --- accounts ---


async def require_account(request: Request, session: SessionDep, now: NowDep) -> Account:
    """The account that is logged in; raises LoginRequired."""
    token = request.cookies.get(ACCOUNT_COOKIE)
    account = await find_account_by_session(session, token=token, now=now) if token else None
    if account is None:
        raise LoginRequired
    request.state.account = account
    return account


async def require_api_account(request: Request, session: SessionDep, now: NowDep) -> Account:
    """The account of the API token in ``Authorization: Bearer …``; raises LoginRequired."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    account = None
    if scheme.lower() == "bearer" and token:
        account = await find_account_by_api_token(session, token=token.strip(), now=now)
    if account is None:
        raise LoginRequired("Please send a valid API token as “Authorization: Bearer …”.")
    return account


CurrentAccount = Annotated[Account, Depends(require_account)]
ApiAccount = Annotated[Account, Depends(require_api_account)]


def _owner(account: CurrentAccount) -> Account:
    require_owner(account)
    return account


def _api_owner(account: ApiAccount) -> Account:
    require_owner(account)
    return account


CurrentOwner = Annotated[Account, Depends(_owner)]
ApiOwner = Annotated[Account, Depends(_api_owner)]
