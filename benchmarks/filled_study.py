"""A study of AIGIQA-20K's size in an embedded PostgreSQL, for the benchmarks to read."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from app.database.embedded import EmbeddedDatabase
from app.database.engine import libpq_url
from app.database.migrate import migrate
from app.study.templates import quality_and_alignment

RATERS, STIMULI, SITTINGS = 21, 20_000, 10
SLUG = "big"

# Straight into the tables, as the rating room would have left them.  What checks each rating is
# off, because what is measured is reading; what packs it is on.  One rater answers at random and
# one always the same, so that screening has something to reject.
FILL = f"""
SELECT setseed(0.5);
ALTER TABLE rating DISABLE TRIGGER rating_fits_protocol;
INSERT INTO prompt (text, word_count)
SELECT 'a picture of the number ' || n, 6 FROM generate_series(1, {STIMULI}) n;
INSERT INTO condition (generator, digest)
SELECT 'generator-' || n, 'digest-' || n FROM generate_series(1, 15) n;
INSERT INTO image (sha256, display_sha256, thumbnail_sha256, prompt_id, condition_id, seed, name,
                   origin, width, height, media_type, byte_count)
SELECT repeat(md5(n::text), 2), repeat('0', 64), repeat('0', 64), n, n % 15 + 1, n,
       'picture_' || n || '.png', 'generated', 512, 512, 'image/png', 1 FROM
       generate_series(1, {STIMULI}) n;
INSERT INTO stimulus (study_id, image_id) SELECT 1, n FROM generate_series(1, {STIMULI}) n;
INSERT INTO rater (study_id, public_code, recruitment_source, consent_version, consented_at,
                   status)
SELECT 1, 'rater-' || n, 'link', '1', now(), 'completed' FROM generate_series(1, {RATERS}) n;
INSERT INTO sitting (rater_id, number, seed, state, started_at, stretch_started_at, last_seen_at,
                     lease_expires_at)
SELECT rater, number, 1, 'finished', now(), now(), now(), now()
FROM generate_series(1, {RATERS}) rater, generate_series(1, {SITTINGS}) number
ORDER BY rater, number;
INSERT INTO presentation (sitting_id, rater_id, stimulus_id, phase, position, state)
SELECT (rater - 1) * {SITTINGS} + 1 + place * {SITTINGS} / {STIMULI}, rater, stimulus, 'main',
       place % ({STIMULI} / {SITTINGS}) + 1, 'rated'
FROM (SELECT rater, stimulus,
             row_number() OVER (PARTITION BY rater ORDER BY random()) - 1 AS place
      FROM generate_series(1, {RATERS}) rater, generate_series(1, {STIMULI}) stimulus) shown
ORDER BY place, rater;
INSERT INTO rating (presentation_id, revision, levels, dwell_ms)
SELECT id, 1,
       CASE rater_id
           WHEN 1 THEN '{{25, 25}}'::smallint[]
           WHEN 2 THEN ARRAY[floor(random() * 51), floor(random() * 51)]::smallint[]
           ELSE ARRAY[
               greatest(0, least(50, 25 + rater_id % 5 + 20 * sin(stimulus_id)
                                     + 12 * (random() - 0.5))),
               greatest(0, least(50, 25 - rater_id % 7 + 20 * cos(stimulus_id)
                                     + 12 * (random() - 0.5)))]::smallint[]
       END,
       2000 + 4000 * random()
FROM presentation;
ALTER TABLE rating ENABLE TRIGGER rating_fits_protocol;
"""


@contextmanager
def filled_database() -> Iterator[str]:
    """The address of an embedded PostgreSQL with one study of AIGIQA-20K's size."""
    with (
        tempfile.TemporaryDirectory() as folder,
        EmbeddedDatabase(Path(folder) / "postgres") as database,
    ):
        migrate(database.url)
        with psycopg.connect(libpq_url(database.url), autocommit=True) as connection:
            protocol = quality_and_alignment().model_dump_json()
            connection.execute(
                "INSERT INTO study (slug, title, protocol) VALUES (%s, 'Big', %s)", (SLUG, protocol)
            )
            connection.execute(FILL.encode())
            connection.execute("VACUUM ANALYZE")
        yield database.url
