"""Objective metrics against the scores: how well predictions of quality follow the MOS.

`evaluate_metrics` makes the whole of it; the other files hold one measure each.
"""

from app.analysis.metric_evaluation.evaluation import MetricEvaluation, evaluate_metrics
from app.analysis.metric_evaluation.metric_row import MetricRow
from app.analysis.metric_evaluation.splits import grouped_split
from app.analysis.metric_evaluation.study import Groups, Options, Scores

__all__ = [
    "Groups",
    "MetricEvaluation",
    "MetricRow",
    "Options",
    "Scores",
    "evaluate_metrics",
    "grouped_split",
]
