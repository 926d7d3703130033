"""The document of a generation plan: which prompts, which generators, which settings.

name = "first-plan"
seed = 7

[prompts]
source = "PartiPrompts.tsv"        # or: all = true, category, ids, texts
count = 30                         # drawn from them; without it all are taken

[[generators]]
name = "procedural-atelier"
weight = 2                         # its share; or count = pictures per prompt

[settings]                         # each drawn by weight, relative to the generator's default
steps = [{ factor = 1, weight = 3 }, { factor = 0.25 }]
guidance = [1, 0.5]                # weights may be left out
resolution = [1, 0.5]
aspect = ["native", { ratio = "3:2", weight = 0.5 }]
"""

import json
import re
import tomllib
from pathlib import PurePath
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from app.errors import PlanRefused, Problem
from app.pool.prompt_text import clean, prompt_objection

MOST_SEED = 2**53  # JSON in a browser keeps integers exactly up to here

Weight = Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PromptSelection(_Part):
    """Which prompts of the pool: all, some by category and source, by id, or these texts."""

    all: bool = False
    category: str | None = None
    source: str | None = None
    ids: tuple[int, ...] | None = None
    texts: tuple[str, ...] | None = None
    count: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        by_label = self.category is not None or self.source is not None
        ways = [self.all, by_label, self.ids is not None, self.texts is not None]
        if sum(ways) != 1:
            raise ValueError("Choose prompts in one way: all, category and source, ids, or texts.")
        for text in self.texts or ():
            if objection := prompt_objection(clean(text)):
                raise ValueError(objection)
        return self


class GeneratorShare(_Part):
    """A generator of the catalogue with its weight among the others or its pictures per prompt."""

    name: str
    weight: Weight | None = None
    count: Annotated[int, Field(ge=1, le=1000)] | None = None


class Factor(_Part):
    """A multiple of the generator's default, with the weight of drawing it."""

    factor: Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)]
    weight: Weight = 1.0


class Aspect(_Part):
    """Width to height, with the weight of drawing it; the area stays that of the default."""

    ratio: Annotated[str, Field(pattern=r"^(native|[1-9][0-9]?:[1-9][0-9]?)$")]
    weight: Weight = 1.0

    def over(self, native: float) -> float:
        """Width divided by height, where ``native`` is that of the generator's default."""
        if self.ratio == "native":
            return native
        width, height = self.ratio.split(":")
        return int(width) / int(height)


def _named_by(field: str) -> BeforeValidator:
    """Let a plain value stand for a table with this field alone."""

    def widen(value: Any) -> Any:
        return value if isinstance(value, dict | BaseModel) else {field: value}

    return BeforeValidator(widen)


FactorChoice = Annotated[Factor, _named_by("factor")]
AspectChoice = Annotated[Aspect, _named_by("ratio")]
ShareChoice = Annotated[GeneratorShare, _named_by("name")]
UNCHANGED = (Factor(factor=1.0),)


class SettingsChoice(_Part):
    """What settings are drawn from; each picture draws each of them independently."""

    steps: Annotated[tuple[FactorChoice, ...], Field(min_length=1)] = UNCHANGED
    guidance: Annotated[tuple[FactorChoice, ...], Field(min_length=1)] = UNCHANGED
    resolution: Annotated[tuple[FactorChoice, ...], Field(min_length=1)] = UNCHANGED
    aspect: Annotated[tuple[AspectChoice, ...], Field(min_length=1)] = (Aspect(ratio="native"),)


class PlanDocument(_Part):
    """A whole generation plan; the same document draws the same pictures from the same prompts."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,79}$")]
    seed: Annotated[int, Field(ge=0, le=MOST_SEED)]
    prompts: PromptSelection
    generators: Annotated[tuple[ShareChoice, ...], Field(min_length=1)]
    images_per_prompt: Annotated[int, Field(ge=1, le=1000)] | None = None
    settings: SettingsChoice = SettingsChoice()

    @model_validator(mode="after")
    def _shares_agree(self) -> Self:
        names = [share.name for share in self.generators]
        if len(set(names)) < len(names):
            raise ValueError("A generator is named twice.")
        counted = [share.count is not None for share in self.generators]
        if any(counted) and not all(counted):
            raise ValueError("Give either every generator a count or none.")
        if any(counted) and any(share.weight is not None for share in self.generators):
            raise ValueError("A generator has either a weight or a count.")
        if any(counted) and self.images_per_prompt is not None:
            raise ValueError("With counts, images_per_prompt is their sum; leave it out.")
        return self

    @property
    def pictures_per_prompt(self) -> int:
        """As given, or the sum of the counts, or one of each generator."""
        if self.images_per_prompt is not None:
            return self.images_per_prompt
        return sum(share.count or 1 for share in self.generators)


def read_plan(content: bytes | str, *, file_name: str) -> PlanDocument:
    """The plan in a TOML or JSON file; raises PlanRefused with every mistake and its place."""
    try:
        text = content.decode("utf-8-sig") if isinstance(content, bytes) else content
        is_json = PurePath(file_name).suffix.lower() == ".json"
        raw = json.loads(text) if is_json else tomllib.loads(text)
    except UnicodeDecodeError:
        raise PlanRefused("The plan is not valid UTF-8.") from None
    except (ValueError, RecursionError) as error:
        raise PlanRefused(f"The plan cannot be read: {error}.") from None
    return validate_plan(raw)


def validate_plan(raw: Any) -> PlanDocument:
    """The plan that these values describe; raises PlanRefused with every mistake and its place."""
    try:
        return PlanDocument.model_validate(raw)
    except ValidationError as error:
        problems = [Problem(_place(item["loc"]), _sentence(item["msg"])) for item in error.errors()]
        raise PlanRefused(problems=problems) from None


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "plan"


def _sentence(message: str) -> str:
    message = re.sub(r"^(Value error|Assertion failed), ", "", message)
    return message if message.endswith(".") else f"{message}."
