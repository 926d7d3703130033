"""The configuration of an analysis: a validated document that is stored with the run.

Every field is optional and has the default of the method it belongs to.  What is stored has no
gaps, so that a stored configuration says everything that went into the numbers.
"""

from collections.abc import Collection
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from app.analysis.estimates import EstimateMethod
from app.analysis.intervals import IntervalMethod
from app.analysis.run import REJECTING, Configuration
from app.analysis.screening import (
    BT500,
    BT1788,
    P913,
    VQEG,
    Agreement,
    AgreementRule,
    BT500OnZ,
    Check,
    Controls,
    Deviation,
    Pace,
    Variation,
    Yardstick,
)
from app.errors import InvalidInput, Problem
from app.study.protocol import Protocol
from app.study.sentences import sentence_of

_BT500, _AGREEMENT, _VARIATION, _CONTROLS, _PACE = (
    BT500(),
    Agreement(),
    Variation(),
    Controls(),
    Pace(),
)
_VQEG, _BT1788, _P913, _BT500_ON_Z = VQEG(), BT1788(), P913(), BT500OnZ()
_DEFAULT = Configuration()

# Made in every run, and made only when asked for.
ALWAYS = tuple(check.name for check in (_BT500, _AGREEMENT, _VARIATION, _CONTROLS, _PACE))
ON_REQUEST = tuple(check.name for check in (_VQEG, _BT1788, _P913, _BT500_ON_Z))
CHECK_NAMES = frozenset((*ALWAYS, *ON_REQUEST))

Share = Annotated[float, Field(ge=0, le=1)]
Chance = Annotated[float, Field(gt=0, le=1)]
RaterId = Annotated[str, Field(min_length=1, max_length=200)]


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
    """How seldom a typical rater may come out as low as one who fails."""
    max_false_share: float = Field(default=_AGREEMENT.max_false_share, gt=0, le=1)
    """Of the raters who fail, about this share at most may be typical ones with bad luck."""


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


class ControlsSettings(Document):
    """Gold stimuli, traps and repeats."""

    max_missed_share: Share = _CONTROLS.max_missed_share
    """Share of gold stimuli, and of traps, that may be missed."""
    max_gold_chance: Chance = _CONTROLS.max_gold_chance
    """Misses of gold that the others' rate explains better than this are not held against one."""
    min_gold: int = Field(default=_CONTROLS.min_gold, ge=1)
    """Fewest gold stimuli by which a rater is judged."""
    max_retest_ratio: float = Field(default=_CONTROLS.max_retest_ratio, ge=1, le=100)
    """How many times as far apart as the others' two scores of one picture may lie."""
    max_retest_chance: Chance = _CONTROLS.max_retest_chance
    """Distances that chance explains better than this are not held against a rater."""
    min_repeats: int = Field(default=_CONTROLS.min_repeats, ge=1)
    """Fewest repeats by which a rater is judged."""
    min_repeats_of_others: int = Field(default=_CONTROLS.min_repeats_of_others, ge=1)
    """Fewest repeats of the other raters from which to know what is usual."""


class PaceSettings(Document):
    """Share of ratings given implausibly fast."""

    fast_ms: int | None = Field(default=None, ge=0, le=60_000)
    """A rating faster than this is implausibly fast, in ms; the protocol's value if absent."""
    max_share: Share = _PACE.max_share
    """Share of implausibly fast ratings up to which a rater is kept."""
    min_ratings: int = Field(default=_PACE.min_ratings, ge=1)
    """Fewest timed ratings by which a rater is judged."""


class VQEGSettings(Document):
    """The observer screening of the VQEG HDTV test."""

    threshold: float = Field(default=_VQEG.threshold, ge=-1, le=1)
    """Least correlation with the mean scores of the panel."""
    yardstick: Yardstick = _VQEG.yardstick
    """Mean of ``all`` raters, as published, or of the ``others``."""
    min_stimuli: int = Field(default=_VQEG.min_stimuli, ge=2)
    """Fewest stimuli shared with others by which a rater is judged."""


class BT1788Settings(Document):
    """The observer screening of ITU-R BT.1788."""

    ceiling: float = Field(default=_BT1788.ceiling, ge=-1, le=1)
    """The limit never exceeds this correlation."""
    yardstick: Yardstick = _BT1788.yardstick
    """Mean of ``all`` raters, as published, or of the ``others``."""
    min_stimuli: int = Field(default=_BT1788.min_stimuli, ge=2)
    """Fewest stimuli shared with others by which a rater is judged."""


class P913Settings(BT500Settings):
    """Bias removal of ITU-T P.913, then BT.500 with these parameters."""


class BT500OnZSettings(BT500Settings):
    """BT.500 on z-scores, with these parameters."""


class Part(StrEnum):
    """A part of a run's report beside the scores, in the order of computation."""

    RELIABILITY = "reliability"
    SENSITIVITY = "sensitivity"
    FACTORS = "factors"


