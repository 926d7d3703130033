"""Recovery: MOS estimated together with how each rater differs from the others.

Each model gives every rater a bias and an inconsistency, and every stimulus a quality that makes
allowance for them.  `expectation_maximisation` is the recommended one; the others are there for
conformity and as further opinions.
"""

from app.analysis.recovery.alternating_projection import alternating_projection
from app.analysis.recovery.bias_removal import bias_removed_scores
from app.analysis.recovery.connection import ConnectedGroups, connected_groups
from app.analysis.recovery.expectation_maximisation import expectation_maximisation
from app.analysis.recovery.p913 import p913_scores
from app.analysis.recovery.recovered import Recovery
from app.analysis.recovery.zrec import zrec

__all__ = [
    "ConnectedGroups",
    "Recovery",
    "alternating_projection",
    "bias_removed_scores",
    "connected_groups",
    "expectation_maximisation",
    "p913_scores",
    "zrec",
]
