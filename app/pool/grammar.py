"""The grammar of compositional prompts: read one, compose one.

    prompt     = group { relation group } [ "on" background ] [ "." ]
    group      = ( "a" | "an" | "one" … "five" | "1" … "5" ) { adjective } shape
    adjective  = size | material | colour, each once at most, in any order
    relation   = "above" | "below" | "left of" | "right of" | "beside" | "in front of"
               | "behind" | "inside" | "and" | "," | ", and"

Case and white space do not matter, and common synonyms ("big", "next to", "under", "gray") are
understood.  `parse(composition.phrase()) == composition` for every composition.
"""

from collections.abc import Sequence
from enum import StrEnum
from itertools import cycle, islice
from random import Random

from app.pool.composition import (
    HOLLOW_SHAPES,
    MAX_COUNT,
    NUMBER_WORDS,
    Background,
    Category,
    Colour,
    Composition,
    GrammarError,
    Group,
    Material,
    Relation,
    Shape,
    Size,
)

SYNONYMS = {
    "to the left of": "left of",
    "on the left of": "left of",
    "to the right of": "right of",
    "on the right of": "right of",
    "next to": "beside",
    "under": "below",
    "beneath": "below",
    "over": "above",
    "within": "inside",
    "against": "on",
    "gray": "grey",
    "tiny": "small",
    "little": "small",
    "big": "large",
    "huge": "large",
    "shiny": "glossy",
    "metal": "metallic",
    "spotted": "dotted",
    "checked": "checkered",
    "backdrop": "background",
    ", and": "and",
    ",": "and",
}
COUNTS = {"a": 1, "an": 1} | {
    word: count for count in range(1, MAX_COUNT + 1) for word in (NUMBER_WORDS[count], str(count))
}
SINGULARS = {shape.value: shape for shape in Shape}
PLURALS = {shape.plural: shape for shape in Shape}

COMPOSED_COUNTS = {
    Category.SINGLE_OBJECT: (1,),
    Category.COUNTING: (2, 3, 4, 5),
    Category.COLOUR_BINDING: (1, 1, 2),
    Category.SPATIAL_RELATION: (1, 1, 2, 3),
    Category.COMPLEX: (1, 1, 2, 3),
}

# A background on which an object of this colour would be hard to see is not composed.
CLASHES: dict[Background, frozenset[Colour]] = {
    Background.LIGHT: frozenset({Colour.WHITE}),
    Background.DARK: frozenset({Colour.BLACK, Colour.BROWN}),
    Background.WHITE: frozenset({Colour.WHITE}),
    Background.GREY: frozenset({Colour.GREY}),
    Background.YELLOW: frozenset({Colour.YELLOW}),
    Background.GREEN: frozenset({Colour.GREEN}),
    Background.BLUE: frozenset({Colour.BLUE, Colour.TURQUOISE}),
    Background.PINK: frozenset({Colour.PINK}),
    Background.WOOD: frozenset({Colour.BROWN, Colour.ORANGE}),
    Background.PAPER: frozenset({Colour.WHITE}),
    Background.LINEN: frozenset({Colour.WHITE}),
    Background.STONE: frozenset({Colour.GREY}),
}


def parse(text: str) -> Composition:
    """Read a prompt; raise `GrammarError`, in one sentence, for text outside the grammar."""
    sentence, background = _split_background(_words(text))
    groups, relations = [_read_group(sentence)], []
    while sentence:
        relations.append(_read_relation(sentence))
        groups.append(_read_group(sentence))
    return Composition(tuple(groups), tuple(relations), background)


def _words(text: str) -> list[str]:
    """Lower-case words with every synonym replaced by its canonical form."""
    plain = " ".join(text.lower().strip().removesuffix(".").replace(",", " , ").split())
    padded = f" {plain} "
    for synonym, canonical in SYNONYMS.items():
        padded = padded.replace(f" {synonym} ", f" {canonical} ")
    return padded.split()


def _split_background(words: list[str]) -> tuple[list[str], Background | None]:
    if "on" not in words:
        return words, None
    cut = words.index("on")
    phrase = " ".join(words[cut + 1 :])
    for background in Background:
        if phrase in {background.value, background.value.removeprefix("a ")}:
            return words[:cut], background
    raise GrammarError(f"'{_excerpt(phrase)}' is not a background of the grammar.")


def _read_group(words: list[str]) -> Group:
    """Take one group off the front of `words`."""
    count = _read_count(words)
    found: dict[str, StrEnum] = {}
    while words and words[0] not in SINGULARS and words[0] not in PLURALS:
        name, adjective = _adjective(words.pop(0))
        if name in found:
            raise GrammarError(f"A group has one {name}, not '{found[name]}' and '{adjective}'.")
        found[name] = adjective
    return Group(count, _read_shape(words, count), **found)  # type: ignore[arg-type]


