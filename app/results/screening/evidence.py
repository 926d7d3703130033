"""The evidence about one rater, as a run stores it."""

from pydantic import BaseModel, ConfigDict

from app.analysis.screening.evidence import Status


class CheckEvidence(BaseModel):
    """What one check found out about a rater in one dimension (``overall`` for all at once)."""

    model_config = ConfigDict(frozen=True)

    check: str
    dimension: str
    status: Status
    reason: str
    """One sentence for people who are no statisticians."""
    numbers: dict[str, float | None]
    """What the reason rests on, by name."""


class RaterEvidence(BaseModel):
    """Every check of a rater, and a description of what they answered.

    All of it is empty for a rater who has withdrawn since.
    """

    model_config = ConfigDict(frozen=True)

    checks: tuple[CheckEvidence, ...] = ()
    mean: dict[str, float | None] = {}
    """Mean score in each dimension."""
    sd: dict[str, float | None] = {}
    """Standard deviation (ddof 1) of the scores in each dimension."""
    median_dwell_ms: float | None = None
    """Median time of a rating, in ms."""

    @property
    def failed(self) -> tuple[CheckEvidence, ...]:
        """The checks that failed."""
        return tuple(item for item in self.checks if item.status is Status.FAILED)

    @property
    def fast_share(self) -> float | None:
        """Share of timed ratings given implausibly fast."""
        return next((c.numbers.get("share") for c in self.checks if c.check == "pace"), None)

    @property
    def status_by_check(self) -> dict[str, Status]:
        """Each check over all dimensions: failed if it failed in any, else passed if in any."""
        order = (Status.NOT_APPLICABLE, Status.PASSED, Status.FAILED)
        worst: dict[str, Status] = {}
        for item in self.checks:
            known = worst.get(item.check, Status.NOT_APPLICABLE)
            worst[item.check] = max(known, item.status, key=order.index)
        return worst
