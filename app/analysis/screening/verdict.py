"""From evidence to a verdict: who is rejected."""

from collections.abc import Collection, Sequence

from app.analysis.screening.evidence import Evidence, Status


class EveryoneRejectedError(ValueError):
    """The checks reject every rater, so no scores can be computed; look at the evidence."""

    def __init__(self, evidence: Sequence[Evidence]) -> None:
        super().__init__(self.__doc__)
        self.evidence = tuple(evidence)


def rejected_raters(
    evidence: Sequence[Evidence], *, rejecting: Collection[str], raters: Collection[str]
) -> tuple[str, ...]:
    """Ids of raters who failed any of the rejecting checks in any dimension, sorted.

    Parameters
    ----------
    evidence : sequence of Evidence
        May come from any checks, also from ones that look at more than levels.
    rejecting : names of the checks that reject; the others are shown only. May be empty.
    raters : ids of the raters who have ratings. Raters outside it are not rejected: there is
        nothing of theirs to leave out.

    Raises
    ------
    EveryoneRejectedError
        All of `raters` failed. An empty `raters` is not an error.
    """
    failed = {
        item.rater_id
        for item in evidence
        if item.status is Status.FAILED and item.check in rejecting
    }
    rejected = failed.intersection(raters)
    if rejected and len(rejected) == len(set(raters)):
        raise EveryoneRejectedError(evidence)
    return tuple(sorted(rejected))
