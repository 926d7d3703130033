"""Outlier ratio: how often a metric's mapped prediction misses the MOS by more than its doubt."""

from dataclasses import dataclass

import numpy as np

from app.analysis.matrix import BoolArray, FloatArray, IntArray

OUTLIER_METHOD = "metrics/outlier-ratio@1"
TWO_SE_METHOD = "metrics/outlier-ratio-two-se@1"


@dataclass(frozen=True, slots=True)
class OutlierRatio:
    """Share of images that are outliers among the `n` that could be judged; NaN if n is 0."""

    ratio: float
    n: int


def outliers_by_interval(fitted: FloatArray, low: FloatArray, high: FloatArray) -> OutlierRatio:
    """Share of images whose mapped prediction lies outside the interval of their MOS.

    After the outlier ratio of ITU-T P.1401 [1]_, where the interval is that of the study, with
    its own method and level: bounds need not be symmetric, and a unanimous image has an interval
    too. Bounds belong to the interval.

    fitted : float, shape (images,): a metric after a logistic fit, in scores.
    low, high : float, shape (images,). Images without fit or without interval are not judged.

    References
    ----------
    .. [1] Recommendation ITU-T P.1401, "Methods, metrics and procedures for statistical
       evaluation of objective quality prediction models", the section on outliers.
    """
    known = np.isfinite(fitted) & np.isfinite(low) & np.isfinite(high)
    return _ratio((fitted < low) | (fitted > high), known)


def outliers_by_two_se(
    fitted: FloatArray, mos: FloatArray, sos: FloatArray, n: IntArray
) -> OutlierRatio:
    """Share of images whose mapped prediction misses the MOS by more than 2·SOS/√n.

    This is the definition of the VQEG tests [1]_. Images with fewer than two ratings are not
    judged. A unanimous image has SOS 0 and counts as an outlier for any miss at all; the other
    definition is fairer to it.

    References
    ----------
    .. [1] VQEG, "Final report from the Video Quality Experts Group on the validation of
       objective models of video quality assessment", phase I, 2000, metric 6.
    """
    known = np.isfinite(fitted) & np.isfinite(mos) & np.isfinite(sos) & (n >= 2)
    return _ratio(np.abs(fitted - mos) > 2 * sos / np.sqrt(np.maximum(n, 1)), known)


def _ratio(is_outlier: BoolArray, known: BoolArray) -> OutlierRatio:
    n = int(known.sum())
    return OutlierRatio(float(is_outlier[known].sum() / n) if n else float("nan"), n)
