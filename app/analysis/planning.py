"""How many raters a study needs, what its intervals will be, and what is left to do.

Everything here follows from two numbers that differ between questions: the SOS parameter `a`,
which says how widely opinions of one stimulus are spread, and the reliability of one rater's
score. Before a study both are assumed, from studies that asked a similar question; during it
they are measured.

Allocate evenly: give the least rated stimuli their raters first, ties at random. Chasing the
stimuli of largest spread does not pay, and stopping a stimulus as soon as its interval is narrow
enough picks out those that look narrow by chance, so that the interval no longer holds the true
MOS as often as its level says. A second wave of raters is fine if it is declared.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from scipy import special

from app.analysis.matrix import FloatArray, Scale
from app.analysis.reliability.split_half import spearman_brown

HALF_WIDTH_METHOD = "planning/raters-for-half-width@1"
RELIABILITY_METHOD = "planning/raters-for-reliability@1"
WORK_METHOD = "planning/work-left@1"
METHODS = (HALF_WIDTH_METHOD, RELIABILITY_METHOD, WORK_METHOD)
"""How the numbers of a plan are computed, to be named beside them."""

MOST_RATERS = 100_000
"""A plan that needs more raters than this is none."""


ADVICE = (
    "Give the pictures with the fewest ratings their next rater first, ties at random: an even"
    " spread of raters beats one that follows the pictures on which opinions differ.",
    "Decide on the number of raters beforehand. Stopping a picture as soon as its interval looks"
    " narrow enough picks those that look so by chance, and the intervals no longer hold what"
    " they promise.",
    "A second wave of raters is fine when it is declared: say in the paper that there was one,"
    " and why.",
    "Some raters will be rejected by the screening, so invite more than the plan says.",
)
"""What to know about spending raters, in sentences."""


class PlannedInterval(StrEnum):
    """Intervals whose width can be foretold; names as in `IntervalMethod`."""

    STUDENT_T = "student-t"
    SOS_JEFFREYS = "sos-jeffreys"
    NORMAL = "normal"


class Question(StrEnum):
    """Kinds of question that raters were asked, from the narrowest spread of opinions up."""

    LAB_COMPRESSION = "lab-compression"
    AI_QUALITY = "ai-quality"
    AI_APPEAL = "ai-appeal"
    PROMPT_MATCH = "prompt-match"


@dataclass(frozen=True, slots=True)
class Preset:
    """What was seen with a kind of question: SOS parameter, and reliability of one rater.

    a_low, a_high : over the data sets looked at. a : the one to plan with, the larger end.
    single : Krippendorff's alpha, the reliability of one rater's score.
    """

    label: str
    a_low: float
    a_high: float
    single: float

    @property
    def a(self) -> float:
        """The cautious value: planning with the larger spread errs on the safe side."""
        return self.a_high


PRESETS: dict[Question, Preset] = {
    Question.LAB_COMPRESSION: Preset("Video compression, in a laboratory", 0.13, 0.20, 0.71),
    Question.AI_QUALITY: Preset("Quality of AI-generated images", 0.33, 0.33, 0.34),
    Question.AI_APPEAL: Preset("Appeal of AI-generated images", 0.40, 0.40, 0.296),
    Question.PROMPT_MATCH: Preset("Match of image and prompt", 0.45, 0.454, 0.535),
}


def expected_half_width(
    n: npt.ArrayLike,
    *,
    a: float,
    scale: Scale,
    mos: npt.ArrayLike | None = None,
    level: float = 0.95,
    interval: PlannedInterval = PlannedInterval.STUDENT_T,
) -> FloatArray:
    """Half the width of an interval to be expected, in scores; n and mos broadcast.

    In words: the SOS hypothesis foretells the spread of opinions from the MOS,
    σ² = a (MOS - low)(high - MOS), and the interval follows from σ and the number of raters n:

    - ``student-t``: t σ / √n with n - 1 degrees of freedom (the default, and what the planning
      tables of the literature use);
    - ``normal``: z σ / √n; also about right for pooled t and for resampling the raters;
    - ``sos-jeffreys``: half the length of the beta interval with n / a trials at this MOS.

    Parameters
    ----------
    n : raters of a stimulus. a : SOS parameter, above 0, at most 1.
    mos : on the scale; the middle of the scale, where opinions are spread most, if absent.

    Notes
    -----
    Edge cases: n below 2 has no interval, NaN; a MOS that is NaN, NaN. At an end of the scale
    the t interval is foretold to have no width at all: plan for a MOS inside.

    Raises ValueError for `a` or `level` out of range or a MOS off the scale.
    """
    _check(a, level)
    n = np.asarray(n, dtype=np.float64)
    middle = (scale.low + scale.high) / 2
    mean = np.asarray(middle if mos is None else mos, dtype=np.float64)
    if ((mean < scale.low) | (mean > scale.high)).any():
        raise ValueError(f"A MOS lies between {scale.low:g} and {scale.high:g}.")
    known = n >= 2
    raters = np.where(known, n, 2.0)
    if interval is PlannedInterval.SOS_JEFFREYS:
        width = _jeffreys_width(raters / a, (mean - scale.low) / (scale.high - scale.low), level)
        half = (scale.high - scale.low) * width / 2
    else:
        sigma = np.sqrt(a * (mean - scale.low) * (scale.high - mean))
        freedom = raters - 1 if interval is PlannedInterval.STUDENT_T else np.inf
        half = special.stdtrit(freedom, (1 + level) / 2) * sigma / np.sqrt(raters)
    found: FloatArray = np.where(known & ~np.isnan(mean), half, np.nan)
    return found


def raters_for_half_width(
    half_width: float,
    *,
    a: float,
    scale: Scale,
    mos: float | None = None,
    level: float = 0.95,
    interval: PlannedInterval = PlannedInterval.STUDENT_T,
) -> int:
    """Fewest raters of each stimulus whose expected interval is at most ± half_width.

    The smallest n >= 2 with `expected_half_width` at most that. For ±0.5 at MOS 3 on ACR-5, with
    95 % and Student's t: 11 raters at a = 0.13, 23 at 0.33, 28 at 0.40, 31 at 0.454.

    Raises ValueError if the half-width is not above zero, or if more than 100,000 raters were
    needed.
    """
    if not half_width > 0 or not math.isfinite(half_width):
        raise ValueError("The half-width must be above 0.")

    def is_enough(n: int) -> bool:
        width = expected_half_width(n, a=a, scale=scale, mos=mos, level=level, interval=interval)
        return float(width) <= half_width * (1 + 1e-12)

    return _fewest(is_enough)


def reliability_of_mean(raters: float, single: float) -> float:
    """Reliability of the mean of so many raters, by Spearman-Brown from that of one."""
    return spearman_brown(single, raters)


def raters_for_reliability(target: float, *, single: float) -> int:
    """Fewest raters whose mean has this reliability, from the reliability of one rater's score.

    Spearman-Brown turned round: n = target (1 - single) / (single (1 - target)), rounded up, at
    least 1. With Krippendorff's alpha as the reliability of one rater, 0.9 takes 22 raters for
    appeal (0.296), 8 for prompt match (0.535).

    Raises ValueError unless target and single lie between 0 and 1, or if more than 100,000
    raters were needed.
    """
    if not 0 < target < 1:
        raise ValueError("A reliability to reach lies between 0 and 1.")
    if not 0 < single < 1:
        raise ValueError(
            "The reliability of one rater must lie between 0 and 1; where it is not above 0, no"
            " number of raters helps."
        )
    needed = target * (1 - single) / (single * (1 - target))
    if needed > MOST_RATERS:
        raise ValueError(_TOO_MANY)
    # Less a hair, so that 9.000000000000002 is nine.
    return max(1, math.ceil(needed * (1 - 1e-12)))


@dataclass(frozen=True, slots=True)
class Work:
    """What is left to do: ratings, hours of rating, hours to be paid, and their cost.

    paid_hours : rating and overhead together. cost : None without a pay per hour.
    """

    ratings: int
    hours: float
    paid_hours: float
    cost: float | None


def work_left(
    ratings: int,
    *,
    seconds_each: float,
    pay_per_hour: float | None = None,
    overhead: float = 0.0,
) -> Work:
    """Time and cost of so many ratings.

    In words: ratings times the median seconds that one takes; overhead is the share of paid time
    that is not rating (consent, training, breaks, fees), so that paid hours are hours / (1 -
    overhead).

    Raises ValueError for a negative number of ratings, seconds or pay, or an overhead outside
    0 to below 1.
    """
    if ratings < 0 or not seconds_each >= 0 or not math.isfinite(seconds_each):
        raise ValueError("Ratings and seconds cannot be negative.")
    if pay_per_hour is not None and not (pay_per_hour >= 0 and math.isfinite(pay_per_hour)):
        raise ValueError("The pay per hour cannot be negative.")
    if not 0 <= overhead < 1:
        raise ValueError("The overhead is a share of the paid time: at least 0 and below 1.")
    hours = ratings * seconds_each / 3600
    paid = hours / (1 - overhead)
    return Work(ratings, hours, paid, None if pay_per_hour is None else paid * pay_per_hour)


def _jeffreys_width(trials: FloatArray, share: FloatArray, level: float) -> FloatArray:
    """Length of the beta interval as a share of the scale, as `sos-jeffreys` makes it."""
    share = np.clip(share, 0.0, 1.0)
    below, above = trials * share + 0.5, trials * (1 - share) + 0.5
    low = np.minimum(special.betaincinv(below, above, (1 - level) / 2), share)
    high = np.maximum(special.betaincinv(below, above, (1 + level) / 2), share)
    width: FloatArray = high - low
    return width


_TOO_MANY = f"More than {MOST_RATERS:,} raters would be needed; please ask for less."


def _fewest(is_enough: Callable[[int], bool]) -> int:
    """The smallest n >= 2 that is enough, when every larger one is, too."""
    low, high = 1, 2
    while not is_enough(high):
        low, high = high, 2 * high
        if low >= MOST_RATERS:
            raise ValueError(_TOO_MANY)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return high


def _check(a: float, level: float) -> None:
    if not 0 < a <= 1:
        raise ValueError("The SOS parameter a lies above 0 and is at most 1.")
    if not 0 < level < 1:
        raise ValueError("A confidence level lies between 0 and 1.")
