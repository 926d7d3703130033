"""Migration 0006: ratings are packed, those that were stored before and those that come."""

from collections.abc import Iterator

import psycopg
import pytest
import sqlalchemy
from psycopg.errors import CheckViolation

from app.database.engine import libpq_url
from app.database.migrate import migrate
from app.study.templates import quality_and_alignment

# One rater; a picture in training, one rated, corrected and shown again, one not rated yet.
FILL = """
INSERT INTO study (slug, title, protocol) VALUES ('old', 'Old', %(protocol)s);
INSERT INTO prompt (text, word_count) VALUES ('a cat', 2);
INSERT INTO condition (generator, digest) VALUES ('one', 'one');
INSERT INTO image (sha256, display_sha256, thumbnail_sha256, prompt_id, condition_id, seed, name,
                   origin, width, height, media_type, byte_count)
SELECT repeat(n::text, 64), repeat('0', 64), repeat('0', 64), 1, 1, n, n || '.png', 'imported', 8,
       8, 'image/png', 1 FROM generate_series(1, 3) n;
INSERT INTO stimulus (study_id, image_id, kind)
VALUES (1, 1, 'training'), (1, 2, 'main'), (1, 3, 'main');
INSERT INTO rater (study_id, public_code, recruitment_source, consent_version, consented_at)
VALUES (1, 'one', 'link', '1', now());
INSERT INTO sitting (rater_id, number, seed, started_at, stretch_started_at, last_seen_at,
                     lease_expires_at) VALUES (1, 3, 1, now(), now(), now(), now());
INSERT INTO presentation (sitting_id, rater_id, stimulus_id, phase, position, repetition, state)
VALUES (1, 1, 1, 'training', 1, 0, 'rated'), (1, 1, 2, 'main', 2, 0, 'rated'),
       (1, 1, 2, 'main', 3, 1, 'rated'), (1, 1, 3, 'main', 4, 0, 'leased');
INSERT INTO rating (presentation_id, revision, levels, dwell_ms, superseded_at)
VALUES (1, 1, '{1, 2}', 700, NULL), (2, 1, '{3, 4}', 800, now()), (2, 2, '{50, 0}', NULL, NULL),
       (3, 1, '{5, 6}', 9999999999, NULL);
"""


def packed(*parts: tuple[int, int]) -> bytes:
    """Numbers, each with its width in bytes."""
    return b"".join(number.to_bytes(width, signed=True) for number, width in parts)


STORED = [
    (1, None),
    (1, packed((2, 8), (3, 4), (2, 4), (0, 4), (800, 4), (3, 2), (4, 2))),
    (1, packed((2, 8), (3, 4), (2, 4), (0, 4), (-1, 4), (50, 2), (0, 2))),
    (1, packed((2, 8), (3, 4), (3, 4), (1, 4), (2**31 - 1, 4), (5, 2), (6, 2))),
]


@pytest.fixture
def migrated(database_url: str) -> Iterator[psycopg.Connection]:
    """A database that was filled before the migration."""
    own = sqlalchemy.make_url(database_url).set(database="filled_before")
    own_url = own.render_as_string(hide_password=False)
    with psycopg.connect(libpq_url(database_url), autocommit=True) as server:
        server.execute("CREATE DATABASE filled_before")
        try:
            migrate(own_url, revision="0005")
            protocol = quality_and_alignment().model_dump_json()
            with psycopg.connect(libpq_url(own_url), autocommit=True) as connection:
                for statement in FILL.split(";\n"):
                    if statement.strip():
                        connection.execute(statement, {"protocol": protocol})
                migrate(own_url)
                yield connection
        finally:
            server.execute("DROP DATABASE filled_before WITH (FORCE)")


def test_stored_ratings_are_packed_and_new_ones_are_too(migrated: psycopg.Connection) -> None:
    rows = "SELECT rater_id, packed FROM rating ORDER BY id"
    assert migrated.execute(rows).fetchall() == STORED
    migrated.execute(
        "INSERT INTO rating (presentation_id, revision, levels, rater_id, packed)"
        " VALUES (4, 1, '{7, 8}', 99, 'nonsense')"
    )
    new = packed((3, 8), (3, 4), (4, 4), (0, 4), (-1, 4), (7, 2), (8, 2))
    assert migrated.execute(rows).fetchall() == [*STORED, (1, new)]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE presentation SET stimulus_id = 3 WHERE id = 2",
        "UPDATE presentation SET position = 9 WHERE id = 2",
        "UPDATE presentation SET phase = 'training' WHERE id = 2",
        "UPDATE sitting SET number = 4",
    ],
)
def test_what_was_packed_cannot_become_untrue(migrated: psycopg.Connection, change: str) -> None:
    with pytest.raises(CheckViolation, match="never altered once it is rated"):
        migrated.execute(change)
    migrated.execute("UPDATE presentation SET position = 9 WHERE id = 4")  # not rated yet


def test_a_stored_rating_is_still_a_fact(migrated: psycopg.Connection) -> None:
    with pytest.raises(CheckViolation, match="a rating is never altered"):
        migrated.execute("UPDATE rating SET packed = NULL")
