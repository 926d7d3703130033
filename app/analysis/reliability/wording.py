"""What the numbers of reliability say, in sentences for people who do not do statistics."""

import math

from app.analysis.reliability.between_dimensions import DimensionPair
from app.analysis.reliability.blocks import Block
from app.analysis.reliability.icc import Intraclass

# Each from which value on, in falling order. The steps are customary, not laws: K. Krippendorff
# asks for 0.8 of alpha and allows 0.667 for tentative conclusions; opinions of taste reach neither.
_ALPHA = (
    (0.8, "The raters agree closely: one rater's score says much about another's."),
    (0.667, "The raters agree well enough for tentative conclusions from single scores."),
    (0.4, "The raters agree moderately, as is usual for opinions: rely on means of many raters."),
    (0.2, "The raters differ widely, as is usual for matters of taste: only means of many count."),
    (1e-9, "The raters hardly agree: differences between means of a few raters say little."),
    (-math.inf, "The raters agree no more than chance would make them, or they contradict."),
)
_ORDER = (
    (0.98, "in the same order"),
    (0.95, "in almost the same order"),
    (0.9, "in much the same order"),
    (0.75, "in a similar order"),
    (0.5, "in a loosely similar order"),
    (-math.inf, "in an order of its own"),
)


def alpha_sentence(value: float) -> str:
    """What alpha says."""
    if math.isnan(value):
        return "Not defined: no stimulus has two ratings, or all ratings are alike."
    return _of(_ALPHA, value)


def single_sentence(found: Intraclass, block: Block, ratings: int) -> str:
    """What ICC(2,1) says, and on which part of the ratings it rests."""
    if math.isnan(found.single):
        return _no_icc(block)
    share = f"{100 * max(found.single, 0):.0f} %"
    text = f"About {share} of the variance of a single score comes from the stimulus rated."
    return f"{text} {block_sentence(block, ratings)}"


def average_sentence(found: Intraclass, block: Block, ratings: int) -> str:
    """What ICC(2,k) says, and on which part of the ratings it rests."""
    if math.isnan(found.average):
        return _no_icc(block)
    share = f"{100 * max(found.average, 0):.0f} %"
    text = f"About {share} of the variance of a mean of {found.raters} raters comes from the"
    return f"{text} stimuli; the rest is who the raters were. {block_sentence(block, ratings)}"


def block_sentence(block: Block, ratings: int) -> str:
    """Which ratings a complete block holds."""
    raters, stimuli = len(block.raters), len(block.stimuli)
    if block.ratings == ratings:
        return f"From all {ratings:,} ratings: {raters:,} raters rated all {stimuli:,} stimuli."
    return (
        f"From {raters:,} raters and the {stimuli:,} stimuli that all of them rated:"
        f" {block.ratings:,} of {ratings:,} ratings."
    )


def components_sentence(value: float) -> str:
    """What the variance components say."""
    if math.isnan(value):
        return "Not defined: stimuli, raters and chance cannot be told apart in these ratings."
    return (
        f"About {100 * value:.0f} % of the variance of a single score comes from the stimulus"
        " rated; estimated from all ratings, gaps included."
    )


def split_half_sentence(value: float, raters: int) -> str:
    """What the split-half correlation says."""
    if raters < 2:
        return "Not applicable: it takes two raters at least."
    if math.isnan(value):
        return "Not defined: no two halves of the raters have stimuli in common whose MOS differ."
    return f"A second panel of the same size would put the stimuli {_of(_ORDER, value)}."


def straight_sentence(value: float, raters: int) -> str:
    """What the split-half correlation of Pearson says."""
    if raters < 2 or math.isnan(value):
        return split_half_sentence(value, raters)
    share = f"{100 * max(value, 0):.0f} %"
    return f"About {share} of the differences between the MOS (in variance) would show again."


def ceiling_sentence(value: float, kind: str) -> str:
    """What the noise ceiling says."""
    if math.isnan(value):
        return "Not known: the reliability that it follows from is not above zero."
    article = "an" if kind == "SRCC" else "a"
    return f"Even a perfect metric can expect {article} {kind} of about {value:.3f} with these MOS."


def pair_sentence(pair: DimensionPair) -> str:
    """What the two correlations of a pair of dimensions say together."""
    if math.isnan(pair.mos_plcc):
        return "Not defined: the MOS of one of the dimensions never differ."
    together = f"The MOS of {pair.first} and {pair.second} correlate by {_signed(pair.mos_plcc)}"
    if math.isnan(pair.within_rater):
        return f"{together}; whether raters mix the two up cannot be told."
    own = f"raters' own deviations from the MOS by {_signed(pair.within_rater)}"
    if pair.within_rater < 0.2:
        return f"{together}, {own}: raters judge the two apart."
    if pair.within_rater < 0.5:
        return f"{together}, {own}: liking in one carries over to the other to some degree."
    return f"{together}, {own}: raters hardly judge the two apart (a halo)."


def _no_icc(block: Block) -> str:
    if block.ratings == 0:
        return (
            "Not applicable: too few stimuli were rated by the same raters to tell raters and"
            " stimuli apart. See the variance components, which allow gaps."
        )
    return "Not defined: the ratings do not differ."


def _signed(value: float) -> str:
    """Two decimals, and no minus sign before a zero."""
    return f"{round(value, 2) + 0.0:.2f}"


def _of(steps: tuple[tuple[float, str], ...], value: float) -> str:
    return next(text for least, text in steps if value >= least)
