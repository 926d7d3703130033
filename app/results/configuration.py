"""The configuration of an analysis: a validated document that is stored with the run.

Every field is optional and has the default of the method it belongs to.  What is stored has no
gaps, so that a stored configuration says everything that went into the numbers.
"""

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from app.analysis.intervals import IntervalMethod
from app.analysis.matrix import IntArray
from app.analysis.run import Configuration
from app.analysis.screening.agreement import Agreement, AgreementRule
from app.analysis.screening.bt500 import BT500, Deviation
from app.analysis.screening.variation import Variation
from app.errors import InvalidInput, Problem
from app.results.pace import MAX_SHARE, MIN_RATINGS, Pace
from app.study.protocol import Protocol
from app.study.sentences import sentence_of

_BT500, _AGREEMENT, _VARIATION = BT500(), Agreement(), Variation()
_DEFAULT = Configuration()

Share = Annotated[float, Field(ge=0, le=1)]


class Document(BaseModel):
    """Base of the configuration's parts: nothing unknown, nothing changed after validation."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class BT500Settings(Document):
    """The observer screening of ITU-R BT.500."""

    deviation: Deviation = _BT500.deviation
    """Which standard deviation S is meant: ``population`` divides by n, ``sample`` by n - 1."""
    max_share: Share = _BT500.max_share
    """Share of far ratings up to which a rater is kept in any case."""
    min_imbalance: Share = _BT500.min_imbalance
    """A rater whose far ratings lie on one side by at least this much is kept."""
    min_stimuli: int = Field(default=_BT500.min_stimuli, ge=1)
    """Fewest stimuli by which a rater is judged."""


class AgreementSettings(Document):
    """Correlation of each rater with the mean of the others."""

    rule: AgreementRule = _AGREEMENT.rule
    """How the threshold follows from the panel's own correlations."""
    ceiling: float = Field(default=_AGREEMENT.ceiling, ge=1e-6, lt=1)
    """The threshold never exceeds this correlation."""
    min_stimuli: int = Field(default=_AGREEMENT.min_stimuli, ge=4)
    """Fewest stimuli shared with others by which a rater is judged."""
    error_rate: float = Field(default=_AGREEMENT.error_rate, ge=1e-6, lt=0.5)
    """Greatest chance to be accepted of taking a rater for the opposite of what they are."""


class VariationSettings(Document):
    """Use of the scale: spread, entropy, longest run of one level."""

    min_ratings: int = Field(default=_VARIATION.min_ratings, ge=2)
    """Fewest ratings by which a rater is judged."""
    min_entropy_share: Share = _VARIATION.min_entropy_share
    """Least entropy of a rater's levels, relative to the panel's median."""
    min_run: int = Field(default=_VARIATION.min_run, ge=2)
    """Shortest run of one level that is looked at."""
    max_run_chance: float = Field(default=_VARIATION.max_run_chance, gt=0, le=1)
    """A run that chance explains better than this is not held against a rater."""


class PaceSettings(Document):
    """Share of ratings given implausibly fast."""

    fast_ms: int | None = Field(default=None, ge=0, le=60_000)
    """A rating faster than this is implausibly fast, in ms; the protocol's value if absent."""
    max_share: Share = MAX_SHARE
    """Share of implausibly fast ratings from which on the check fails."""
    min_ratings: int = Field(default=MIN_RATINGS, ge=1)
    """Fewest timed ratings by which a rater is judged."""


class AnalysisConfiguration(Document):
    """Everything that may change the numbers of an analysis, apart from the ratings."""

    bt500: BT500Settings = BT500Settings()
    agreement: AgreementSettings = AgreementSettings()
    variation: VariationSettings = VariationSettings()
    pace: PaceSettings = PaceSettings()
    rejecting: tuple[str, ...] = tuple(sorted(_DEFAULT.rejecting))
    """Checks whose failure rejects a rater: any of bt500, agreement, variation, pace, or none."""
    interval: IntervalMethod = _DEFAULT.interval
    """Method of the intervals of the raw MOS; z-score MOS always have the Student t interval."""
    level: float = Field(default=_DEFAULT.level, gt=0.5, lt=1)
    """Confidence level of all intervals."""
    weights: dict[str, Annotated[float, Field(ge=0, le=1e6)]] | None = None
    """Weight of each dimension in the overall score; the protocol's weights if absent."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        unknown = set(self.rejecting) - CHECK_NAMES
        if unknown:
            raise ValueError(
                f"there is no check called {', '.join(sorted(unknown))};"
                f" the checks are {', '.join(sorted(CHECK_NAMES))}"
            )
        if self.weights is not None and not sum(self.weights.values()) > 0:
            raise ValueError("at least one dimension needs a weight above 0")
        return self

    def completed_by(self, protocol: Protocol) -> "AnalysisConfiguration":
        """The same configuration with the protocol's values where nothing was said."""
        keys = [dimension.key for dimension in protocol.dimensions]
        if self.weights is not None and set(self.weights) != set(keys):
            raise InvalidInput(f"Weights must name exactly the dimensions {', '.join(keys)}.")
        weights = self.weights or {d.key: d.weight for d in protocol.dimensions}
        fast_ms = protocol.fast_ms if self.pace.fast_ms is None else self.pace.fast_ms
        return self.model_copy(
            update={
                "rejecting": tuple(sorted(set(self.rejecting))),
                "weights": {key: weights[key] for key in keys},
                "pace": self.pace.model_copy(update={"fast_ms": fast_ms}),
            }
        )

    def for_ratings(self, dwell_ms: IntArray) -> Configuration:
        """What the numerics take; for a completed configuration and a matrix with these times."""
        return Configuration(
            checks=(
                BT500(**dict(self.bt500)),
                Agreement(**dict(self.agreement)),
                Variation(**dict(self.variation)),
                Pace(dwell_ms=dwell_ms, **dict(self.pace)),
            ),
            rejecting=frozenset(self.rejecting),
            interval=self.interval,
            level=self.level,
            weights=self.weights,
        )


CHECK_NAMES = frozenset({_BT500.name, _AGREEMENT.name, _VARIATION.name, Pace.name})


def parse_configuration(document: dict[str, Any]) -> AnalysisConfiguration:
    """The validated configuration; raises InvalidInput with one problem per wrong field."""
    try:
        return AnalysisConfiguration.model_validate(document)
    except ValidationError as error:
        problems = [
            Problem(".".join(map(str, entry["loc"])) or "configuration", sentence_of(entry))
            for entry in error.errors()
        ]
        raise InvalidInput(
            "This configuration of an analysis cannot be used.", problems=problems
        ) from None
