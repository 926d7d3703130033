"""The protocol: the validated document that says how a study is run.

It is edited while the study is a draft and frozen, with a version, when the study opens.
"""

import re
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from app.errors import Problem, ProtocolRefused, RatingIncomplete, ScoreOutOfScale
from app.study.sentences import sentence_of

Sentence = Annotated[str, Field(min_length=1, max_length=500)]
# Digits as people type them; nothing that arithmetic would have to round.
TYPED_SCORE = re.compile(r"[+-]?[0-9]{1,6}([.,][0-9]{1,6})?")
Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,29}$")]


class Document(BaseModel):
    """Base of the protocol's parts: nothing unknown, nothing changed after validation."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ScaleKind(StrEnum):
    """The scales a rater can be given."""

    CONTINUOUS = "continuous"
    ACR_5 = "acr-5"


class Scale(Document):
    """The scale of all dimensions: score = low + step x level, for level 0 … level_max."""

    kind: ScaleKind
    low: Decimal
    high: Decimal
    step: Decimal = Field(gt=0)
    words: tuple[Sentence, ...] = ()
    """Names of the scale's points from low to high; all of them (ACR) or none."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.high <= self.low or (self.high - self.low) % self.step != 0:
            raise ValueError("the range of the scale must be a whole number of steps")
        if self.level_max > 1000:
            raise ValueError("a scale has at most 1,001 points")
        if self.words and self.kind is ScaleKind.ACR_5 and len(self.words) != self.level_max + 1:
            raise ValueError("an ACR scale needs one word for each of its points")
        return self

    @property
    def level_max(self) -> int:
        """The highest level; the lowest is 0."""
        return int((self.high - self.low) / self.step)

    @property
    def decimals(self) -> int:
        """Digits after the point that a score on this scale needs."""
        return max(0, -int(self.step.normalize().as_tuple().exponent))

    def score_of(self, level: int) -> Decimal:
        """The score a level stands for."""
        return self.low + self.step * level

    def level_of(self, text: str) -> int:
        """The level of a score as typed ("3.4", "3,4"); raises ScoreOutOfScale with the reason."""
        if not TYPED_SCORE.fullmatch(text.strip()):
            raise ScoreOutOfScale(f"“{text[:20]}” is not a number; nothing was stored.")
        score = Decimal(text.strip().replace(",", "."))
        if not self.low <= score <= self.high:
            raise ScoreOutOfScale(
                f"The score {text.strip()[:20]} is outside the scale from {self.low} to"
                f" {self.high}; nothing was stored."
            )
        level, rest = divmod(score - self.low, self.step)
        if rest != 0:
            raise ScoreOutOfScale(
                f"The score {text.strip()[:20]} is not on the scale, which has steps of"
                f" {self.step}; nothing was stored."
            )
        return int(level)


CONTINUOUS_0_5 = Scale(
    kind=ScaleKind.CONTINUOUS,
    low=Decimal(0),
    high=Decimal(5),
    step=Decimal("0.1"),
    words=("Bad", "Poor", "Fair", "Good", "Excellent"),
)
ACR_5 = Scale(
    kind=ScaleKind.ACR_5,
    low=Decimal(1),
    high=Decimal(5),
    step=Decimal(1),
    words=("Bad", "Poor", "Fair", "Good", "Excellent"),
)


class Dimension(Document):
    """One question asked of every picture."""

    key: Key
    label: Sentence
    question: Sentence
    weight: float = Field(default=1.0, ge=0, le=1e6, allow_inf_nan=False)
    """Weight in the overall score, relative to the other dimensions."""


class Consent(Document):
    """The consent text; its version is stored with every rater who accepts it."""

    version: Sentence
    text: Annotated[str, Field(min_length=1, max_length=20_000)]


class SittingRules(Document):
    """How long a rater works, when a break comes, how long a place stays reserved."""

    presentations: int = Field(default=40, ge=1, le=2000)
    """Main presentations in one sitting."""
    sittings: int = Field(default=1, ge=1, le=1000)
    """Sittings one rater may do."""
    training: int = Field(default=3, ge=0, le=50)
    """Training presentations before the first main one of a rater's first sitting."""
    break_every_minutes: float = Field(default=15.0, gt=0, le=120)
    """Minutes of work after which a break is offered."""
    break_seconds: int = Field(default=0, ge=0, le=3600)
    """Shortest break; 0 lets the rater go on at once."""
    lease_minutes: float = Field(default=30.0, gt=0, le=24 * 60)
    """Minutes without a sign of life after which an abandoned sitting's places reopen."""


class Protocol(Document):
    """How a study is run."""

    dimensions: tuple[Dimension, ...] = Field(min_length=1, max_length=4)
    scale: Scale = CONTINUOUS_0_5
    target_ratings: int = Field(default=20, ge=1, le=10_000)
    """Usable ratings wanted for each stimulus."""
    sitting: SittingRules = SittingRules()
    consent: Consent
    instructions: Annotated[str, Field(min_length=1, max_length=20_000)]
    thanks: Annotated[str, Field(min_length=1, max_length=5_000)] = (
        "Your ratings are stored. You may close this window."
    )
    fast_ms: int = Field(default=800, ge=0, le=60_000)
    """A rating given faster than this counts as implausibly fast."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        keys = [dimension.key for dimension in self.dimensions]
        if len(set(keys)) != len(keys) or "overall" in keys:
            raise ValueError("dimensions need different keys, none of them “overall”")
        if sum(dimension.weight for dimension in self.dimensions) <= 0:
            raise ValueError("at least one dimension needs a weight above 0")
        return self

    def levels_of(self, scores: dict[str, str]) -> list[int]:
        """The levels of typed scores, in the protocol's order.

        Raises RatingIncomplete naming what is missing, or ScoreOutOfScale.
        """
        missing = [d for d in self.dimensions if not scores.get(d.key, "").strip()]
        if missing:
            names = " and ".join(dimension.label for dimension in missing).lower()
            raise RatingIncomplete(
                f"Please also rate {names}.",
                problems=[Problem(d.key, f"Please rate {d.label.lower()}.") for d in missing],
            )
        return [self._level_of(d, scores[d.key]) for d in self.dimensions]

    def _level_of(self, dimension: Dimension, text: str) -> int:
        try:
            return self.scale.level_of(text)
        except ScoreOutOfScale as error:
            problem = Problem(dimension.key, error.message)
            raise ScoreOutOfScale(error.message, problems=[problem]) from None


def parse_protocol(document: dict[str, Any]) -> Protocol:
    """The validated protocol; raises ProtocolRefused with one problem per wrong field."""
    try:
        return Protocol.model_validate(document)
    except ValidationError as error:
        problems = [
            Problem(".".join(str(part) for part in entry["loc"]) or "protocol", sentence_of(entry))
            for entry in error.errors()
        ]
        raise ProtocolRefused(
            f"The protocol has {len(problems)} mistake{'s' if len(problems) > 1 else ''}.",
            problems=problems,
        ) from None
