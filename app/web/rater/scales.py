"""How a dimension's scale is laid out: its points with their keys, its words, its choices.

A key is named by its place on the keyboard (``KeyboardEvent.code``), so that the second scale's
keys lie below the digits whatever the layout; each row of keys serves one dimension.
"""

from dataclasses import dataclass
from decimal import Decimal

from app.study.protocol import Dimension, Protocol, Scale, ScaleKind

# One row for each dimension; the first of a row stands for 0, the others for 1 to 5.
KEY_ROWS = (
    ("Digit0", "Digit1", "Digit2", "Digit3", "Digit4", "Digit5"),
    ("KeyP", "KeyQ", "KeyW", "KeyE", "KeyR", "KeyT"),
    ("Semicolon", "KeyA", "KeyS", "KeyD", "KeyF", "KeyG"),
    ("Slash", "KeyZ", "KeyX", "KeyC", "KeyV", "KeyB"),
)
CAPS = {"Semicolon": ";", "Slash": "/"}


@dataclass(frozen=True)
class Point:
    """A point of the scale that one key chooses."""

    score: str
    code: str
    cap: str
    word: str = ""


@dataclass(frozen=True)
class ScaleLayout:
    """One dimension's scale as the page draws it."""

    dimension: Dimension
    scale: Scale
    points: tuple[Point, ...]

    @property
    def field(self) -> str:
        """Name of the form's field; the prefix keeps a dimension's key off the form's own names."""
        return f"score_{self.dimension.key}"

    @property
    def step(self) -> str:
        """The distance between two scores, as people write it."""
        return _plain(self.scale.step)

    @property
    def is_continuous(self) -> bool:
        """A line to place a mark on, rather than a few choices."""
        return self.scale.kind is ScaleKind.CONTINUOUS


def lay_out_scales(protocol: Protocol) -> list[ScaleLayout]:
    """The scales of the rating page, from top to bottom."""
    return [
        lay_out_scale(dimension, protocol.scale, row=row)
        for row, dimension in enumerate(protocol.dimensions)
    ]


def lay_out_scale(dimension: Dimension, scale: Scale, *, row: int) -> ScaleLayout:
    """The layout of the dimension in this row of the page."""
    keys = KEY_ROWS[row]
    if scale.kind is ScaleKind.ACR_5:
        scores = [scale.score_of(level) for level in range(scale.level_max + 1)]
        points = tuple(
            _point(score, code, word)
            for score, code, word in zip(scores, keys[1:], scale.words, strict=True)
        )
    else:
        scores = key_scores(scale)
        codes = keys[len(keys) - len(scores) :]
        points = tuple(_point(*pair) for pair in zip(scores, codes, strict=True))
    return ScaleLayout(dimension, scale, points)


def key_scores(scale: Scale) -> list[Decimal]:
    """The evenly spaced scores that keys choose: the digits themselves where the scale has them."""
    if scale.high == 5 and scale.low in (0, 1):
        return [Decimal(number) for number in range(int(scale.low), 6)]
    return [scale.score_of(round(scale.level_max * fifth / 5)) for fifth in range(6)]


def _point(score: Decimal, code: str, word: str = "") -> Point:
    cap = CAPS.get(code) or code.removeprefix("Digit").removeprefix("Key")
    return Point(_plain(score), code, cap, word)


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"
