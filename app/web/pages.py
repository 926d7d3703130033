"""Pages: Jinja2 templates in which an undefined name is an error."""

from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app import __version__
from app.settings import PROJECT_FOLDER
from app.web.security import csrf_token

templates = Environment(
    loader=FileSystemLoader(PROJECT_FOLDER / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
# The version in the address lets static files be cached for ever.
templates.globals["static"] = lambda path: f"/static/{__version__}/{path}"
templates.globals["version"] = __version__


def page(
    request: Request, name: str, context: dict[str, Any] | None = None, *, status: int = 200
) -> HTMLResponse:
    """The page drawn from ``templates/<name>``, with the form token as ``csrf``."""
    account = getattr(request.state, "account", None)
    html = templates.get_template(name).render(
        {"csrf": csrf_token(request), "account": account, "path": request.url.path}
        | (context or {})
    )
    return HTMLResponse(html, status_code=status)
