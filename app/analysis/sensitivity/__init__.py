"""Sensitivity: how much the scores depend on the method, on each rater, on the screening rule.

A score that hardly changes whatever one chooses can be trusted; where it does change, the report
says which picture, and by how much.
"""

from app.analysis.sensitivity.advice import advice
from app.analysis.sensitivity.comparison import Comparison
from app.analysis.sensitivity.methods import MethodComparison
from app.analysis.sensitivity.raters import RaterInfluence
from app.analysis.sensitivity.report import Sensitivity, sensitivity
from app.analysis.sensitivity.rules import Reason, RuleOutcome

__all__ = [
    "Comparison",
    "MethodComparison",
    "RaterInfluence",
    "Reason",
    "RuleOutcome",
    "Sensitivity",
    "advice",
    "sensitivity",
]