def _read_count(words: list[str]) -> int:
    if not words:
        raise GrammarError("The prompt ends where a group of objects was expected.")
    word = words.pop(0)
    if word in COUNTS:
        return COUNTS[word]
    if word.isdigit():
        raise GrammarError(f"Counts go from one to five, not {_excerpt(word)}.")
    raise GrammarError(f"A group begins with 'a', 'an' or a number, not with '{_excerpt(word)}'.")


def _adjective(word: str) -> tuple[str, StrEnum]:
    for name, kind in (("colour", Colour), ("size", Size), ("material", Material)):
        if word in set(kind):
            return name, kind(word)
    raise GrammarError(f"'{_excerpt(word)}' is not a word of the grammar.")


def _read_shape(words: list[str], count: int) -> Shape:
    if not words:
        raise GrammarError("The prompt ends where a shape was expected.")
    word = words.pop(0)
    if word in (SINGULARS if count == 1 else PLURALS):
        return SINGULARS[word] if count == 1 else PLURALS[word]
    number = "singular" if count == 1 else "plural"
    raise GrammarError(f"'{word}' should be {number} where the count is {NUMBER_WORDS[count]}.")


def _read_relation(words: list[str]) -> Relation:
    for relation in Relation:
        parts = relation.split()
        if words[: len(parts)] == parts:
            del words[: len(parts)]
            return relation
    raise GrammarError(f"'{_excerpt(words[0])}' is not a relation of the grammar.")


def _excerpt(phrase: str) -> str:
    return phrase if len(phrase) <= 40 else f"{phrase[:39]}…"


def compose(rng: Random, category: Category | None = None) -> Composition:
    """Draw a composition, of the given category or of any, that a person can judge.

    Groups differ in colour and in shape, and nothing vanishes into its background.
    """
    wanted = category or rng.choice(list(Category))
    while True:
        try:
            return _draft(rng, wanted)
        except GrammarError:
            continue  # too many objects, or too big to fit inside: draw again


def compose_prompts(count: int, seed: int) -> list[str]:
    """Compose `count` different prompts, the categories taking turns.

    `parse(prompt).category` tells the category of each.
    """
    rng = Random(seed)
    prompts: dict[str, None] = {}
    for category in islice(cycle(Category), count):
        known = len(prompts)
        while len(prompts) == known:
            prompts.setdefault(compose(rng, category).phrase())
    return list(prompts)


def _draft(rng: Random, category: Category) -> Composition:
    relations = _draft_relations(rng, category)
    number = len(relations) + 1
    shapes = _draft_shapes(rng, relations)
    colours = rng.sample(list(Colour), number)
    groups = [
        Group(
            count=rng.choice(COMPOSED_COUNTS[category]),
            shape=shape,
            colour=colour,
            size=rng.choice(list(Size)) if rng.random() < 0.4 else None,
            material=rng.choice(list(Material)) if rng.random() < 0.35 else None,
        )
        for shape, colour in zip(shapes, colours, strict=True)
    ]
    return Composition(tuple(groups), relations, _draft_background(rng, colours))


def _draft_relations(rng: Random, category: Category) -> tuple[Relation, ...]:
    if category in {Category.SINGLE_OBJECT, Category.COUNTING}:
        return ()
    if category is Category.COLOUR_BINDING:
        return (Relation.AND,)
    if category is Category.SPATIAL_RELATION:
        return (rng.choice([relation for relation in Relation if relation is not Relation.AND]),)
    return tuple(rng.choices(list(Relation), k=rng.choice((2, 2, 3))))


def _draft_shapes(rng: Random, relations: Sequence[Relation]) -> list[Shape]:
    """Draw different shapes, a hollow one wherever something is to lie inside."""
    shapes = rng.sample(
        [shape for shape in Shape if shape not in HOLLOW_SHAPES], len(relations) + 1
    )
    hollow = rng.choice(sorted(HOLLOW_SHAPES))
    if Relation.INSIDE in relations:
        shapes[relations.index(Relation.INSIDE) + 1] = hollow
    elif rng.random() < 0.15:
        shapes[rng.randrange(len(shapes))] = hollow
    return shapes


def _draft_background(rng: Random, colours: Sequence[Colour]) -> Background | None:
    if rng.random() < 0.6:
        return None
    return rng.choice([b for b in Background if CLASHES[b].isdisjoint(colours)])
