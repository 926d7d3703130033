"""What a generator makes of a prompt before it draws: objects to draw, with its mistakes.

Every mistake compares a rate with a number drawn in a fixed order, so a higher rate keeps all
the mistakes of a lower one: a generator that is pushed harder errs on top of what it did before.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from app.pool.composition import (
    Background,
    Colour,
    Composition,
    Group,
    Material,
    Relation,
    Shape,
    Size,
)
from app.pool.grammar import CLASHES
from worker.generators.procedural.scene import Look

_Word = TypeVar("_Word", Colour, Material, Shape)
MOST_SLOTS = 10
LEAK_SHARE = 0.6  # of wrong colours are those of another group
MISREAD_RELATION = {
    Relation.AND: Relation.AND,
    Relation.ABOVE: Relation.BELOW,
    Relation.BELOW: Relation.ABOVE,
    Relation.LEFT_OF: Relation.RIGHT_OF,
    Relation.RIGHT_OF: Relation.LEFT_OF,
    Relation.BESIDE: Relation.ABOVE,
    Relation.IN_FRONT_OF: Relation.BEHIND,
    Relation.BEHIND: Relation.IN_FRONT_OF,
    Relation.INSIDE: Relation.BESIDE,
}


@dataclass(frozen=True)
class ErrorRates:
    """Probability of each mistake, in [0, 1]: per object, group, relation or picture."""

    absent: float = 0.0  # per object
    recoloured: float = 0.0  # per object
    reshaped: float = 0.0  # per object
    extra: float = 0.0  # per group, one object too many
    resized: float = 0.0  # per group, small for large
    remade: float = 0.0  # per group, another material
    misplaced: float = 0.0  # per relation
    background: float = 0.0  # per picture


@dataclass(frozen=True)
class Slot:
    """Room for one object; `drawn` is false where it was forgotten."""

    look: Look
    drawn: bool


@dataclass(frozen=True)
class Reading:
    """What will be drawn: slots per group, relations as understood, a background."""

    groups: tuple[tuple[Slot, ...], ...]
    relations: tuple[Relation, ...]
    background: Background


def read(composition: Composition, rates: ErrorRates, rng: np.random.Generator) -> Reading:
    """Read a composition with the mistakes that fall to it."""
    meant = _completed(composition, rng)
    groups: list[tuple[Slot, ...]] = []
    spare = MOST_SLOTS - composition.object_count
    for asked, group in zip(composition.groups, meant, strict=True):
        slots = _read_group(asked, group, [m.colour for m in meant], rates, rng)
        slots = slots if spare > 0 else slots[: group.count]
        spare -= len(slots) - group.count
        groups.append(slots)
    misplaced = rng.random(len(composition.relations)) < rates.misplaced
    relations = tuple(
        MISREAD_RELATION[relation] if wrong else relation
        for relation, wrong in zip(composition.relations, misplaced, strict=True)
    )
    return Reading(tuple(groups), relations, _read_background(composition, meant, rates, rng))


def _completed(composition: Composition, rng: np.random.Generator) -> list[Group]:
    """Choose a colour for every group that names none, different from those named."""
    named = {group.colour for group in composition.groups}
    free = [Colour(c) for c in rng.permutation(list(Colour)) if c not in named]
    return [g if g.colour else replace(g, colour=free.pop()) for g in composition.groups]


def _read_group(
    asked: Group,
    group: Group,
    colours: Sequence[Colour | None],
    rates: ErrorRates,
    rng: np.random.Generator,
) -> tuple[Slot, ...]:
    """Return one slot per object, and one more where an object too many is drawn."""
    extra, resized, remade = rng.random(3) < (rates.extra, rates.resized, rates.remade)
    other_size = {Size.SMALL: Size.LARGE, Size.LARGE: Size.SMALL, None: None}
    other_material = _other(rng, list(Material), group.material)
    usual = Look(
        shape=group.shape,
        colour=group.colour or Colour.RED,
        size=other_size[group.size] if resized else group.size,
        material=other_material if remade and group.material else group.material,
    )
    slots = [_read_object(asked, usual, colours, rates, rng) for _ in range(group.count + 1)]
    if extra:
        return (*slots[:-1], replace(slots[-1], drawn=True))
    return tuple(slots[:-1])


def _read_object(
    asked: Group,
    usual: Look,
    colours: Sequence[Colour | None],
    rates: ErrorRates,
    rng: np.random.Generator,
) -> Slot:
    absent, recoloured, reshaped = rng.random(3) < (
        rates.absent,
        rates.recoloured,
        rates.reshaped,
    )
    leaks = [colour for colour in colours if colour and colour is not usual.colour]
    any_colour, leaked = _other(rng, list(Colour), usual.colour), rng.random() < LEAK_SHARE
    leak = leaks[int(rng.random() * len(leaks))] if leaks else any_colour
    shape = _other(rng, list(Shape), usual.shape)
    look = replace(
        usual,
        colour=(leak if leaked else any_colour) if recoloured and asked.colour else usual.colour,
        shape=shape if reshaped else usual.shape,
    )
    return Slot(look, drawn=not absent)


def _read_background(
    composition: Composition, meant: Sequence[Group], rates: ErrorRates, rng: np.random.Generator
) -> Background:
    """Return the background asked for, or, if none was or it is ignored, one that suits."""
    colours = [group.colour for group in meant if group.colour]
    asked = composition.background
    suitable = [b for b in Background if b is not asked and CLASHES[b].isdisjoint(colours)]
    chosen = suitable[int(rng.random() * len(suitable))]
    ignored = rng.random() < rates.background
    return chosen if ignored or asked is None else asked


def _other(rng: np.random.Generator, choices: Sequence[_Word], usual: _Word | None) -> _Word:
    """Draw any of the choices but the usual one."""
    others = [choice for choice in choices if choice is not usual]
    return others[int(rng.random() * len(others))]
