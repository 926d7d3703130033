"""Drawing the pictures of a plan: which prompt, which generator, which settings, which seed.

Pure: the same document, prompts and catalogue give the same items.  Every purpose has a stream of
random numbers of its own, so that one more setting does not change which prompts are drawn.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from operator import itemgetter
from random import Random
from typing import TypeVar

from app.errors import PlanRefused, Problem
from app.pool.catalogue import CatalogueEntry
from app.pool.conditions import ConditionSettings
from app.pool.plan_document import Aspect, Factor, PlanDocument

CHUNK_SIZE = 8  # pictures of one generator and shape that a worker renders together
MOST_ITEMS = 200_000
SEED_BITS = 31  # what every generator accepts

Catalogue = Mapping[str, CatalogueEntry]
Option = TypeVar("Option", Factor, Aspect)


@dataclass(frozen=True)
class PlannedItem:
    """One picture that is to be rendered; ``prompt`` is an index into the prompts given."""

    position: int
    chunk: int
    prompt: int
    condition: ConditionSettings
    seed: int


@dataclass(frozen=True)
class _Choice:
    """What was drawn for one picture, relative to the generator's defaults."""

    steps: Factor
    guidance: Factor
    resolution: Factor
    aspect: Aspect


@dataclass(frozen=True)
class _Picture:
    """A picture that has not got its place yet."""

    prompt: int
    condition: ConditionSettings
    seed: int


def draw_items(plan: PlanDocument, prompt_count: int, catalogue: Catalogue) -> list[PlannedItem]:
    """Draw every picture of the plan from this many prompts; raises PlanRefused.

    1. Draw the prompts, as many as the plan wants.
    2. Deal the generators to them, each its share.
    3. Draw settings and a seed for each picture, checked against the generator's limits.
    4. Put pictures of one generator and shape together and cut them into chunks.
    """
    chosen = draw_prompts(plan, prompt_count)
    if len(chosen) * plan.pictures_per_prompt > MOST_ITEMS:
        raise PlanRefused(f"The plan has more than {MOST_ITEMS:,} pictures.")
    _check_generators(plan, catalogue)
    dealt = deal_generators(plan, len(chosen))
    choices = _draw_choices(plan, sum(map(len, dealt)))
    drawn = [
        (prompt, (name, next(choices)))
        for prompt, names in zip(chosen, dealt, strict=True)
        for name in names
    ]
    conditions = _conditions_of({setting for _, setting in drawn}, catalogue)
    seeds = _distinct_seeds(_stream(plan, "seeds"))
    pictures = [_Picture(prompt, conditions[setting], next(seeds)) for prompt, setting in drawn]
    return _in_chunks(plan, pictures)


def draw_prompts(plan: PlanDocument, prompt_count: int) -> list[int]:
    """Indices of the prompts that the plan takes, in their order."""
    wanted = plan.prompts.count
    if prompt_count == 0:
        raise PlanRefused("The plan's selection of prompts is empty.")
    if wanted is None:
        return list(range(prompt_count))
    if wanted > prompt_count:
        raise PlanRefused(
            f"The plan wants {wanted:,} prompts, but its selection has {prompt_count:,}."
        )
    return sorted(_stream(plan, "prompts").sample(range(prompt_count), wanted))


def deal_generators(plan: PlanDocument, prompt_count: int) -> list[list[str]]:
    """The generators of each prompt's pictures.

    Every generator keeps within one picture of its share at any time: each picture goes to the
    one that is owed most, ties at random.  With equal weights and a picture for each generator,
    every prompt therefore gets every generator once.
    """
    random = _stream(plan, "generators")
    shares = {share.name: float(share.count or share.weight or 1.0) for share in plan.generators}
    whole = sum(shares.values())
    owed = dict.fromkeys(shares, 0.0)
    dealt = []
    for _ in range(prompt_count):
        names = []
        for name, share in shares.items():
            owed[name] += plan.pictures_per_prompt * share / whole
        for _ in range(plan.pictures_per_prompt):
            most = max(owed.values())
            name = random.choice([name for name, debt in owed.items() if debt > most - 1e-9])
            owed[name] -= 1
            names.append(name)
        dealt.append(names)
    return dealt


