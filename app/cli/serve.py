"""``beholder serve`` and ``beholder migrate``: the web server alone, the schema alone."""

import uvicorn

from app.cli import cli
from app.database.connect import open_database
from app.database.migrate import list_pending_revisions, migrate
from app.errors import Conflict
from app.logs import configure_logging
from app.settings import get_settings

# Seconds that requests in flight get to finish when the server is told to stop.
GRACE_S = 10


@cli.command()
def serve() -> None:
    """Serve the web pages; the schema must be current."""
    # Here, because no other command should wait for all pages and charts to be imported.
    from app.main import create_app

    settings = get_settings()
    configure_logging(settings)
    with open_database(settings) as url:
        pending = list_pending_revisions(url)
        if pending:
            raise Conflict("The database schema is not current; run `beholder migrate` first.")
        uvicorn.run(
            create_app(settings, url),
            host=settings.host,
            port=settings.port,
            access_log=False,
            log_level="warning",
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=GRACE_S,
        )


@cli.command("migrate")
def bring_schema_up_to_date() -> None:
    """Bring the database schema to the newest revision."""
    with open_database(get_settings()) as url:
        pending = list_pending_revisions(url)
        migrate(url)
    print(f"Applied {len(pending)} migrations." if pending else "The schema is current.")  # noqa: T201
