"""Honest advice: what the ratings at hand can bear, in plain sentences."""

import numpy as np

from app.analysis.matrix import RatingMatrix
from app.analysis.recovery.alternating_projection import ENOUGH_RATERS
from app.analysis.recovery.connection import connected_groups
from app.analysis.recovery.ratings import typical_raters

PLAIN_MOS_UP_TO = 5
ENOUGH_RATINGS = 10


def advice(matrix: RatingMatrix, *, rejected: int = 0) -> tuple[str, ...]:
    """Sentences that follow from these ratings; `rejected` raters are those that were left out.

    What is known in general: with five raters or fewer the plain MOS is best; z-scores order
    stimuli better than the MOS by .001 of rank correlation at most when tried on raters held
    back; with careless raters among the panel EM gains .01 to .02. What is particular: gaps,
    separate groups, raters with few ratings.
    """
    if matrix.ratings == 0:
        return ("There are no ratings yet.",)
    return (*_about_method(matrix, rejected), *_about_design(matrix))


def _about_method(matrix: RatingMatrix, rejected: int) -> list[str]:
    typical = typical_raters(matrix)
    said = f"A typical picture has {typical:g} rating{'' if typical == 1 else 's'}"
    if typical <= PLAIN_MOS_UP_TO:
        return [
            f"{said}. With five or fewer the plain MOS is best, unless careless raters are among"
            " them: report it with its interval."
        ]
    sentences = [
        f"{said}. Report the plain MOS, and z-scores beside it if your field expects them:"
        " in tests against raters who were held back, z-scores came closer to these by no more"
        " than 0.001 of rank correlation."
    ]
    if rejected:
        sentences.append(
            f"{rejected} rater{' was' if rejected == 1 else 's were'} left out. If careless raters"
            " remain, the recovered MOS (EM) usually gains 0.01 to 0.02 of rank"
            " correlation with the truth."
        )
    else:
        sentences.append(
            "Nobody was left out. Recovery (EM) is worth a look if you suspect careless raters;"
            " in a good panel it tells what the MOS tells."
        )
    if typical < ENOUGH_RATERS:
        sentences.append(
            f"With fewer than {ENOUGH_RATERS} ratings of a picture, prefer EM to alternating"
            " projection (AP), which then trusts single raters too much."
        )
    return sentences


def _about_design(matrix: RatingMatrix) -> list[str]:
    sentences = []
    counts, by_rater = matrix.ratings_by_stimulus, matrix.ratings_by_rater
    if none := int((counts == 0).sum()):
        sentences.append(f"{_pictures(none)} no rating and so no score.")
    if single := int((counts == 1).sum()):
        sentences.append(
            f"{_pictures(single)} one rating only: a score, but no interval of a mean."
        )
    groups = connected_groups(matrix).groups
    if groups > 1:
        sentences.append(
            f"Raters and pictures fall into {groups} groups that share no rating; scores of"
            " different groups can be compared only if their raters are alike on average."
        )
    typical = float(np.median(by_rater[by_rater > 0]))
    if typical < ENOUGH_RATINGS:
        sentences.append(
            f"A typical rater gave {typical:g} rating{'' if typical == 1 else 's'}: too few to"
            " know how strict or steady a rater is, so z-scores and recovery rest on guesses."
        )
    return sentences


def _pictures(count: int) -> str:
    return "1 picture has" if count == 1 else f"{count} pictures have"
