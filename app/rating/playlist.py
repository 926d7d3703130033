"""The order of a playlist: random, with like stimuli apart.  Pure: the same seed, the same order.

*Which* stimuli a rater gets is decided where the counts are (``balance``); this module decides in
which order they come.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """A stimulus with what its neighbours should not share."""

    stimulus_id: int
    prompt_id: int
    condition_id: int


def is_other_prompt(entry: Entry, before: Entry) -> bool:
    """The two show different prompts."""
    return entry.prompt_id != before.prompt_id


def is_other_condition(entry: Entry, before: Entry) -> bool:
    """The two were made by different generators or settings."""
    return entry.condition_id != before.condition_id


# From the most to the least important; the last ones give way first.
RULES: tuple[Callable[[Entry, Entry], bool], ...] = (is_other_prompt, is_other_condition)


def build_playlist(entries: Sequence[Entry], *, seed: int) -> list[Entry]:
    """All entries once, in random order, neighbours keeping the rules wherever that is possible.

    1. Shuffle with the seed (after sorting, so that the order of the input does not matter).
    2. Fill each place with the first entry left that keeps all rules towards its predecessor,
       else the most important ones, else any.
    3. Move entries that still break the first rule to a place where they do not, if there is one.
    """
    waiting = sorted(entries, key=lambda entry: entry.stimulus_id)
    random.Random(seed).shuffle(waiting)
    ordered: list[Entry] = []
    while waiting:
        chosen = _first_allowed(waiting, ordered[-1]) if ordered else 0
        ordered.append(waiting.pop(chosen))
    return _spread(ordered, RULES[0])


def _first_allowed(waiting: Sequence[Entry], before: Entry) -> int:
    """Index of the first entry that keeps all rules, then all but the last, … then any."""
    for count in range(len(RULES), 0, -1):
        rules = RULES[:count]
        for index, entry in enumerate(waiting):
            if all(rule(entry, before) for rule in rules):
                return index
    return 0


def _spread(ordered: list[Entry], rule: Callable[[Entry, Entry], bool]) -> list[Entry]:
    """Take each entry that breaks the rule to the first gap in which it breaks nothing."""
    for index in range(1, len(ordered)):
        if rule(ordered[index], ordered[index - 1]):
            continue
        entry = ordered.pop(index)
        ordered.insert(_free_gap(ordered, entry, rule, otherwise=index), entry)
    return ordered


def _free_gap(
    ordered: Sequence[Entry],
    entry: Entry,
    rule: Callable[[Entry, Entry], bool],
    *,
    otherwise: int,
) -> int:
    for gap in range(len(ordered) + 1):
        neighbours = ordered[max(0, gap - 1) : gap + 1]
        if all(rule(entry, neighbour) for neighbour in neighbours):
            return gap
    return otherwise
