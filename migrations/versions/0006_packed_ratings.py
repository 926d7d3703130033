"""Each rating also as the analysis reads it: packed, beside its rater, in an index of its own."""

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels = None
depends_on = None

# Big-endian, 24 bytes and two for each level; read by app/results/packed_ratings.py.
PACK = """
CREATE FUNCTION packed_rating(
    stimulus_id bigint, sitting bigint, place bigint, repetition smallint, dwell_ms bigint,
    levels smallint[]
) RETURNS bytea LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    packed bytea := int8send(stimulus_id) || int4send(sitting::integer) || int4send(place::integer)
        || int4send(repetition::integer)
        || int4send(least(coalesce(dwell_ms, -1), 2147483647)::integer);
    level smallint;
BEGIN
    FOREACH level IN ARRAY levels LOOP
        packed := packed || int2send(level);
    END LOOP;
    RETURN packed;
END $$;
"""

RATING_IS_PACKED = """
CREATE FUNCTION rating_is_packed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT presentation.rater_id,
        CASE WHEN presentation.phase = 'main' THEN packed_rating(
            presentation.stimulus_id, sitting.number, presentation.position,
            presentation.repetition, NEW.dwell_ms, NEW.levels
        ) END
    INTO STRICT NEW.rater_id, NEW.packed
    FROM presentation
    JOIN sitting ON sitting.id = presentation.sitting_id
    WHERE presentation.id = NEW.presentation_id;
    RETURN NEW;
END $$;
CREATE TRIGGER rating_is_packed BEFORE INSERT ON rating
    FOR EACH ROW EXECUTE FUNCTION rating_is_packed();
"""

# What was packed stays true, because nothing of it can change.
SHOWN_IS_A_FACT = """
CREATE FUNCTION shown_is_a_fact() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'who was shown what, and where, is never altered once it is rated'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'shown_is_a_fact';
END $$;
CREATE TRIGGER presentation_is_a_fact
    BEFORE UPDATE OF sitting_id, rater_id, stimulus_id, repetition, phase, position ON presentation
    FOR EACH ROW WHEN (OLD.state = 'rated' AND
        (OLD.sitting_id, OLD.rater_id, OLD.stimulus_id, OLD.repetition, OLD.phase, OLD.position)
        IS DISTINCT FROM
        (NEW.sitting_id, NEW.rater_id, NEW.stimulus_id, NEW.repetition, NEW.phase, NEW.position))
    EXECUTE FUNCTION shown_is_a_fact();
CREATE TRIGGER sitting_number_is_a_fact BEFORE UPDATE OF number ON sitting
    FOR EACH ROW WHEN (OLD.number <> NEW.number)
    EXECUTE FUNCTION shown_is_a_fact();
"""

PACK_STORED_RATINGS = """
ALTER TABLE rating DISABLE TRIGGER rating_is_a_fact;
UPDATE rating SET rater_id = presentation.rater_id,
    packed = CASE WHEN presentation.phase = 'main' THEN packed_rating(
        presentation.stimulus_id, sitting.number, presentation.position,
        presentation.repetition, rating.dwell_ms, rating.levels
    ) END
FROM presentation
JOIN sitting ON sitting.id = presentation.sitting_id
WHERE presentation.id = rating.presentation_id;
ALTER TABLE rating ENABLE TRIGGER rating_is_a_fact;
"""


def upgrade() -> None:
    op.add_column("rating", sa.Column("rater_id", sa.BigInteger(), nullable=True))
    op.add_column("rating", sa.Column("packed", sa.LargeBinary(), nullable=True))
    for statement in (PACK, PACK_STORED_RATINGS, RATING_IS_PACKED, SHOWN_IS_A_FACT):
        op.execute(statement)
    op.alter_column("rating", "rater_id", nullable=False)
    op.create_foreign_key(op.f("fk_rating_rater_id"), "rating", "rater", ["rater_id"], ["id"])
    op.create_index(
        "ix_rating_packed",
        "rating",
        ["rater_id"],
        postgresql_include=["packed"],
        postgresql_where=sa.text("superseded_at IS NULL AND packed IS NOT NULL"),
    )


def downgrade() -> None:
    for function in ("shown_is_a_fact", "rating_is_packed"):
        op.execute(f"DROP FUNCTION {function} CASCADE")
    op.drop_column("rating", "packed")
    op.drop_column("rating", "rater_id")
    op.execute("DROP FUNCTION packed_rating")
