"""Alembic's entry: runs the migrations on the URL that ``app.database.migrate`` gives."""

import sqlalchemy
from alembic import context

from app.database.tables import Base

# Any constant will do, as long as all Beholder processes use the same one.
MIGRATION_LOCK = 0x6265686F


def _is_ours(name: str | None, kind: str, parents: object) -> bool:
    """Leave the queue's own tables out when models and schema are compared."""
    return not (kind == "table" and (name or "").startswith("procrastinate_"))


def run() -> None:
    url = context.config.attributes["url"]
    engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.pool.NullPool)
    with engine.begin() as connection:
        connection.execute(
            sqlalchemy.text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK}
        )
        connection.execute(sqlalchemy.text("SET LOCAL lock_timeout = '10s'"))
        context.configure(
            connection=connection, target_metadata=Base.metadata, include_name=_is_ours
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
