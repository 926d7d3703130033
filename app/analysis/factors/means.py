"""Means of groups of pictures, with intervals that know that pictures share prompts."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from app.analysis.grouping import centred_within, sum_within
from app.analysis.matrix import FloatArray, IntArray

MEAN_METHOD = "factors/clustered-mean@1"

# A spread below this is rounding: the finest scale has steps a million times as large.
_SAME = 1e-9


@dataclass(frozen=True, slots=True)
class ClusteredMean:
    """A mean with its interval. low, high : NaN with a `reason`. sd : ddof 1, NaN below two."""

    pictures: int
    prompts: int
    mean: float
    sd: float
    low: float
    high: float
    reason: str | None


def clustered_mean(
    values: FloatArray,
    prompt: IntArray,
    *,
    level: float = 0.95,
    bounds: tuple[float, float] = (-np.inf, np.inf),
) -> ClusteredMean:
    """Mean over pictures and where the mean over very many prompts would lie.

    In words: add up the deviations from the mean within each of the G prompts; the squared
    standard error is G/(G-1) times the sum of squares of these sums, over the squared number of
    pictures [1]_. The interval is mean ± t·SE with G-1 degrees of freedom. If every prompt has
    one picture this is the ordinary t interval; if pictures of one prompt are alike, it is wider.
    It says where the mean would lie with other prompts and this panel, not with another panel.
    Bounds outside the scale are cut to its ends: a mean of scores cannot lie there, so nothing
    is lost.

    Parameters
    ----------
    values : float, shape (pictures,)
        NaN where there is no score; such pictures do not count.
    prompt : int64, shape (pictures,), any numbers. bounds : ends of the scale.

    Notes
    -----
    Edge cases: no picture: the mean is NaN; pictures of fewer than two prompts, or all values
    alike: no interval. The order of pictures changes no bit.

    References
    ----------
    .. [1] K.-Y. Liang, S. L. Zeger, "Longitudinal data analysis using generalized linear
       models", Biometrika 73(1), 1986; small-sample factor and degrees of freedom as in
       A. C. Cameron, D. L. Miller, "A practitioner's guide to cluster-robust inference",
       Journal of Human Resources 50(2), 2015.
    """
    known = ~np.isnan(values)
    order = np.lexsort((values[known], prompt[known]))
    x, group = values[known][order], prompt[known][order]
    cluster = np.unique(group, return_inverse=True)[1].astype(np.int64)
    n, prompts = len(x), int(cluster.max()) + 1 if len(x) else 0
    _, mean, residual = centred_within(x, np.zeros(n, dtype=np.int64), 1)
    sd = float(np.sqrt((residual**2).sum() / (n - 1))) if n >= 2 else float("nan")
    error = float("nan")
    if reason := _objection(n, prompts, sd):
        return ClusteredMean(n, prompts, float(mean[0]), sd, error, error, reason)
    sums = sum_within(residual, cluster, prompts)
    error = float(np.sqrt(prompts / (prompts - 1) * (sums**2).sum())) / n
    half = float(special.stdtrit(prompts - 1, (1 + level) / 2)) * error
    low, high = max(float(mean[0]) - half, bounds[0]), min(float(mean[0]) + half, bounds[1])
    return ClusteredMean(n, prompts, float(mean[0]), sd, low, high, None)


def _objection(n: int, prompts: int, sd: float) -> str | None:
    if n == 0:
        return "No picture has a score."
    if prompts < 2:
        return "All pictures are of one prompt." if n > 1 else "There is a single picture."
    if sd <= _SAME:
        return "All pictures have the same score."
    return None
