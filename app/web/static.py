"""Style sheets and scripts under an address that holds the version, so browsers keep them."""

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from app import __version__


class StaticFolder(StaticFiles):
    """Files under ``/<version>/…``; cached for ever when the version is asked for."""

    def __init__(self, directory: object) -> None:
        super().__init__(directory=str(directory))

    async def get_response(self, path: str, scope: Scope) -> Response:
        version, _, rest = path.partition("/")
        response = await super().get_response(rest if version == __version__ else path, scope)
        if version == __version__:
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response
