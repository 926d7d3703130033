"""Schema changes: Alembic alone makes them, and this module runs Alembic."""

import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from app.database.engine import driver_url
from app.settings import PROJECT_FOLDER


def _configuration(url: str) -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(PROJECT_FOLDER / "migrations"))
    configuration.attributes["url"] = driver_url(url)
    return configuration


def migrate(url: str, *, revision: str = "head") -> None:
    """Bring the schema up to a revision; safe when several processes start together."""
    command.upgrade(_configuration(url), revision)


def list_pending_revisions(url: str) -> list[str]:
    """Revisions that the database lacks, oldest first; empty when it is current."""
    engine = sqlalchemy.create_engine(driver_url(url))
    try:
        with engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()
    script = ScriptDirectory.from_config(_configuration(url))
    missing = script.iterate_revisions("head", current or "base")
    return [revision.revision for revision in reversed(list(missing))]
