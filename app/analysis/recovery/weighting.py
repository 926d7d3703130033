"""How many ratings a weighted mean is worth, and whether few raters decide it."""

import numpy as np

from app.analysis.grouping import sum_within
from app.analysis.matrix import BoolArray, FloatArray, IntArray, RatingMatrix
from app.analysis.recovery.ratings import ratio

EFFECTIVE_N_METHOD = "scores/effective-n@1"

_TINY = 1e-300
_LEAST_SHARE = 0.5


def weighting(
    matrix: RatingMatrix, weight: FloatArray, used: BoolArray
) -> tuple[IntArray, FloatArray]:
    """Number of ratings used per stimulus, and how many equally weighted ones they amount to.

    The effective n is Kish's (Σw)² / Σw² [1]_: n if all weights are equal, near 1 if one rater
    takes all the weight, NaN without a rating.

    References
    ----------
    .. [1] L. Kish, "Survey Sampling", Wiley, 1965, section 11.7: loss from unequal weights.
    """
    stimuli, stimulus = len(matrix.stimulus_ids), matrix.stimulus[used]
    n = np.bincount(stimulus, minlength=stimuli)
    defined = np.where(np.isnan(weight), 0.0, weight)
    relative = (defined / max(float(defined.max(initial=0.0)), _TINY))[matrix.rater[used]]
    total = sum_within(relative, stimulus, stimuli)
    return n, ratio(total * total, sum_within(relative * relative, stimulus, stimuli))


def dominance(n: IntArray, effective_n: FloatArray) -> tuple[str, ...]:
    """A sentence if a typical stimulus's ratings count like fewer than half their number."""
    several = n >= 2
    if not several.any() or np.median(effective_n[several] / n[several]) >= _LEAST_SHARE:
        return ()
    return (
        "A few raters take most of the weight: a typical stimulus has"
        f" {np.median(n[several]):g} ratings that count like"
        f" {np.median(effective_n[several]):.1f}. Trust these values less than their intervals"
        " say.",
    )
