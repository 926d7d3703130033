"""Screening: named checks of raters, each with evidence, none hidden.

A check looks at every rater in every dimension and says "passed", "failed" or "not applicable",
with the numbers behind it and a sentence that needs no statistics. `verdict` combines checks.
"""

from app.analysis.screening.agreement import Agreement, AgreementRule
from app.analysis.screening.bt500 import BT500, Deviation
from app.analysis.screening.bt500_on_z import BT500OnZ
from app.analysis.screening.bt1788 import BT1788
from app.analysis.screening.controls import Controls
from app.analysis.screening.evidence import Check, Evidence, Status
from app.analysis.screening.p913 import P913
from app.analysis.screening.pace import Pace
from app.analysis.screening.panel_mean import Yardstick
from app.analysis.screening.variation import Variation
from app.analysis.screening.verdict import (
    EveryoneRejectedError,
    proposed_raters,
    rejected_raters,
)
from app.analysis.screening.vqeg import VQEG

__all__ = [
    "BT500",
    "BT1788",
    "P913",
    "VQEG",
    "Agreement",
    "AgreementRule",
    "BT500OnZ",
    "Check",
    "Controls",
    "Deviation",
    "EveryoneRejectedError",
    "Evidence",
    "Pace",
    "Status",
    "Variation",
    "Yardstick",
    "proposed_raters",
    "rejected_raters",
]