class AnalysisConfiguration(Document):
    """Everything that may change the numbers of an analysis, apart from the ratings."""

    bt500: BT500Settings = BT500Settings()
    agreement: AgreementSettings = AgreementSettings()
    variation: VariationSettings = VariationSettings()
    controls: ControlsSettings = ControlsSettings()
    pace: PaceSettings = PaceSettings()
    vqeg: VQEGSettings = VQEGSettings()
    bt1788: BT1788Settings = BT1788Settings()
    p913: P913Settings = P913Settings()
    bt500_on_z: BT500OnZSettings = BT500OnZSettings()
    also: tuple[str, ...] = ()
    """Checks made for comparison beside the usual ones: any of vqeg, bt1788, p913, bt500-on-z."""
    rejecting: tuple[str, ...] = tuple(sorted(REJECTING))
    """Checks whose failure proposes a rater for rejection: any of all checks, or none."""
    confirmed: tuple[RaterId, ...] | None = None
    """Raters whose rejection is confirmed; the decisions of the moment if absent."""
    overruled: tuple[RaterId, ...] | None = None
    """Raters who are kept whatever the checks say; the decisions of the moment if absent."""
    interval: IntervalMethod = _DEFAULT.interval
    """Method of the intervals of the raw MOS; z-score MOS always have the Student t interval."""
    level: float = Field(default=_DEFAULT.level, gt=0.5, lt=1)
    """Confidence level of all intervals."""
    weights: dict[str, Annotated[float, Field(ge=0, le=1e6)]] | None = None
    """Weight of each dimension in the overall score; the protocol's weights if absent."""

    estimates: tuple[EstimateMethod, ...] = tuple(EstimateMethod)
    """Methods by which every stimulus is estimated, beside the MOS and z-score MOS of each run."""
    parts: tuple[Part, ...] = tuple(Part)
    """Parts of the report that are computed beside the scores."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        _require_known(self.rejecting, CHECK_NAMES)
        _require_known(self.also, ON_REQUEST)
        if both := set(self.confirmed or ()) & set(self.overruled or ()):
            raise ValueError(f"both confirmed and overruled: {', '.join(sorted(both))}")
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
                "also": tuple(sorted({*self.also, *set(self.rejecting).intersection(ON_REQUEST)})),
                "rejecting": tuple(sorted(set(self.rejecting))),
                "confirmed": tuple(sorted(set(self.confirmed or ()))),
                "overruled": tuple(sorted(set(self.overruled or ()))),
                "weights": {key: weights[key] for key in keys},
                "estimates": tuple(name for name in EstimateMethod if name in self.estimates),
                "parts": tuple(part for part in Part if part in self.parts),
                "pace": self.pace.model_copy(update={"fast_ms": fast_ms}),
            }
        )

    def decided_by(
        self, *, confirmed: Collection[str], overruled: Collection[str]
    ) -> "AnalysisConfiguration":
        """The same configuration with these decisions, where it does not state its own."""
        if self.confirmed is not None or self.overruled is not None:
            return self
        decided = {"confirmed": tuple(confirmed), "overruled": tuple(overruled)}
        return self.model_copy(update=decided)

    def undecided(self) -> "AnalysisConfiguration":
        """The same configuration, open to the decisions of the moment."""
        return self.model_copy(update={"confirmed": None, "overruled": None})

    def for_analysis(self) -> Configuration:
        """What the numerics take; for a completed configuration."""
        return Configuration(
            checks=self._checks(),
            rejecting=frozenset(self.rejecting),
            confirmed=frozenset(self.confirmed or ()),
            overruled=frozenset(self.overruled or ()),
            interval=self.interval,
            level=self.level,
            weights=self.weights,
        )

    def _checks(self) -> tuple[Check, ...]:
        fast_ms = _PACE.fast_ms if self.pace.fast_ms is None else self.pace.fast_ms
        made: tuple[Check, ...] = (
            BT500(**dict(self.bt500)),
            Agreement(**dict(self.agreement)),
            Variation(**dict(self.variation)),
            Controls(**dict(self.controls)),
            Pace(**dict(self.pace) | {"fast_ms": fast_ms}),
            VQEG(**dict(self.vqeg)),
            BT1788(**dict(self.bt1788)),
            P913(**dict(self.p913)),
            BT500OnZ(**dict(self.bt500_on_z)),
        )
        wanted = {*ALWAYS, *self.also, *self.rejecting}
        return tuple(check for check in made if check.name in wanted)


def _require_known(names: Collection[str], known: Collection[str]) -> None:
    if unknown := set(names).difference(known):
        raise ValueError(
            f"there is no check called {', '.join(sorted(unknown))} here;"
            f" the checks are {', '.join(sorted(known))}"
        )


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
