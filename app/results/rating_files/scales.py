"""The scale of a table of ratings: given as ``LOW:HIGH:STEP``, or assumed from the scores seen."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

import numpy as np

from app.analysis.matrix import IntArray, Scale
from app.errors import InvalidInput

MAX_LEVELS = 1000
"""More levels than this tell nothing more of opinions; scores are then rounded, and it is said."""

FEW_LEVELS = 11

# Continuous scales in use, as (low, high); the narrowest that holds the scores is assumed.
CUSTOMARY = tuple(
    (Decimal(low), Decimal(high))
    for low, high in ((0, 1), (-1, 1), (1, 5), (0, 5), (-2, 2), (-3, 3), (0, 10), (0, 100))
)


@dataclass(frozen=True)
class RatingScale:
    """A scale in exact decimals; ``notes`` say what was assumed, ``warnings`` what may be wrong."""

    low: Decimal
    high: Decimal
    step: Decimal
    is_given: bool
    is_rounded: bool = False
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def level_max(self) -> int:
        """The highest level."""
        return int((self.high - self.low) / self.step)

    @property
    def text(self) -> str:
        """As ``--scale`` takes it."""
        return ":".join(f"{x.normalize():f}" for x in (self.low, self.high, self.step))

    @property
    def key(self) -> tuple[Decimal, Decimal, Decimal]:
        """What makes two scales the same."""
        return self.low, self.high, self.step

    def as_analysed(self) -> Scale:
        """The scale as the numerics take it."""
        return Scale(low=float(self.low), step=float(self.step), level_max=self.level_max)

    def levels_of(self, numbers: Sequence[Decimal | None], *, column: str) -> IntArray:
        """The level of each number, -1 for None; raises InvalidInput off the scale."""
        off = []
        levels = np.full(len(numbers), -1, dtype=np.int64)
        for place, number in enumerate(numbers):
            if number is None:
                continue
            exact = (number - self.low) / self.step
            level = round(exact)
            if not 0 <= level <= self.level_max or (level != exact and not self.is_rounded):
                off.append(number)
            levels[place] = level
        if off:
            shown = ", ".join(f"{number:f}" for number in sorted(off)[:4])
            raise InvalidInput(
                f"{column} has scores that are not on the scale {self.text}: {shown}"
                f"{f' and {len(off) - 4} more' if len(off) > 4 else ''}."
            )
        return levels


def parse_scale(text: str) -> RatingScale:
    """``1:5``, ``1:5:1`` or ``0:5:0.1``; the step is 1 if absent."""
    parts = text.split(":")
    try:
        low, high, step = (Decimal(part.strip()) for part in [*parts, "1"][:3])
    except (InvalidOperation, ValueError):
        raise InvalidInput(_MALFORMED.format(text)) from None
    if len(parts) not in (2, 3) or not all(x.is_finite() for x in (low, high, step)):
        raise InvalidInput(_MALFORMED.format(text))
    if step <= 0 or high <= low or (high - low) % step != 0:
        raise InvalidInput(
            f"The scale {text} must rise from its lowest to its highest score in equal steps."
        )
    if (high - low) / step > MAX_LEVELS:
        raise InvalidInput(f"The scale {text} has more than {MAX_LEVELS:,} steps.")
    return RatingScale(low, high, step, is_given=True)


_MALFORMED = "“{}” is no scale; write LOWEST:HIGHEST:STEP, for example 1:5:1 or 0:5:0.1."


def assumed_scale(numbers: Sequence[Decimal], *, column: str) -> RatingScale:
    """The scale that the scores seen suggest.

    1. Whole numbers with at most 11 levels: step 1, from 0 or 1 to the highest seen (to 5 if
       both ends of 1 to 5 were left out).
    2. Others: the step is the greatest common divisor of all differences; the ends are those
       seen, or those of the narrowest customary scale that holds them.
    3. More than 1,000 levels: scores are rounded to at most 1,000 steps.

    Raises InvalidInput if one score stands so far from all others that it must mean something
    else, such as 99 for "no answer".
    """
    seen = sorted(set(numbers))
    _require_no_stray(seen, column)
    low, high = _few_ends(seen)
    if high - low < FEW_LEVELS and all(x == x.to_integral_value() for x in seen):
        return _assumed(low, high, Decimal(1), seen, column)
    step = _common_step(seen)
    low, high = _wide_ends(seen, step)
    if (high - low) / step <= MAX_LEVELS:
        return _assumed(low, high, step, seen, column)
    coarse = _coarse_step(high - low)
    low, high = math.floor(low / coarse) * coarse, math.ceil(high / coarse) * coarse
    scale = _assumed(low, high, coarse, seen, column, is_rounded=True)
    rounding = (
        f"{column}: the scores have more than {MAX_LEVELS:,} levels and were rounded to steps of"
        f" {coarse:f}, which moves no score by more than {coarse / 2:f}."
    )
    return RatingScale(
        scale.low, scale.high, coarse, False, True, scale.notes, (*scale.warnings, rounding)
    )


def _assumed(
    low: Decimal,
    high: Decimal,
    step: Decimal,
    seen: Sequence[Decimal],
    column: str,
    *,
    is_rounded: bool = False,
) -> RatingScale:
    scale = RatingScale(low, high, step, False, is_rounded)
    note = (
        f"{column}: the scale {scale.text} is assumed from the scores (lowest, highest, step);"
        " --scale states another."
    )
    unused = [f"{end:f}" for end in (low, high) if end not in seen]
    warnings: tuple[str, ...] = ()
    if unused and not is_rounded:
        warnings = (
            f"{column}: nobody gave {' or '.join(unused)} on the scale that was assumed,"
            f" {scale.text}; if it is another, say so with --scale.",
        )
    elif step == 1 and low == 1 and high in (2, 3, 4, 6, 8):
        warnings = (
            f"{column}: scores from 1 to {high:f} were seen; if raters could also give"
            f" {high + 1:f}, say so with --scale 1:{high + 1:f}.",
        )
    return RatingScale(low, high, step, False, is_rounded, (note,), warnings)


def _few_ends(seen: Sequence[Decimal]) -> tuple[Decimal, Decimal]:
    low, high = seen[0], seen[-1]
    if low in (2, 3, 4, 5):
        low, high = Decimal(1), max(high, Decimal(5))
    return low, max(high, low + 1)


def _wide_ends(seen: Sequence[Decimal], step: Decimal) -> tuple[Decimal, Decimal]:
    low, high = seen[0], seen[-1]
    for ends in CUSTOMARY:
        fits = ends[0] <= low and high <= ends[1] and ends[1] - ends[0] <= 2 * (high - low)
        on_grid = (low - ends[0]) % step == 0 and (ends[1] - low) % step == 0
        if fits and (on_grid or (high - low) / step > MAX_LEVELS):
            return ends
    return low, high if high > low else low + step


def _common_step(seen: Sequence[Decimal]) -> Decimal:
    places = max((max(0, -int(number.as_tuple().exponent)) for number in seen), default=0)
    unit = Decimal(1).scaleb(-places)
    whole = [int(number / unit) for number in seen]
    divisor = math.gcd(*(number - whole[0] for number in whole))
    return unit * divisor if divisor else Decimal(1)


def _coarse_step(span: Decimal) -> Decimal:
    """The least of 1, 2 and 5 times a power of ten that cuts a span into at most 1,000 steps."""
    power = Decimal(1).scaleb((span / MAX_LEVELS).adjusted())
    return next(power * k for k in (1, 2, 5, 10) if span / (power * k) <= MAX_LEVELS)


def _require_no_stray(seen: Sequence[Decimal], column: str) -> None:
    if len(seen) < 4:
        return
    for stray, rest in ((seen[0], seen[1:]), (seen[-1], seen[:-1])):
        gap = min(abs(stray - number) for number in rest)
        is_code = stray < 0 <= rest[0] and stray == stray.to_integral_value()
        if gap > 2 * (rest[-1] - rest[0]) or (is_code and rest[-1] - rest[0] >= 3):
            raise InvalidInput(
                f"{column} has the score {stray:f}, far from all others ({rest[0]:f} to"
                f" {rest[-1]:f}). If it stands for a missing score, say --missing {stray:f};"
                " otherwise state the scale, for example --scale"
                f" {min(seen):f}:{max(seen):f}."
            )
