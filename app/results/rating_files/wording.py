"""Counts as people write them."""


def counted(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun: 1 rater, 1,200 raters; the plural ends in s unless it is given."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
