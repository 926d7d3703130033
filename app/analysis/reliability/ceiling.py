"""The noise ceiling: how well a perfect metric could correlate with these scores."""

import math

CEILING_METHOD = "reliability/noise-ceiling@1"


def noise_ceiling(reliability: float) -> float:
    """The highest correlation with these MOS that can be expected of any metric: √reliability.

    In words: a MOS is true quality plus what is left of the raters' noise. A metric that knew
    the true quality exactly would correlate with the MOS by the root of the MOS' reliability,
    the share of true differences in the variance of the MOS [1]_. A metric above it has luck,
    or has been fitted to these very ratings.

    The reliability must be that of the MOS of the whole panel, not that of one rater, and of the
    same kind as the correlation: here the split-half correlation stepped up to full size,
    Pearson's for PLCC and Spearman's for SRCC (for ranks the root is an approximation).

    NaN where the reliability is not known or not above zero: no differences between the stimuli
    were found that a metric could predict.

    References
    ----------
    .. [1] F. M. Lord, M. R. Novick, "Statistical theories of mental test scores", 1968,
       section 3.9 (index of reliability).
    """
    return math.sqrt(min(reliability, 1.0)) if reliability > 0 else math.nan
