"""One value of a setting against the default: what the pictures gained or lost by it."""

import math
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from scipy import special

from app.analysis.factors.means import clustered_mean
from app.analysis.matrix import BoolArray, FloatArray, IntArray

DIFFERENCE_METHOD = "factors/setting-difference@1"

ENOUGH_PROMPTS = 10
_SAME = 1e-9


class Basis(StrEnum):
    """What pictures with the value and with the default have in common."""

    SAME_SETTINGS = "same prompt and other settings"
    SAME_PROMPT = "same prompt"
    NOTHING = "different prompts"


@dataclass(frozen=True, slots=True)
class SettingDifference:
    """Mean with the value less mean with the default; NaN where not defined, with a `reason`.

    prompts : those that have both (with `NOTHING`, the fewer of the two sides).
    pictures, default_pictures : that entered.
    """

    basis: Basis
    pictures: int
    default_pictures: int
    prompts: int
    difference: float
    low: float
    high: float
    reason: str | None


def setting_difference(
    mos: FloatArray,
    prompt: IntArray,
    other_settings: IntArray,
    with_value: BoolArray,
    with_default: BoolArray,
    *,
    level: float = 0.95,
    widest: float = math.inf,
) -> SettingDifference:
    """Compare pictures of one generator made with two values of one setting.

    In words: within each prompt, and where the plan allows within each choice of the other
    settings, take the mean with the value less the mean with the default. The differences of a
    prompt are averaged, those of all prompts too; the interval is Student's t over prompts. The
    strictest basis with at least ten prompts is taken; failing that, the paired one with most
    prompts, the stricter if equal; failing that (fewer than two prompts with both) the two means
    are compared as they are, with SE = √(SE² + SE²), each clustered by prompt, and the smaller
    number of prompts less one as degrees of freedom. Bounds
    beyond the width of the scale are cut to it: no two scores differ by more.

    Parameters
    ----------
    mos : float, shape (pictures,)
        NaN where there is no score; such pictures do not count.
    prompt, other_settings : int64, shape (pictures,), any numbers.
    with_value, with_default : bool, shape (pictures,). Pictures with neither do not count.
    widest : highest less lowest score of the scale.

    Notes
    -----
    Edge cases: a side without pictures: no difference; fewer than two prompts, or differences
    that are all alike: no interval. Intervals are not corrected for their number.
    """
    known = ~np.isnan(mos)
    value, default = with_value & known, with_default & known
    counts = int(value.sum()), int(default.sum())
    nan = float("nan")
    if 0 in counts:
        return SettingDifference(
            Basis.NOTHING, *counts, 0, nan, nan, nan, "One side has no picture with a score."
        )
    strict = _per_prompt(mos, prompt, other_settings, value, default)
    loose = _per_prompt(mos, prompt, np.zeros_like(prompt), value, default)
    for basis, differences in ((Basis.SAME_SETTINGS, strict), (Basis.SAME_PROMPT, loose)):
        if len(differences) >= ENOUGH_PROMPTS:
            return _within(_paired(basis, counts, differences, level), widest)
    if max(len(strict), len(loose)) >= 2:
        if len(strict) >= len(loose):
            return _within(_paired(Basis.SAME_SETTINGS, counts, strict, level), widest)
        return _within(_paired(Basis.SAME_PROMPT, counts, loose, level), widest)
    return _within(_unpaired(mos, prompt, value, default, level), widest)


def _within(found: SettingDifference, widest: float) -> SettingDifference:
    if found.reason:
        return found
    return replace(found, low=max(found.low, -widest), high=min(found.high, widest))


def _per_prompt(
    mos: FloatArray, prompt: IntArray, stratum: IntArray, value: BoolArray, default: BoolArray
) -> FloatArray:
    """The mean difference of every prompt that has both sides in the same stratum."""
    used = value | default
    pairs = np.stack([prompt[used], stratum[used]])
    cells, cell = np.unique(pairs, axis=1, return_inverse=True)
    cell = cell.ravel()
    means = []
    for side in (value, default):
        n = np.bincount(cell, weights=side[used], minlength=cells.shape[1])
        total = np.bincount(
            cell, weights=np.where(side[used], mos[used], 0.0), minlength=cells.shape[1]
        )
        means.append(np.where(n > 0, total / np.maximum(n, 1), np.nan))
    difference = means[0] - means[1]
    both = ~np.isnan(difference)
    _, owner = np.unique(cells[0, both], return_inverse=True)
    sums = np.bincount(owner, weights=difference[both])
    return np.asarray(sums / np.maximum(np.bincount(owner), 1), dtype=np.float64)


def _paired(
    basis: Basis, counts: tuple[int, int], differences: FloatArray, level: float
) -> SettingDifference:
    prompts = len(differences)
    values = np.sort(differences)  # the same sum in whatever order prompts are numbered
    mean, sd, nan = float(values.mean()), float(values.std(ddof=1)), float("nan")
    if sd <= _SAME:
        reason = "The difference is the same for every prompt."
        return SettingDifference(basis, *counts, prompts, mean, nan, nan, reason)
    half = float(special.stdtrit(prompts - 1, (1 + level) / 2)) * sd / float(np.sqrt(prompts))
    return SettingDifference(basis, *counts, prompts, mean, mean - half, mean + half, None)


def _unpaired(
    mos: FloatArray, prompt: IntArray, value: BoolArray, default: BoolArray, level: float
) -> SettingDifference:
    sides = [clustered_mean(mos[side], prompt[side], level=level) for side in (value, default)]
    counts = sides[0].pictures, sides[1].pictures
    prompts = min(side.prompts for side in sides)
    difference, nan = sides[0].mean - sides[1].mean, float("nan")
    if reason := next((side.reason for side in sides if side.reason), None):
        return SettingDifference(Basis.NOTHING, *counts, prompts, difference, nan, nan, reason)
    errors = [
        (side.high - side.low) / 2 / float(special.stdtrit(side.prompts - 1, (1 + level) / 2))
        for side in sides
    ]
    half = float(special.stdtrit(prompts - 1, (1 + level) / 2)) * math.hypot(*errors)
    return SettingDifference(
        Basis.NOTHING, *counts, prompts, difference, difference - half, difference + half, None
    )
