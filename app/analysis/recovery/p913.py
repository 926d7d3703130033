"""The scores of ITU-T P.913: biases of everybody, screening, then the mean of the raters kept."""

from collections.abc import Mapping

import numpy as np

from app.analysis.matrix import RatingMatrix
from app.analysis.recovery.bias_removal import without_bias
from app.analysis.recovery.ratings import Ratings
from app.analysis.recovery.recovered import Column, Recovery, recovery, refusal
from app.analysis.screening.p913 import P913
from app.analysis.screening.verdict import proposed_raters

P913_METHOD = "recovery/p913@1"

_NOBODY = "The screening of P.913 rejects every rater, so there is nobody to average."


def p913_scores(matrix: RatingMatrix, *, weights: Mapping[str, float] | None = None) -> Recovery:
    """MOS by the whole procedure of P.913, from the ratings of everybody.

    In words: a rater's bias is the mean difference between their scores and the MOS of what they
    rated, *everybody* included; subtract it from their scores. Reject raters by BT.500 on what
    is left (`screening.p913`, usual parameters), in one pass. Average the corrected scores of the
    others; biases are not computed again without the rejected [1]_.

    A rater who fails in one dimension is rejected in all of them. `left_out` names the rejected;
    `bias` is given for them, too.

    Notes
    -----
    Edge cases: those of `bias_removed_scores` and of the check; if it rejects everybody, there
    are no scores, and a sentence says so.

    References
    ----------
    .. [1] After Recommendation ITU-T P.913, clause 12.4, and ITU-R BT.500, annex "screening of
       observers".
    """
    counts = matrix.ratings_by_rater
    active = [who for who, n in zip(matrix.rater_ids, counts, strict=True) if n > 0]
    rejected = set(proposed_raters(P913().evidence(matrix), rejecting={P913.name}, raters=active))
    if active and len(rejected) == len(active):
        return refusal(matrix, method_id=P913_METHOD, refused=_NOBODY)
    is_kept = np.array([who not in rejected for who in matrix.rater_ids], dtype=np.bool_)

    def solve(ratings: Ratings) -> Column:
        return without_bias(ratings, is_kept[ratings.rater])

    return recovery(
        matrix,
        solve,
        method_id=P913_METHOD,
        weights=weights,
        warnings=(_screening_in_words(len(rejected), len(active)),) if active else (),
        rejected=frozenset(rejected),
    )


def _screening_in_words(rejected: int, of: int) -> str:
    """Whom the method leaves out by itself, in a sentence."""
    who = "nobody" if rejected == 0 else f"{rejected} of {of} raters"
    return (
        "Starts from the ratings of everybody and screens by its own rule, whatever other checks"
        f" say: here it rejects {who}."
    )
