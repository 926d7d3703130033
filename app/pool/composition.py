"""What a compositional prompt says, as data: groups of objects, their relations, a background.

A composition is a chain: group, relation, group, relation, group.  Every relation binds its two
neighbours alone, so that "a circle above a square left of a star" puts the circle above the
square and the square left of the star.  `Composition.phrase` writes it as canonical English and
`app.pool.grammar.parse` reads that back.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from app.errors import InvalidInput

MAX_COUNT = 5
MAX_GROUPS = 4
MAX_OBJECTS = 9  # more would be too small to judge on a picture of 256 px
MAX_OBJECTS_INSIDE = 3
NUMBER_WORDS = ("zero", "one", "two", "three", "four", "five", "six")


class GrammarError(InvalidInput):
    """This prompt is outside the grammar of compositional prompts."""


class Size(StrEnum):
    """How big, relative to an object whose size is not mentioned."""

    SMALL = "small"
    LARGE = "large"


class Material(StrEnum):
    """What the surface of an object looks like."""

    GLOSSY = "glossy"
    MATTE = "matte"
    METALLIC = "metallic"
    WOODEN = "wooden"
    STRIPED = "striped"
    DOTTED = "dotted"
    CHECKERED = "checkered"


class Colour(StrEnum):
    """Twelve names that people agree on."""

    RED = "red"
    ORANGE = "orange"
    YELLOW = "yellow"
    GREEN = "green"
    TURQUOISE = "turquoise"
    BLUE = "blue"
    PURPLE = "purple"
    PINK = "pink"
    BROWN = "brown"
    WHITE = "white"
    GREY = "grey"
    BLACK = "black"


class Shape(StrEnum):
    """Outlines that can be told apart at 30 px."""

    CIRCLE = "circle"
    SQUARE = "square"
    TRIANGLE = "triangle"
    DIAMOND = "diamond"
    HEXAGON = "hexagon"
    STAR = "star"
    HEART = "heart"
    CROSS = "cross"
    CRESCENT = "crescent"
    DROP = "drop"
    FLOWER = "flower"
    RING = "ring"
    FRAME = "frame"

    @property
    def plural(self) -> str:
        return f"{self.value}es" if self.value.endswith("s") else f"{self.value}s"


HOLLOW_SHAPES = frozenset({Shape.RING, Shape.FRAME})


class Relation(StrEnum):
    """How a group stands to the next one; `AND` binds nothing but presence."""

    AND = "and"
    ABOVE = "above"
    BELOW = "below"
    LEFT_OF = "left of"
    RIGHT_OF = "right of"
    BESIDE = "beside"
    IN_FRONT_OF = "in front of"
    BEHIND = "behind"
    INSIDE = "inside"


DEPTH_RELATIONS = frozenset({Relation.IN_FRONT_OF, Relation.BEHIND, Relation.INSIDE})


class Background(StrEnum):
    """What everything lies on."""

    LIGHT = "a light background"
    DARK = "a dark background"
    WHITE = "a white background"
    GREY = "a grey background"
    YELLOW = "a yellow background"
    GREEN = "a green background"
    BLUE = "a blue background"
    PINK = "a pink background"
    WOOD = "a wooden table"
    PAPER = "a sheet of paper"
    LINEN = "a linen cloth"
    STONE = "a stone floor"


class Category(StrEnum):
    """What a prompt mainly asks of a generator."""

    SINGLE_OBJECT = "single object"
    COUNTING = "counting"
    COLOUR_BINDING = "colour binding"
    SPATIAL_RELATION = "spatial relation"
    COMPLEX = "complex"


@dataclass(frozen=True)
class Group:
    """Some objects that look alike, such as "two small striped blue squares"."""

    count: int
    shape: Shape
    colour: Colour | None = None
    size: Size | None = None
    material: Material | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.count <= MAX_COUNT:
            raise GrammarError(f"Counts go from one to five, not {self.count}.")

    def phrase(self) -> str:
        noun = self.shape.value if self.count == 1 else self.shape.plural
        words = [word for word in (self.size, self.material, self.colour, noun) if word]
        return f"{_determiner(self.count, words[0])} {' '.join(words)}"


@dataclass(frozen=True)
class Composition:
    """A whole prompt: `relations[i]` says how `groups[i]` stands to `groups[i + 1]`.

    Raises `GrammarError` for what could not be drawn truthfully: too many objects, two relations
    in depth, several objects in front of others, something inside a shape that has no hole.
    """

    groups: tuple[Group, ...]
    relations: tuple[Relation, ...] = ()
    background: Background | None = None

    def __post_init__(self) -> None:
        if not 1 <= len(self.groups) <= MAX_GROUPS:
            raise GrammarError(f"A prompt names one to four groups, not {len(self.groups)}.")
        if len(self.relations) != len(self.groups) - 1:
            raise GrammarError("Every two neighbouring groups need exactly one relation.")
        if self.object_count > MAX_OBJECTS:
            raise GrammarError(f"A prompt names up to nine objects, not {self.object_count}.")
        if sum(relation in DEPTH_RELATIONS for relation in self.relations) > 1:
            raise GrammarError("A prompt has one relation in depth at most.")
        for ours, relation, theirs in self.pairs():
            if relation is Relation.INSIDE:
                _require_room(ours, theirs)
            elif relation in DEPTH_RELATIONS and (ours.count, theirs.count) != (1, 1):
                raise GrammarError(f"Only a single object stands {relation} a single object.")

    @property
    def object_count(self) -> int:
        return sum(group.count for group in self.groups)

    @property
    def category(self) -> Category:
        if len(self.groups) > 2:
            return Category.COMPLEX
        if len(self.groups) == 1:
            return Category.SINGLE_OBJECT if self.object_count == 1 else Category.COUNTING
        if self.relations[0] is Relation.AND:
            return Category.COLOUR_BINDING
        return Category.SPATIAL_RELATION

    def pairs(self) -> Iterator[tuple[Group, Relation, Group]]:
        """Yield every relation with the group before and the group after it."""
        yield from zip(self.groups, self.relations, self.groups[1:], strict=False)

    def phrase(self) -> str:
        words = self.groups[0].phrase()
        for position, (_, relation, group) in enumerate(self.pairs()):
            in_list = self.relations[position : position + 2] == (Relation.AND, Relation.AND)
            words += (", " if in_list else f" {relation} ") + group.phrase()
        return f"{words} on {self.background}" if self.background else words

    def __str__(self) -> str:
        return self.phrase()


def _determiner(count: int, next_word: str) -> str:
    if count > 1:
        return NUMBER_WORDS[count]
    return "an" if next_word[0] in "aeiou" else "a"


def _require_room(inner: Group, outer: Group) -> None:
    if outer.count != 1 or outer.shape not in HOLLOW_SHAPES:
        raise GrammarError("Only a single ring or a single frame can hold something inside.")
    if inner.count > MAX_OBJECTS_INSIDE:
        raise GrammarError(f"Up to three objects fit inside, not {inner.count}.")
    if inner.size is Size.LARGE or outer.size is Size.SMALL:
        raise GrammarError("Nothing large fits inside, and nothing small holds something.")
