"""The web server: one application with three faces, for raters, experimenters and programs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext

from fastapi import FastAPI

from app import __version__
from app.database.engine import create_database_engine, create_session_factory
from app.results.runs.worker import analysis_worker
from app.settings import PROJECT_FOLDER, Settings
from app.storage.blobs import BlobStore
from app.web import admin, api, home, rater
from app.web.errors import install_error_pages
from app.web.request_log import RequestLogMiddleware
from app.web.security import SecurityMiddleware
from app.web.state import AppState
from app.web.static import StaticFolder

# What a form may weigh; the few routes that take files say so themselves.
LARGEST_FORM_BYTES = 2 * 1024 * 1024


def create_app(settings: Settings, database_url: str) -> FastAPI:
    """Assemble the server; ``database_url`` is where PostgreSQL is reached."""
    engine = create_database_engine(database_url, pool_size=settings.database_pool_size)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with analysis_worker(database_url) if settings.analysis_worker else nullcontext():
            yield
        await engine.dispose()

    app = FastAPI(
        title="Beholder",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
        max_body_size=LARGEST_FORM_BYTES,
    )
    app.state.beholder = AppState(
        settings=settings,
        sessions=create_session_factory(engine),
        blobs=BlobStore(settings.blob_folder),
        signing_key=settings.signing_key().encode(),
    )
    app.add_middleware(RequestLogMiddleware)
    app.add_middleware(SecurityMiddleware, cookie_secure=settings.cookie_secure)
    install_error_pages(app)
    app.mount("/static", StaticFolder(PROJECT_FOLDER / "static"))
    for face in (home, rater, admin, api):
        app.include_router(face.router)
    return app
