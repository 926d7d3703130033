"""How far a scene departs from the composition that was asked for: the true alignment loss.

The scene itself is measured, not the mistakes that were meant to be made, so a mistake that
changes nothing costs nothing.  The loss is 1 - (1 - share)^SEVERITY, where `share` is the weighted
share of what was asked for and is not shown: 0 exactly when everything is shown.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.pool.composition import NUMBER_WORDS, Composition, Group, Relation
from worker.generators.procedural.geometry import relation_holds
from worker.generators.procedural.scene import PlacedObject, Scene

SEVERITY = 2.5  # people forgive little: half of what was asked for is a loss of about 0.8
COUNT_WEIGHT, RELATION_WEIGHT, BACKGROUND_WEIGHT = 2.0, 1.8, 0.9
LOOK_WEIGHTS = {"colour": 1.2, "shape": 1.2, "size": 0.6, "material": 0.6}
NOT_UNDERSTOOD = "The prompt is outside the grammar, so the picture shows something else."


@dataclass(frozen=True)
class Check:
    """One thing asked for: its weight, the share of it not shown in [0, 1], and a sentence.

    The sentence is empty where another check says the same already.
    """

    weight: float
    missed: float
    sentence: str


@dataclass(frozen=True)
class Alignment:
    """The true alignment loss in [0, 1], 0 flawless, and one sentence per fault."""

    loss: float
    faults: tuple[str, ...]


OUTSIDE_THE_GRAMMAR = Alignment(loss=1.0, faults=(NOT_UNDERSTOOD,))


def alignment_of(scene: Scene, composition: Composition) -> Alignment:
    """Compare what is drawn with what was asked for."""
    checks = list(_checks(scene, composition))
    share = sum(c.weight * c.missed for c in checks) / sum(c.weight for c in checks)
    faults = tuple(check.sentence for check in checks if check.missed and check.sentence)
    return Alignment(loss=1 - (1 - share) ** SEVERITY, faults=faults)


def _checks(scene: Scene, composition: Composition) -> Iterator[Check]:
    drawn = [
        [item for item in scene.objects if item.group == position]
        for position in range(len(composition.groups))
    ]
    for group, items in zip(composition.groups, drawn, strict=True):
        yield _count_check(group, items)
        yield from _look_checks(group, items)
    for position, (ours, relation, theirs) in enumerate(composition.pairs()):
        if relation is not Relation.AND:
            holds = relation_holds(relation, drawn[position], drawn[position + 1])
            sentence = f"{_sentence_case(ours)} {_is(ours)} not {relation} {theirs.phrase()}."
            yield Check(RELATION_WEIGHT, 0.0 if holds else 1.0, sentence)
    if composition.background:
        wrong = scene.background is not composition.background
        sentence = f"The picture is on {scene.background} instead of {composition.background}."
        yield Check(BACKGROUND_WEIGHT, float(wrong), sentence)


def _count_check(group: Group, items: Sequence[PlacedObject]) -> Check:
    off = abs(len(items) - group.count)
    number = NUMBER_WORDS[len(items)] if items else "none"
    sentence = f"{_sentence_case(group)} {_is(group)} asked for, {number} drawn."
    return Check(COUNT_WEIGHT * group.count**0.5, min(1.0, off / group.count), sentence)


def _look_checks(group: Group, items: Sequence[PlacedObject]) -> Iterator[Check]:
    """Check every attribute that was asked for; what is not drawn at all shows none of them."""
    for attribute, weight in LOOK_WEIGHTS.items():
        asked = getattr(group, attribute)
        if asked is not None:
            shown = [getattr(item.look, attribute) for item in items]
            wrong = [value for value in shown if value is not asked]
            missed = len(wrong) / len(shown) if shown else 1.0
            of_how_many = f" of {NUMBER_WORDS[len(wrong)]}" if group.count > 1 else ""
            sentence = (
                f"{_sentence_case(group)}: the {attribute}{of_how_many} "
                f"is {_listed(wrong)} instead of {asked}."
            )
            yield Check(weight, missed, sentence if shown else "")


def _sentence_case(group: Group) -> str:
    return group.phrase()[0].upper() + group.phrase()[1:]


def _is(group: Group) -> str:
    return "is" if group.count == 1 else "are"


def _listed(values: Sequence[StrEnum]) -> str:
    return " and ".join(dict.fromkeys(values))
