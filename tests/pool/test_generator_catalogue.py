"""The catalogue is valid, says what it refuses, and names itself honestly."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from app.pool.catalogue import (
    CATALOGUE_PATH,
    CatalogueEntry,
    UnknownGenerator,
    get_generator,
    load_catalogue,
)

ENTRY = get_generator("procedural-studio")


def test_procedural_generators_are_named_so() -> None:
    catalogue = load_catalogue()
    assert len(catalogue) >= 4
    for name, entry in catalogue.items():
        assert name == entry.name
        assert name.startswith(f"{entry.backend}-")
        assert "procedural" in entry.title.lower()


def test_every_entry_accepts_its_own_defaults() -> None:
    assert all(entry.objections() == () for entry in load_catalogue().values())


def test_an_unknown_generator_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownGenerator, match=r"no generator 'dream'; it has procedural-"):
        get_generator("dream")


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"steps": 0}, "Steps must lie between 1 and 150, not 0."),
        ({"guidance": 99.0}, "Guidance must lie between 0 and 30, not 99."),
        ({"guidance": float("nan")}, "Guidance must lie between 0 and 30, not nan."),
        ({"width": 100}, "Width must be a multiple of 8 px, not 100."),
        ({"height": 4096}, "Height in px must lie between 64 and 2048, not 4096."),
        ({"scheduler": "euler"}, "The scheduler must be one of linear, cosine, not 'euler'."),
    ],
)
def test_objections(settings: dict[str, object], sentence: str) -> None:
    assert ENTRY.objections(**settings) == (sentence,)  # type: ignore[arg-type]


def test_all_objections_are_listed() -> None:
    assert len(ENTRY.objections(steps=0, guidance=-1, width=1, height=1, scheduler="x")) == 5


def test_an_entry_that_refuses_its_own_defaults_is_invalid() -> None:
    with pytest.raises(ValidationError, match="outside its limits"):
        CatalogueEntry.model_validate(ENTRY.model_dump() | {"default_steps": 500})


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        CatalogueEntry.model_validate(ENTRY.model_dump() | {"speed": 1})


def test_a_name_may_not_appear_twice(tmp_path: Path) -> None:
    text = CATALOGUE_PATH.read_text()
    twice = tmp_path / "catalogue.toml"
    twice.write_text(text + text[text.index("[[generator]]") :])
    with pytest.raises(ValueError, match="twice"):
        load_catalogue(twice)
