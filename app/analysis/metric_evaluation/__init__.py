"""Objective metrics against the scores: how well predictions of quality follow the MOS.

`evaluate_metrics` makes the whole of it; the other files hold one measure each.
"""

from app.analysis.metric_evaluation.evaluation import (
    Groups,
    MetricEvaluation,
    MetricRow,
    Options,
    Scores,
    evaluate_metrics,
)
from app.analysis.metric_evaluation.splits import grouped_split

__all__ = [
    "Groups",
    "MetricEvaluation",
    "MetricRow",
    "Options",
    "Scores",
    "evaluate_metrics",
    "grouped_split",
]
