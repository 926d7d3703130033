"""What is really drawn: objects with their looks and places, on a surface.  Lengths in px."""

from dataclasses import dataclass
from typing import Any

from app.pool.composition import Background, Colour, Material, Shape, Size
from worker.generators.procedural.shapes import HOLE_RADIUS, extent


@dataclass(frozen=True)
class Look:
    """How one object looks; `size` None is the middle size."""

    shape: Shape
    colour: Colour
    size: Size | None
    material: Material | None

    def phrase(self) -> str:
        words = (self.size, self.material, self.colour, self.shape)
        return " ".join(word for word in words if word)


@dataclass(frozen=True)
class PlacedObject:
    """One object of a scene; `group` is the position of its group in the composition.

    `depth` orders the objects: a higher one lies in front.  `angle_rad` turns clockwise.  `serial`
    stays the same when other objects are forgotten, so that an object keeps its grain.
    """

    group: int
    look: Look
    x: float
    y: float
    radius: float
    angle_rad: float = 0.0
    depth: int = 0
    serial: int = 0

    @property
    def left(self) -> float:
        return self.x + extent(self.look.shape).left * self.radius

    @property
    def right(self) -> float:
        return self.x + extent(self.look.shape).right * self.radius

    @property
    def top(self) -> float:
        return self.y + extent(self.look.shape).top * self.radius

    @property
    def bottom(self) -> float:
        return self.y + extent(self.look.shape).bottom * self.radius

    @property
    def hole_radius(self) -> float:
        """How far from its centre nothing of a hollow object is in the way; 0 if not hollow."""
        return HOLE_RADIUS.get(self.look.shape, 0.0) * self.radius

    def as_json(self) -> dict[str, Any]:
        box = [round(side, 1) for side in (self.left, self.top, self.right, self.bottom)]
        return {"group": self.group, "what": self.look.phrase(), "box_px": box}


@dataclass(frozen=True)
class Scene:
    """Everything in the picture; `background` is always one of the grammar's."""

    width: int
    height: int
    objects: tuple[PlacedObject, ...]
    background: Background