def _draw_choices(plan: PlanDocument, number: int) -> Iterator[_Choice]:
    """Settings for this many pictures; each setting has a stream of its own."""
    settings = plan.settings

    def draw(purpose: str, options: Sequence[Option]) -> list[Option]:
        weights = [option.weight for option in options]
        return _stream(plan, purpose).choices(options, weights, k=number)

    drawn = zip(
        draw("steps", settings.steps),
        draw("guidance", settings.guidance),
        draw("resolution", settings.resolution),
        draw("aspect", settings.aspect),
        strict=True,
    )
    return (_Choice(*options) for options in drawn)


def _check_generators(plan: PlanDocument, catalogue: Catalogue) -> None:
    unknown = [share.name for share in plan.generators if share.name not in catalogue]
    if unknown:
        known = ", ".join(catalogue)
        raise PlanRefused(
            problems=[
                Problem(f"generator {name}", f"The catalogue does not have it; it has {known}.")
                for name in unknown
            ]
        )


def _conditions_of(
    drawn: set[tuple[str, _Choice]], catalogue: Catalogue
) -> dict[tuple[str, _Choice], ConditionSettings]:
    """The condition of each generator with each choice; raises PlanRefused for all that fail."""
    conditions = {}
    problems: Counter[Problem] = Counter()
    for name, choice in drawn:
        condition = condition_of(catalogue[name], choice)
        conditions[name, choice] = condition
        for sentence in catalogue[name].objections(
            steps=condition.steps,
            guidance=condition.guidance,
            width=condition.width,
            height=condition.height,
            scheduler=condition.scheduler,
        ):
            problems[Problem(f"generator {name}", sentence)] += 1
    if problems:
        raise PlanRefused(
            "Some of the settings that the plan draws are refused by their generator.",
            problems=sorted(problems, key=str),
        )
    return conditions


def condition_of(entry: CatalogueEntry, choice: _Choice) -> ConditionSettings:
    """The generator's defaults, changed as drawn; sides are rounded to what it accepts."""
    area = entry.native_width_px * entry.native_height_px * choice.resolution.factor**2
    ratio = choice.aspect.over(entry.native_width_px / entry.native_height_px)
    return ConditionSettings(
        generator=entry.name,
        revision=entry.revision,
        guidance=round(entry.default_guidance * choice.guidance.factor, 4),
        steps=round(entry.default_steps * choice.steps.factor),
        scheduler=entry.default_scheduler,
        width=_side(sqrt(area * ratio), entry),
        height=_side(sqrt(area / ratio), entry),
    )


def _side(wanted_px: float, entry: CatalogueEntry) -> int:
    return round(wanted_px / entry.side_multiple_px) * entry.side_multiple_px


def _in_chunks(plan: PlanDocument, pictures: Sequence[_Picture]) -> list[PlannedItem]:
    """Items in the order in which they are rendered, generator by generator, shape by shape.

    A worker that has loaded a model keeps it for as long as possible.
    """
    order = {share.name: place for place, share in enumerate(plan.generators)}
    groups: dict[tuple[int, int, int], list[_Picture]] = defaultdict(list)
    for picture in pictures:
        condition = picture.condition
        shape = (order[condition.generator], condition.width or 0, condition.height or 0)
        groups[shape].append(picture)
    chunks = (
        group[start : start + CHUNK_SIZE]
        for _, group in sorted(groups.items(), key=itemgetter(0))
        for start in range(0, len(group), CHUNK_SIZE)
    )
    placed = ((chunk, picture) for chunk, part in enumerate(chunks) for picture in part)
    return [
        PlannedItem(position, chunk, picture.prompt, picture.condition, picture.seed)
        for position, (chunk, picture) in enumerate(placed)
    ]


def _distinct_seeds(random: Random) -> Iterator[int]:
    """Seeds without repetition, so that no two pictures of a plan can be the same."""
    used: set[int] = set()
    while True:
        seed = random.getrandbits(SEED_BITS)
        if seed not in used:
            used.add(seed)
            yield seed


def _stream(plan: PlanDocument, purpose: str) -> Random:
    return Random(f"{plan.seed}/{purpose}")
