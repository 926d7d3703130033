"""Screening: named checks of raters, each with evidence, none hidden.

A check looks at every rater in every dimension and says "passed", "failed" or "not applicable",
with the numbers behind it and a sentence that needs no statistics. `verdict` combines checks.
"""

from app.analysis.screening.agreement import Agreement, AgreementRule
from app.analysis.screening.bt500 import BT500, Deviation
from app.analysis.screening.evidence import Check, Evidence, Status
from app.analysis.screening.variation import Variation
from app.analysis.screening.verdict import EveryoneRejectedError, rejected_raters

__all__ = [
    "BT500",
    "Agreement",
    "AgreementRule",
    "Check",
    "Deviation",
    "EveryoneRejectedError",
    "Evidence",
    "Status",
    "Variation",
    "rejected_raters",
]
