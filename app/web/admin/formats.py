"""How numbers and times are written on the dashboard's pages; filters of the templates."""

from datetime import datetime, timedelta

NOTHING = "–"
_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


def number(value: float | None) -> str:
    """A count with separators: 20,000."""
    return NOTHING if value is None else f"{value:,.0f}"


def decimal(value: float | None, places: int = 2) -> str:
    """A score or another measured number: 3.42; a true minus sign, never -0.00."""
    if value is None:
        return NOTHING
    return f"{round(value, places) + 0.0:,.{places}f}".replace("-", "\N{MINUS SIGN}")


def signed(value: float | None, places: int = 2) -> str:
    """A change, with its sign: +0.12, a true minus sign; no sign before a zero."""
    text = decimal(value, places)
    return f"+{text}" if value is not None and round(value, places) > 0 else text


def correlation(value: float | None) -> str:
    """Three decimals; what is not 1 is never written as 1."""
    return "> 0.999" if value is not None and 0.9995 <= value < 1 else decimal(value, 3)


def percent(share: float | None, places: int = 0) -> str:
    """A share of one as per cent; full only when it is, and nothing only when it is nothing."""
    if share is None:
        return NOTHING
    smallest = 10**-places
    shown = round(100 * share, places)
    if shown >= 100 > 100 * share:
        return f"{100 - smallest:.{places}f} %"
    if shown <= 0 < share:
        return f"< {smallest:.{places}f} %"
    return f"{shown:.{places}f} %"


def count(value: int, singular: str, plural: str | None = None) -> str:
    """A count with its noun: 1 rater, 2 raters."""
    return f"{value:,} {singular if value == 1 else plural or singular + 's'}"


def moment(value: datetime | None) -> str:
    """A point in time, in UTC: 23 Nov 2026, 12:05."""
    return NOTHING if value is None else f"{value.day} {value:%b %Y, %H:%M}"


def span(value: timedelta | None) -> str:
    """About how long something takes, in the unit that fits: 40 minutes, 3 hours, 12 days."""
    if value is None:
        return NOTHING
    seconds = value.total_seconds()
    for unit_seconds, noun in _UNITS:
        if seconds >= 1.5 * unit_seconds or (seconds >= unit_seconds and noun == "minute"):
            return count(round(seconds / unit_seconds), noun)
    return "less than a minute"


def file_size(value: int) -> str:
    """Bytes in the unit that fits: 812 B, 34 KiB, 1.2 MiB."""
    if value < 1024:
        return f"{value} B"
    if value < 1024**2:
        return f"{value / 1024:.0f} KiB"
    return f"{value / 1024**2:.1f} MiB"


_CHECK_NAMES = {
    "bt500": "BT.500",
    "bt500-on-z": "BT.500 on z-scores",
    "bt1788": "BT.1788",
    "p913": "P.913",
    "vqeg": "VQEG",
}


def check_name(check: str) -> str:
    """A check as people call it."""
    return _CHECK_NAMES.get(check, check)


def entry(method: str) -> str:
    """The address of a method's entry in the methods page, whatever its version."""
    return f"/dashboard/methods#{method.partition('@')[0]}"


FILTERS = {
    "entry": entry,
    "check_name": check_name,
    "number": number,
    "decimal": decimal,
    "correlation": correlation,
    "percent": percent,
    "signed": signed,
    "count_of": count,
    "moment": moment,
    "span": span,
    "file_size": file_size,
}
