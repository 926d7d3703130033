"""Rules of ratings: complete, on the scale, never altered; a protocol is frozen when it opens."""

from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels = None
depends_on = None

RATING_FITS_PROTOCOL = """
CREATE FUNCTION rating_fits_protocol() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    dimensions smallint;
    highest smallint;
BEGIN
    SELECT study.dimension_count, study.level_max INTO STRICT dimensions, highest
    FROM presentation
    JOIN stimulus ON stimulus.id = presentation.stimulus_id
    JOIN study ON study.id = stimulus.study_id
    WHERE presentation.id = NEW.presentation_id;

    IF array_ndims(NEW.levels) IS DISTINCT FROM 1 OR cardinality(NEW.levels) <> dimensions
        OR array_position(NEW.levels, NULL) IS NOT NULL THEN
        RAISE EXCEPTION 'a rating has one level for each of the % dimensions', dimensions
            USING ERRCODE = 'check_violation', CONSTRAINT = 'rating_complete';
    END IF;
    IF 0 > ANY (NEW.levels) OR highest < ANY (NEW.levels) THEN
        RAISE EXCEPTION 'a level lies between 0 and %', highest
            USING ERRCODE = 'check_violation', CONSTRAINT = 'rating_in_range';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER rating_fits_protocol BEFORE INSERT ON rating
    FOR EACH ROW EXECUTE FUNCTION rating_fits_protocol();
"""

RATING_IS_A_FACT = """
CREATE FUNCTION rating_is_a_fact() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF current_setting('beholder.withdrawal', true) = 'on' THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION 'a rating is only erased by the withdrawal of its rater'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'rating_is_a_fact';
    END IF;
    IF OLD.superseded_at IS NULL AND NEW.superseded_at IS NOT NULL
        AND (NEW.id, NEW.presentation_id, NEW.revision, NEW.levels, NEW.created_at)
            IS NOT DISTINCT FROM
            (OLD.id, OLD.presentation_id, OLD.revision, OLD.levels, OLD.created_at) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a rating is never altered; a correction is a new revision'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'rating_is_a_fact';
END $$;
CREATE TRIGGER rating_is_a_fact BEFORE UPDATE OR DELETE ON rating
    FOR EACH ROW EXECUTE FUNCTION rating_is_a_fact();
"""

PROTOCOL_IS_FROZEN = """
CREATE FUNCTION protocol_is_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'draft' AND NEW.protocol <> OLD.protocol THEN
        RAISE EXCEPTION 'the protocol of a study is frozen once it has opened'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'protocol_is_frozen';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER protocol_is_frozen BEFORE UPDATE ON study
    FOR EACH ROW EXECUTE FUNCTION protocol_is_frozen();
"""


def upgrade() -> None:
    for statement in (RATING_FITS_PROTOCOL, RATING_IS_A_FACT, PROTOCOL_IS_FROZEN):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP FUNCTION protocol_is_frozen CASCADE")
    op.execute("DROP FUNCTION rating_is_a_fact CASCADE")
    op.execute("DROP FUNCTION rating_fits_protocol CASCADE")
