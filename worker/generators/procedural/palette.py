"""What the colour words look like, in linear light (gamma 2), shape (3,)."""

import numpy as np

from app.pool.composition import Colour
from worker.generators.procedural.fields import Field

LIGHT_COLOURS = frozenset({Colour.WHITE, Colour.YELLOW})
_DISPLAY = {
    Colour.RED: "d92b2b",
    Colour.ORANGE: "f28a1c",
    Colour.YELLOW: "f7d51d",
    Colour.GREEN: "2f9e44",
    Colour.TURQUOISE: "22c3c0",
    Colour.BLUE: "2557d6",
    Colour.PURPLE: "7d35b8",
    Colour.PINK: "f58ab8",
    Colour.BROWN: "7b4a24",
    Colour.WHITE: "f2f1ec",
    Colour.GREY: "8c8f94",
    Colour.BLACK: "1f2024",
}


def linear(display_hex: str) -> Field:
    """Turn a display colour such as "d92b2b" into linear light."""
    display = np.frombuffer(bytes.fromhex(display_hex), dtype=np.uint8)
    return (display.astype(np.float32) / 255) ** 2


PALETTE = {colour: linear(display_hex) for colour, display_hex in _DISPLAY.items()}
CREAM = linear("fbf6e9")


def second_tone(colour: Colour) -> Field:
    """The other colour of a pattern: cream, or a darker shade of what is light already."""
    return PALETTE[colour] * np.float32(0.38) if colour in LIGHT_COLOURS else CREAM
