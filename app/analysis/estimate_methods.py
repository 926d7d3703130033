"""The ways to put one number on a stimulus, as a person chooses among them."""

from dataclasses import dataclass
from enum import StrEnum

from app.analysis import standardised
from app.analysis.opinion_scores import MOS_METHOD, Z_MOS_METHOD
from app.analysis.recovery.alternating_projection import ALTERNATING_PROJECTION_METHOD
from app.analysis.recovery.bias_removal import BIAS_REMOVAL_METHOD
from app.analysis.recovery.expectation_maximisation import EXPECTATION_MAXIMISATION_METHOD
from app.analysis.recovery.p913 import P913_METHOD
from app.analysis.recovery.zrec import ZREC_METHOD


class EstimateMethod(StrEnum):
    """Ways to estimate the quality of a stimulus, by the names stored with a run."""

    MOS = "mos"
    Z = "z-mos"
    Z_SITTING = "z-mos-by-sitting"
    Z_ON_SCALE = "z-mos-on-scale"
    Z_AGIQA1K = "z-agiqa1k"
    Z_AGIQA3K = "z-agiqa3k"
    BIAS_REMOVED = "bias-removed"
    P913 = "p913"
    AP = "ap"
    EM = "em"
    ZREC = "zrec"


class Unit(StrEnum):
    """What the values of an estimate are measured in."""

    SCORE = "score"  # of the study's scale
    RESCALED_Z = "rescaled z"  # z' = 100 (z + 3) / 6
    AGIQA = "0 to 5 around 2.5"


@dataclass(frozen=True, slots=True)
class EstimateDescription:
    """What a person should know of a method before choosing it.

    docs : id of the entry in docs/methods.md, which is the method's id without its version.
    """

    method: EstimateMethod
    method_id: str
    title: str
    unit: Unit
    explanation: str

    @property
    def docs(self) -> str:
        """Id of the entry in docs/methods.md."""
        return self.method_id.partition("@")[0]


def description(method: EstimateMethod) -> EstimateDescription:
    """Title, unit and explanation of one method."""
    return next(found for found in ESTIMATE_METHODS if found.method is method)


ESTIMATE_METHODS: tuple[EstimateDescription, ...] = (
    EstimateDescription(
        EstimateMethod.MOS,
        MOS_METHOD,
        "Mean opinion score (MOS)",
        Unit.SCORE,
        "The plain average of all scores: what most people mean by MOS, and hard to beat.",
    ),
    EstimateDescription(
        EstimateMethod.Z,
        Z_MOS_METHOD,
        "z-score MOS",
        Unit.RESCALED_Z,
        "Evens out how each rater uses the scale, then averages; the form in which LIVE and"
        " AIGIQA-20K were released.",
    ),
    EstimateDescription(
        EstimateMethod.Z_SITTING,
        standardised.Z_BY_SITTING_METHOD,
        "z-score MOS by sitting",
        Unit.RESCALED_Z,
        "As the z-score MOS, but evens out each sitting of a rater by itself, for raters who"
        " drift between days.",
    ),
    EstimateDescription(
        EstimateMethod.Z_ON_SCALE,
        standardised.Z_ON_SCALE_METHOD,
        "z-score MOS on the study's scale",
        Unit.SCORE,
        "The z-score MOS carried back to the scale of the study, so that it reads like a MOS.",
    ),
    EstimateDescription(
        EstimateMethod.Z_AGIQA1K,
        standardised.AGIQA_1K_METHOD,
        "z-score MOS as in AGIQA-1K",
        Unit.AGIQA,
        "The average z plus 2.5, cut off at 0 and 5, for comparison with AGIQA-1K.",
    ),
    EstimateDescription(
        EstimateMethod.Z_AGIQA3K,
        standardised.AGIQA_3K_METHOD,
        "z-score MOS as in AGIQA-3K",
        Unit.AGIQA,
        "The average z stretched so that the stimuli have mean 2.5 and spread 1, for comparison"
        " with AGIQA-3K; dimensions can no longer be compared with each other.",
    ),
    EstimateDescription(
        EstimateMethod.BIAS_REMOVED,
        BIAS_REMOVAL_METHOD,
        "MOS after removing each rater's bias",
        Unit.SCORE,
        "Takes from each rater how much stricter or more lenient than the panel they are, then"
        " averages.",
    ),
    EstimateDescription(
        EstimateMethod.P913,
        P913_METHOD,
        "ITU-T P.913 with its own screening",
        Unit.SCORE,
        "The whole procedure of the Recommendation: takes off everybody's bias, rejects raters by"
        " BT.500, and averages the others; it starts from all raters, whoever else rejects them.",
    ),
    EstimateDescription(
        EstimateMethod.EM,
        EXPECTATION_MAXIMISATION_METHOD,
        "Recovered MOS, random quality (EM)",
        Unit.SCORE,
        "Allows for each rater's bias and counts steady raters more; the recommended model when"
        " some raters may be careless.",
    ),
    EstimateDescription(
        EstimateMethod.AP,
        ALTERNATING_PROJECTION_METHOD,
        "Recovered MOS, alternating projection (AP)",
        Unit.SCORE,
        "The model of ITU-T P.910 and P.913, for conformity; in small panels it trusts single"
        " raters too much.",
    ),
    EstimateDescription(
        EstimateMethod.ZREC,
        ZREC_METHOD,
        "Recovered MOS, z-scores within stimuli (ZREC)",
        Unit.SCORE,
        "A third opinion: judges raters by how they stand among the raters of each stimulus.",
    ),
)
"""In the order in which to show them."""
