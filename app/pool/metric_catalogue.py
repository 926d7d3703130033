"""The catalogue of objective metrics: what each measures, which way it points, who made it.

It describes; it computes nothing.  Imports take the direction of a known metric from here, pages
and reports what it measures and its source, and the worker the name under which a library
computes it.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

CATALOGUE_PATH = Path(__file__).with_name("metric_catalogue.toml")

Key = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Text = Annotated[str, Field(min_length=1)]
Address = Annotated[str, Field(pattern=r"^https://")]


class Family(StrEnum):
    """How a metric came to its judgement."""

    HANDCRAFTED = "handcrafted"
    LEARNED = "learned"
    VISION_LANGUAGE = "vision-language"
    REWARD = "reward"


class Measures(StrEnum):
    """What a metric judges; preference is both together."""

    QUALITY = "quality"
    ALIGNMENT = "alignment"
    PREFERENCE = "preference"


class MetricEntry(BaseModel):
    """One known metric.

    ``lowest`` and ``highest`` are the ends of its scale, as far as it has any; real values may lie
    a little outside of a learned one's.  ``pyiqa`` is its name in that library, None where the
    library does not compute it; ``is_built_in`` says that Beholder itself can.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: Key
    title: Text
    aliases: tuple[Text, ...] = ()
    family: Family
    measures: Measures
    higher_is_better: bool
    lowest: float | None = None
    highest: float | None = None
    needs_prompt: bool
    needs_weights: bool
    is_built_in: bool = False
    pyiqa: Text | None = None
    description: Text
    code: Address
    authors: Text
    paper: Text
    venue: Text
    year: Annotated[int, Field(ge=1990, le=2100)]

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if self.lowest is not None and self.highest is not None and self.lowest >= self.highest:
            raise ValueError(f"The scale of {self.key} has no width.")
        if self.is_built_in and self.needs_weights:
            raise ValueError(f"{self.key} is built in, so it cannot need weights.")
        if self.measures is not Measures.QUALITY and not self.needs_prompt:
            raise ValueError(f"{self.key} cannot judge how a prompt was met without the prompt.")
        return self

    @property
    def source(self) -> str:
        """Who described the metric where, as it is cited."""
        return f"{self.authors}: {self.paper}. {self.venue}, {self.year}."


@cache
def load_metric_catalogue(path: Path = CATALOGUE_PATH) -> Mapping[str, MetricEntry]:
    """Read and validate the catalogue, in the order of the file, by key.

    Raises `ValueError` for an entry that is incomplete, or two that answer to the same name.
    """
    with path.open("rb") as file:
        entries = [MetricEntry.model_validate(table) for table in tomllib.load(file)["metric"]]
    _names(entries)
    return MappingProxyType({entry.key: entry for entry in entries})


def find_metric_entry(name: str) -> MetricEntry | None:
    """The known metric that a name means, however it is written: ``CLIP-IQA``, ``clip_iqa`` …"""
    catalogue = load_metric_catalogue()
    key = _known_names().get(_plain(name))
    return catalogue[key] if key else None


def metric_title(key: str) -> str:
    """What people call a metric: a known one by its title, one's own by its name."""
    entry = load_metric_catalogue().get(key)
    return entry.title if entry else key


@cache
def _known_names() -> Mapping[str, str]:
    return _names(load_metric_catalogue().values())


def _names(entries: Iterable[MetricEntry]) -> dict[str, str]:
    names: dict[str, str] = {}
    for entry in entries:
        for name in {_plain(name) for name in (entry.key, entry.title, *entry.aliases)}:
            if names.setdefault(name, entry.key) != entry.key:
                raise ValueError(f"Two metrics of the catalogue are called {name}.")
    return names


def _plain(name: str) -> str:
    """A name without what people write differently; a plus is part of it (CLIP-IQA+)."""
    return re.sub(r"[^a-z0-9+]", "", name.lower())
