"""The queue's tables: Procrastinate's own migrations up to the release that is in use."""

from importlib.resources import files

from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels = None
depends_on = None

# A later release of Procrastinate that brings migrations gets an Alembic revision of its own,
# which runs the files after this one.
LAST_FILE = "03.04.00_50_post_add_retry_failed_job_procedure.sql"


def upgrade() -> None:
    folder = files("procrastinate.sql.migrations")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    connection = op.get_bind().connection
    with connection.cursor() as cursor:
        for name in names[: names.index(LAST_FILE) + 1]:
            cursor.execute(folder.joinpath(name).read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute(
        """
        DO $$ DECLARE thing record; BEGIN
            FOR thing IN SELECT oid::regprocedure AS name FROM pg_proc
                WHERE proname LIKE 'procrastinate%' LOOP
                EXECUTE 'DROP FUNCTION ' || thing.name || ' CASCADE';
            END LOOP;
        END $$;
        DROP TABLE procrastinate_events, procrastinate_periodic_defers, procrastinate_jobs,
            procrastinate_workers CASCADE;
        DROP TYPE procrastinate_job_event_type, procrastinate_job_status,
            procrastinate_job_to_defer_v1;
        """
    )
