"""One event per request: what was asked (the route, not the address), the answer, how long."""

import secrets
import time

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger()

# Asked by machines every few seconds, or many times per page.
QUIET = ("/static", "/health", "/ready")


class RequestLogMiddleware:
    """Logs ``request_answered``; every event of the request carries its id."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(QUIET):
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 500

        async def send_noting_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=secrets.token_hex(6)):
            await self._app(scope, receive, send_noting_status)
            log.info(
                "request_answered",
                method=scope["method"],
                route=_template(scope),
                status=status,
                ms=round((time.perf_counter() - started) * 1000, 1),
            )


def _template(scope: Scope) -> str:
    """The route's whole path; the route itself knows only what follows its routers' prefixes."""
    included = scope.get("fastapi", {}).get("effective_route_context")
    return getattr(included or scope.get("route"), "path", "none")
