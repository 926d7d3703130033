"""From evidence to a verdict: who is proposed for rejection, and who is rejected.

The checks propose, the experimenter decides: a proposal may be confirmed or overruled, and a
rejection that was once confirmed holds whatever later ratings make of the proposal.
"""

from collections.abc import Collection, Sequence

from app.analysis.screening.evidence import Evidence, Status


class EveryoneRejectedError(ValueError):
    """Screening rejects every rater, so no scores can be computed; look at the evidence."""

    def __init__(self, evidence: Sequence[Evidence]) -> None:
        super().__init__(self.__doc__)
        self.evidence = tuple(evidence)


def proposed_raters(
    evidence: Sequence[Evidence], *, rejecting: Collection[str], raters: Collection[str]
) -> tuple[str, ...]:
    """Ids of raters who failed any of the rejecting checks in any dimension, sorted.

    Parameters
    ----------
    evidence : sequence of Evidence
        May come from any checks, also from ones that look at more than levels.
    rejecting : names of the checks that reject; the others are shown only. May be empty.
    raters : ids of the raters who have ratings. Raters outside it are not proposed: there is
        nothing of theirs to leave out.
    """
    failed = {
        item.rater_id
        for item in evidence
        if item.status is Status.FAILED and item.check in rejecting
    }
    return tuple(sorted(failed.intersection(raters)))


def rejected_raters(
    evidence: Sequence[Evidence],
    *,
    rejecting: Collection[str],
    raters: Collection[str],
    confirmed: Collection[str] = (),
    overruled: Collection[str] = (),
) -> tuple[str, ...]:
    """Ids of the raters to leave out: those proposed and not overruled, and those confirmed.

    Parameters
    ----------
    evidence, rejecting, raters : as for `proposed_raters`.
    confirmed, overruled : ids for which the experimenter has decided. Raters outside `raters`
        are ignored.

    Raises
    ------
    EveryoneRejectedError
        All of `raters` are rejected. An empty `raters` is not an error.
    """
    proposed = proposed_raters(evidence, rejecting=rejecting, raters=raters)
    rejected = set(proposed).difference(overruled) | set(confirmed).intersection(raters)
    if rejected and len(rejected) == len(set(raters)):
        raise EveryoneRejectedError(evidence)
    return tuple(sorted(rejected))
