"""Where the database is: the server the settings name, or the embedded one, started if need be."""

from collections.abc import Iterator
from contextlib import contextmanager

from app.database.embedded import EmbeddedDatabase
from app.settings import Settings


@contextmanager
def open_database(settings: Settings) -> Iterator[str]:
    """The URL of the database; an embedded server that this call started is stopped at the end."""
    if settings.database_url is not None:
        yield settings.database_url.get_secret_value()
        return
    server = EmbeddedDatabase(settings.data_folder / "postgres")
    url = server.start()
    try:
        yield url
    finally:
        server.stop()
