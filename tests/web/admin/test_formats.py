from datetime import UTC, datetime, timedelta

import pytest

from app.web.admin import formats


@pytest.mark.parametrize(
    ("value", "places", "shown"),
    [
        (3.4249, 2, "3.42"),
        (-0.127, 2, "−0.13"),
        (-0.001, 2, "0.00"),
        (12345.6, 1, "12,345.6"),
        (None, 2, "–"),
    ],
)
def test_a_measured_number(value: float | None, places: int, shown: str) -> None:
    assert formats.decimal(value, places) == shown


@pytest.mark.parametrize(
    ("share", "places", "shown"),
    [
        (0.0, 0, "0 %"),
        (0.001, 0, "< 1 %"),
        (0.463, 0, "46 %"),
        (0.463, 1, "46.3 %"),
        (0.9999, 0, "99 %"),
        (0.9999, 1, "99.9 %"),
        (1.0, 0, "100 %"),
        (None, 0, "–"),
    ],
)
def test_a_share_is_full_only_when_it_is(share: float | None, places: int, shown: str) -> None:
    assert formats.percent(share, places) == shown


@pytest.mark.parametrize(
    ("time", "shown"),
    [
        (timedelta(seconds=20), "less than a minute"),
        (timedelta(seconds=70), "1 minute"),
        (timedelta(minutes=85), "85 minutes"),
        (timedelta(hours=3), "3 hours"),
        (timedelta(hours=30), "30 hours"),
        (timedelta(days=12), "12 days"),
        (None, "–"),
    ],
)
def test_about_how_long(time: timedelta | None, shown: str) -> None:
    assert formats.span(time) == shown


def test_counts_agree_with_their_nouns() -> None:
    assert formats.count(1, "rater") == "1 rater"
    assert formats.count(20_000, "picture") == "20,000 pictures"
    assert formats.number(None) == "–"


def test_a_moment_is_written_without_leading_zero() -> None:
    assert formats.moment(datetime(2026, 11, 3, 9, 5, tzinfo=UTC)) == "3 Nov 2026, 09:05"
    assert formats.moment(None) == "–"


@pytest.mark.parametrize(
    ("size", "shown"), [(812, "812 B"), (34_900, "34 KiB"), (1_300_000, "1.2 MiB")]
)
def test_the_size_of_a_file(size: int, shown: str) -> None:
    assert formats.file_size(size) == shown
