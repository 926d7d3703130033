"""The catalogue: every generator that a plan may name, with its defaults and limits, as data.

Plans read it to check settings before anything is rendered, the worker to fill in defaults.  What
makes one generator draw better than another is the worker's business and is not written here.
"""

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.errors import InvalidInput

CATALOGUE_PATH = Path(__file__).with_name("catalogue.toml")

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
Text = Annotated[str, Field(min_length=1)]
Side = Annotated[int, Field(ge=1)]


class UnknownGenerator(InvalidInput):
    """The catalogue has no generator of this name."""


class Backend(StrEnum):
    """Which kind of machinery renders for a generator."""

    PROCEDURAL = "procedural"


class CatalogueEntry(BaseModel):
    """One generator: what it is, what it does by default and what it accepts.

    Sides are in px and must be multiples of `side_multiple_px`; bounds are inclusive.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    backend: Backend
    revision: Text
    title: Text
    description: Text
    licence: Text
    native_width_px: Side
    native_height_px: Side
    min_side_px: Side
    max_side_px: Side
    side_multiple_px: Side
    default_steps: int
    min_steps: Annotated[int, Field(ge=1)]
    max_steps: int
    default_guidance: float
    min_guidance: Annotated[float, Field(ge=0)]
    max_guidance: float
    schedulers: tuple[Text, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _accepts_its_own_defaults(self) -> Self:
        if sentences := self.objections():
            raise ValueError(f"The defaults of {self.name} are outside its limits: {sentences[0]}")
        return self

    @property
    def default_scheduler(self) -> str:
        return self.schedulers[0]

    def objections(
        self,
        *,
        steps: int | None = None,
        guidance: float | None = None,
        width: int | None = None,
        height: int | None = None,
        scheduler: str | None = None,
    ) -> tuple[str, ...]:
        """Say in one sentence each what this generator would refuse; None means its default."""
        steps = self.default_steps if steps is None else steps
        guidance = self.default_guidance if guidance is None else guidance
        found = [
            _outside("Steps", steps, self.min_steps, self.max_steps),
            _outside("Guidance", guidance, self.min_guidance, self.max_guidance),
            self._side_objection("Width", self.native_width_px if width is None else width),
            self._side_objection("Height", self.native_height_px if height is None else height),
            self._scheduler_objection(scheduler),
        ]
        return tuple(sentence for sentence in found if sentence)

    def _side_objection(self, what: str, side_px: int) -> str | None:
        if sentence := _outside(f"{what} in px", side_px, self.min_side_px, self.max_side_px):
            return sentence
        if side_px % self.side_multiple_px:
            return f"{what} must be a multiple of {self.side_multiple_px} px, not {side_px}."
        return None

    def _scheduler_objection(self, scheduler: str | None) -> str | None:
        if scheduler is None or scheduler in self.schedulers:
            return None
        return f"The scheduler must be one of {', '.join(self.schedulers)}, not '{scheduler}'."


def _outside(what: str, value: float, lowest: float, highest: float) -> str | None:
    if lowest <= value <= highest:  # false for NaN, which is refused too
        return None
    return f"{what} must lie between {lowest:g} and {highest:g}, not {value:g}."


@cache
def load_catalogue(path: Path = CATALOGUE_PATH) -> Mapping[str, CatalogueEntry]:
    """Read and validate the catalogue, in the order of the file, by name.

    Raises `ValueError` for an entry that is incomplete or contradicts itself.
    """
    with path.open("rb") as file:
        tables = tomllib.load(file)["generator"]
    entries = [CatalogueEntry.model_validate(table) for table in tables]
    catalogue = {entry.name: entry for entry in entries}
    if len(catalogue) < len(entries):
        raise ValueError("The catalogue names a generator twice.")
    return MappingProxyType(catalogue)


def get_generator(name: str) -> CatalogueEntry:
    """Return the entry of one generator; raise `UnknownGenerator`, naming those there are."""
    catalogue = load_catalogue()
    if name not in catalogue:
        raise UnknownGenerator(
            f"The catalogue has no generator '{name}'; it has {', '.join(catalogue)}."
        )
    return catalogue[name]
