"""Runs have a state, more parts, and know the experimenter's decisions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels = None
depends_on = None

LATER_KNOWN = ("fingerprint", "versions", "summary", "seconds")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '10s'")
    _widen_runs()
    _create_parts()
    _create_decisions()


def downgrade() -> None:
    op.drop_column("run_rater", "decision")
    op.drop_column("run_rater", "is_proposed")
    for table in ("screening_decision", "run_section", "run_estimate"):
        op.drop_table(table)
    op.drop_constraint("ck_analysis_run_done_is_complete", "analysis_run")
    op.execute("DELETE FROM analysis_run WHERE state <> 'done'")
    for column in LATER_KNOWN:
        op.alter_column("analysis_run", column, nullable=False)
    for column in ("state", "progress", "error", "finished_at"):
        op.drop_column("analysis_run", column)


def _widen_runs() -> None:
    state = sa.Enum(
        "queued", "running", "done", "failed", name="runstate", native_enum=False, length=20
    )
    op.add_column("analysis_run", sa.Column("state", state, server_default="done", nullable=False))
    op.add_column(
        "analysis_run",
        sa.Column("progress", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
    )
    op.add_column("analysis_run", sa.Column("error", postgresql.JSONB(), nullable=True))
    op.add_column(
        "analysis_run", sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True)
    )
    for column in LATER_KNOWN:
        op.alter_column("analysis_run", column, nullable=True)
    op.create_check_constraint(
        op.f("ck_analysis_run_state"),
        "analysis_run",
        "state IN ('queued', 'running', 'done', 'failed')",
    )
    op.create_check_constraint(
        op.f("ck_analysis_run_done_is_complete"),
        "analysis_run",
        "state <> 'done' OR (fingerprint IS NOT NULL AND versions IS NOT NULL"
        " AND summary IS NOT NULL AND seconds IS NOT NULL)",
    )


def _create_parts() -> None:
    op.create_table(
        "run_estimate",
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("dimension", sa.Text(), nullable=False),
        sa.Column("value", postgresql.ARRAY(sa.Double()), nullable=False),
        sa.Column("ci_low", postgresql.ARRAY(sa.Double()), nullable=False),
        sa.Column("ci_high", postgresql.ARRAY(sa.Double()), nullable=False),
        sa.Column("effective_n", postgresql.ARRAY(sa.Double()), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["analysis_run.id"],
            name=op.f("fk_run_estimate_run_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", "method", "dimension", name=op.f("pk_run_estimate")),
    )
    op.create_table(
        "run_section",
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("document", postgresql.JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["analysis_run.id"], name=op.f("fk_run_section_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "name", name=op.f("pk_run_section")),
    )


def _create_decisions() -> None:
    decision = sa.Enum("confirmed", "overruled", name="decision", native_enum=False, length=20)
    allowed = "decision IN ('confirmed', 'overruled')"
    op.create_table(
        "screening_decision",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("rater_id", sa.BigInteger(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=True),
        sa.Column("decision", decision, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column(
            "decided_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(allowed, name=op.f("ck_screening_decision_decision")),
        sa.ForeignKeyConstraint(
            ["rater_id"], ["rater.id"], name=op.f("fk_screening_decision_rater_id")
        ),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["analysis_run.id"],
            name=op.f("fk_screening_decision_run_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_screening_decision")),
    )
    op.create_index(op.f("ix_screening_decision_rater_id"), "screening_decision", ["rater_id"])
    op.add_column("run_rater", sa.Column("is_proposed", sa.Boolean(), nullable=True))
    op.execute("UPDATE run_rater SET is_proposed = (verdict = 'rejected')")
    op.alter_column("run_rater", "is_proposed", nullable=False)
    op.add_column("run_rater", sa.Column("decision", decision, nullable=True))
    op.create_check_constraint(op.f("ck_run_rater_decision"), "run_rater", allowed)
