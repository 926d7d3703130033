"""What pydantic found wrong with a field, said so that anybody understands it."""

from collections.abc import Callable
from typing import Any

from pydantic_core import ErrorDetails

NOTHING_GIVEN = "Please fill this in."
NOT_WHOLE = "Please give a whole number."
NOT_A_NUMBER = "Please give a number."

_SENTENCES: dict[str, Callable[[dict[str, Any]], str]] = {
    "missing": lambda _: NOTHING_GIVEN,
    "string_too_short": lambda _: NOTHING_GIVEN,
    "string_too_long": lambda limits: f"At most {limits['max_length']:,} characters.",
    "int_parsing": lambda _: NOT_WHOLE,
    "int_from_float": lambda _: NOT_WHOLE,
    "int_type": lambda _: NOT_WHOLE,
    "float_parsing": lambda _: NOT_A_NUMBER,
    "float_type": lambda _: NOT_A_NUMBER,
    "finite_number": lambda _: NOT_A_NUMBER,
    "greater_than": lambda limits: f"More than {_plain(limits['gt'])}, please.",
    "greater_than_equal": lambda limits: f"At least {_plain(limits['ge'])}, please.",
    "less_than": lambda limits: f"Less than {_plain(limits['lt'])}, please.",
    "less_than_equal": lambda limits: f"At most {_plain(limits['le'])}, please.",
    "extra_forbidden": lambda _: "There is no setting with this name.",
}


def _plain(limit: float) -> str:
    written = f"{limit:.9f}".rstrip("0") if 0 < abs(limit) < 0.001 else f"{limit:,}"
    return written.removesuffix(".0")


def sentence_of(entry: ErrorDetails) -> str:
    """One sentence for one finding; pydantic's own words where there is no better one."""
    sentence = _SENTENCES.get(entry["type"])
    if sentence is not None:
        return sentence(entry.get("ctx", {}))
    said = entry["msg"].removeprefix("Value error, ")
    return f"{said[:1].upper()}{said[1:]}".rstrip(".") + "."
