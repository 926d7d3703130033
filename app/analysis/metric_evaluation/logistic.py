"""Logistic curves from a metric's values to the MOS, so that a curved relation is no fault."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.special import expit

from app.analysis.correlation import srcc
from app.analysis.matrix import FloatArray
from app.analysis.metric_evaluation.correlations import comparable, pearson
from app.analysis.metric_evaluation.logistic_search import Place, Search


class Curve(StrEnum):
    """The logistic curves in use; the value names them in stored results."""

    FOUR = "logistic-4"
    FIVE = "logistic-5"

    @property
    def parameters(self) -> int:
        """How many parameters the curve has."""
        return 4 if self is Curve.FOUR else 5

    @property
    def method_id(self) -> str:
        """Name and version, as stored with every number computed this way."""
        return {Curve.FOUR: "metrics/logistic-four@1", Curve.FIVE: "metrics/logistic-five@1"}[self]


@dataclass(frozen=True, slots=True, eq=False)
class LogisticFit:
    """A fitted curve, or the reason why there is none.

    parameters : float, shape (4,) or (5,): β1, β2 … in units of the metric and of the score.
    fitted : float, shape (images,), the curve at every image's value; NaN where it is missing.
    n : images fitted. plcc, rmse : between fitted values and MOS over these; RMSE divides by n.
    is_monotone : whether the curve never turns over the range of the values fitted.
    is_step : whether it does most of its rise or fall within 2 % of the images: it then follows
        single images, and its PLCC flatters the metric.
    converged : whether the search ended by itself.
    refused : why there is no curve; then all numbers are NaN and all answers False.
    """

    curve: Curve
    parameters: FloatArray
    fitted: FloatArray
    n: int
    plcc: float
    rmse: float
    is_monotone: bool
    is_step: bool
    converged: bool
    refused: str | None = None

    def predict(self, x: FloatArray) -> FloatArray:
        """The curve at other values of the metric; NaN for missing ones."""
        return curve_value(self.curve, self.parameters, x)


def curve_value(curve: Curve, parameters: FloatArray, x: FloatArray) -> FloatArray:
    """The curve at values of the metric, in scores; NaN for missing values.

    Four parameters: (β1-β2)/(1+e^(-(x-β3)/β4))+β2. Five: β1(½-1/(1+e^(β2(x-β3))))+β4x+β5.
    """
    b, known = parameters, np.isfinite(x)
    values = np.where(known, x, 0.0)
    if curve is Curve.FOUR:
        mapped = (b[0] - b[1]) * expit((values - b[2]) / b[3]) + b[1]
    else:
        mapped = b[0] * (expit(b[1] * (values - b[2])) - 0.5) + b[3] * values + b[4]
    return np.where(known, mapped, np.nan)


def fit_logistic(prediction: FloatArray, mos: FloatArray, curve: Curve) -> LogisticFit:
    """Fit a logistic curve by least squares.

    In words: standardise the metric, then find the centre and width of the S-shape for which a
    linear regression leaves the least, from several starts: the best of a fixed grid and the best
    steps. The four-parameter curve [1]_ rises if the SRCC is positive and falls if it is
    negative; the five-parameter curve [2]_ adds a straight line of any slope, so it may turn.
    With both, a smooth optimum (width of 0.1 standard deviations of the metric or more) is
    preferred to steeper curves, which follow single images. Steeper ones are looked at if the
    best smooth curve lies at that limit. A step (`is_step`) remains only where no smooth curve
    with its centre among the images is even locally best, or where the step fits better
    than chance would have it: by more than 12.2 in twice the log-likelihood.

    Parameters
    ----------
    prediction, mos : float, shape (images,)
        NaN or infinite where missing; an image counts if it has both.

    Notes
    -----
    Edge cases, all with a reason in `refused`: fewer images than parameters + 1; a metric or a
    MOS that never differs; ranks without correlation (no direction for the four-parameter curve);
    no curve of the right direction that is better than a flat line. The order of images changes
    no bit.

    Raises ValueError if the two differ in length.

    References
    ----------
    .. [1] VQEG, "Final report from the Video Quality Experts Group on the validation of
       objective models of video quality assessment", phase I, 2000.
    .. [2] H. R. Sheikh, M. F. Sabir, A. C. Bovik, "A statistical evaluation of recent full
       reference image quality assessment algorithms", IEEE Trans. Image Process. 15(11), 2006.
    """
    if prediction.shape != mos.shape or prediction.ndim != 1:
        raise ValueError("A curve needs two rows of equal length.")
    both = comparable(prediction, mos)
    x, y = prediction[both], mos[both]
    if reason := _objection(x, y, curve):
        return _refused(curve, prediction, len(x), reason)
    order = np.lexsort((y, x))  # sums then do not depend on the order of images
    x, y = x[order], y[order]
    mean, sd = float(x.mean()), float(x.std())
    search = Search(
        (x - mean) / sd,
        y - y.mean(),
        sign=float(np.sign(srcc(x, y))) if curve is Curve.FOUR else 0.0,
        has_line=curve is Curve.FIVE,
    )
    place = search.best()
    if place is None:
        return _refused(curve, prediction, len(x), "No curve is better than a flat line.")
    parameters = _in_original_units(search, place, mean, sd, float(y.mean()))
    values = curve_value(curve, parameters, x)
    return LogisticFit(
        curve=curve,
        parameters=parameters,
        fitted=curve_value(curve, parameters, prediction),
        n=len(x),
        plcc=pearson(values, y),
        rmse=float(np.sqrt(np.mean((values - y) ** 2))),
        is_monotone=_is_monotone(curve, parameters, float(x[0]), float(x[-1])),
        is_step=place.is_step(search.all.z),
        converged=place.converged,
    )


def _objection(x: FloatArray, y: FloatArray, curve: Curve) -> str | None:
    least = curve.parameters + 1
    if len(x) < least:
        return f"{len(x)} images have both a prediction and a MOS; {least} are needed."
    if x.min() == x.max():
        return "The metric gives every image the same value."
    if y.min() == y.max():
        return "Every image has the same MOS."
    if curve is Curve.FOUR and not abs(srcc(x, y)) > 0:
        return "The ranks of metric and MOS are not correlated, so the curve has no direction."
    return None


def _refused(curve: Curve, prediction: FloatArray, n: int, reason: str) -> LogisticFit:
    nan = float("nan")
    return LogisticFit(
        curve=curve,
        parameters=np.full(curve.parameters, nan),
        fitted=np.full(prediction.shape, nan),
        n=n,
        plcc=nan,
        rmse=nan,
        is_monotone=False,
        is_step=False,
        converged=False,
        refused=reason,
    )


def _in_original_units(
    search: Search, place: Place, mean: float, sd: float, mos_mean: float
) -> FloatArray:
    """β1, β2 … as published, for the metric as it came."""
    centre, width = place.centre, place.width
    at = search.all.solved(np.array([[centre, place.log_width]]))
    b, d = float(at.b[0]), float(at.d[0])
    average = float(expit((search.all.z - centre) / width).mean())
    middle = mean + sd * centre
    if not search.all.has_line:
        lower = mos_mean - b * average
        return np.array([lower + b, lower, middle, sd * width])
    slope = d / sd
    constant = mos_mean - b * (average - 0.5) - slope * mean
    return np.array([b, 1 / (sd * width), middle, slope, constant])


def _is_monotone(curve: Curve, b: FloatArray, low: float, high: float) -> bool:
    """Whether the slope β1β2·s(1-s) + β4 keeps its sign from the lowest value to the highest."""
    if curve is Curve.FOUR:
        return True
    s = expit(b[1] * (np.array([low, high, np.clip(b[2], low, high)]) - b[2]))
    slopes = b[0] * b[1] * s * (1 - s) + b[3]
    return bool((slopes >= 0).all() or (slopes <= 0).all())
