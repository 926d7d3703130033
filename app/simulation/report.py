"""What a simulation reports: who took part, how fast it went, and whether anything went wrong."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from app.analysis.simulation import RaterKind
from app.simulation.observations import Ending, Observations, Percentiles, percentiles_ms
from app.simulation.rater import Part
from app.simulation.verification import Balance, Verification


@dataclass(frozen=True)
class RaterReport:
    """One simulated rater; the code is unknown when they were never shown a picture."""

    number: int
    code: str | None
    kind: RaterKind
    bias: float
    inconsistency: float
    ending: Ending
    ratings: int
    problem: str | None


@dataclass(frozen=True)
class Report:
    """One simulation, as it was seen from outside and verified in the database."""

    study: str
    url: str
    seed: int
    stimuli: int
    stimuli_with_truth: int
    seconds: float
    ratings: int
    raters: tuple[RaterReport, ...]
    submit_ms: Percentiles
    next_picture_ms: Percentiles
    retries: dict[str, int]
    refused: dict[str, int]
    replayed: int
    altered: int
    repeats: int
    verification: Verification
    balance: Balance

    @property
    def ratings_per_second(self) -> float:
        """Ratings acknowledged per second of wall-clock time, all raters together."""
        return self.ratings / self.seconds if self.seconds else 0.0

    @property
    def planted(self) -> dict[str, list[str]]:
        """Public codes of the raters who do not answer honestly, by kind."""
        kinds: dict[str, list[str]] = {}
        for rater in self.raters:
            if rater.kind is not RaterKind.HONEST and rater.code is not None:
                kinds.setdefault(rater.kind.value, []).append(rater.code)
        return kinds

    @property
    def problems(self) -> list[str]:
        """What must not happen, in sentences; empty when all went well."""
        failed = [rater for rater in self.raters if rater.ending is Ending.FAILED]
        turned_away = [rater for rater in self.raters if rater.ending is Ending.TURNED_AWAY]
        found = [f"Rater {rater.number} failed: {rater.problem}" for rater in failed]
        if turned_away:
            found.append(f"{len(turned_away)} raters were turned away: the study is not open.")
        for count, sentence in (
            (self.verification.lost, "acknowledged ratings are not in the database."),
            (self.verification.altered, "acknowledged ratings differ in the database."),
            (self.altered, "receipts named other scores than were sent."),
            (self.repeats, "times a rater rated the same picture again."),
        ):
            if count:
                found.append(f"{count:,} {sentence}")
        return found

    def as_json(self) -> dict[str, Any]:
        """The report as a JSON document."""
        return asdict(self) | {
            "ratings_per_second": round(self.ratings_per_second, 1),
            "planted": self.planted,
            "problems": self.problems,
        }


def rater_report(part: Part) -> RaterReport:
    """What is reported of one rater."""
    habits = part.member.habits
    return RaterReport(
        number=part.member.number,
        code=part.code,
        kind=habits.kind,
        bias=round(habits.bias, 3),
        inconsistency=round(habits.inconsistency, 3),
        ending=part.ending,
        ratings=part.ratings,
        problem=part.problem,
    )


def make_report(
    observations: Observations,
    parts: Sequence[Part],
    *,
    verification: Verification,
    balance: Balance,
    repeats: int,
    **facts: Any,
) -> Report:
    """Put together what was seen and what was verified."""
    return Report(
        ratings=len(observations.acknowledged),
        raters=tuple(rater_report(part) for part in parts),
        submit_ms=percentiles_ms(observations.submit_s),
        next_picture_ms=percentiles_ms(observations.next_picture_s),
        retries=dict(observations.retries),
        refused=dict(observations.refused),
        replayed=observations.replayed,
        altered=observations.altered,
        repeats=max(repeats, observations.repeats),
        verification=verification,
        balance=balance,
        **facts,
    )
